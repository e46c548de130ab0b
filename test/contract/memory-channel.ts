import type { ApiChannel } from '#shared/api/channel.ts';

/** Two connected channels. `hold` keeps what one end sent from arriving (and from leaving its buffer) until `release`. */
export function memoryChannels(): { client: ApiChannel; server: ApiChannel; hold: () => void; release: () => void } {
  let held: (() => void)[] | null = null;
  let closed = false;
  const ends: { onMessage: (text: string) => void; onClose: () => void }[] = [0, 1].map(() => ({ onMessage: () => undefined, onClose: () => undefined }));
  const [clientEnd, serverEnd] = ends;
  if (clientEnd === undefined || serverEnd === undefined) throw new Error('a channel has two ends');
  const close = (): void => {
    if (closed) return;
    closed = true;
    for (const end of ends) end.onClose();
  };
  const channel = (mine: typeof clientEnd, other: typeof clientEnd): ApiChannel => ({
    send(text, sent) {
      const deliver = (): void => {
        if (closed) return;
        other.onMessage(text);
        sent?.();
      };
      if (mine === serverEnd && held !== null) held.push(deliver);
      else queueMicrotask(deliver);
    },
    onMessage(listener) { mine.onMessage = listener; },
    onClose(listener) { mine.onClose = listener; },
    close,
  });
  return {
    client: channel(clientEnd, serverEnd), server: channel(serverEnd, clientEnd), hold: () => { held = []; },
    release: () => {
      const waiting = held ?? [];
      held = null;
      for (const deliver of waiting) deliver();
    },
  };
}
