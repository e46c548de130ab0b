import * as z from 'zod';
import { AppError } from '../errors.ts';
import type { ApiChannel } from './channel.ts';
import { calls } from './contract.ts';
import type { CallArgs, CallName, CallResult } from './contract.ts';
import { serverMessageSchema } from './envelope.ts';
import type { ClientMessage } from './envelope.ts';
import { nodeEventSchema } from './events.ts';
import type { NodeEvent } from './events.ts';
import type { AbortSignalLike, NodeApi } from './node-api.ts';

/** NodeApi over a channel. When the channel ends, everything under way rejects with `node-not-running`. */
export interface ApiClient extends NodeApi {
  /** A call outside the contract that only some channels serve. The answer is unchecked. */
  callExtra(name: string, args: unknown, options?: { signal?: AbortSignalLike }): Promise<unknown>;
  /** Called once, when the channel ends for whatever reason; at once when it has ended already. */
  onClose(listener: () => void): void;
  close(): void;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: AppError): void;
}

/** Events of kinds this face does not know are skipped, so that a newer node can talk to it. */
const envelopeSchema = z.union([serverMessageSchema, z.object({ kind: z.literal('event'), event: z.object({ type: z.string() }) })]);

export function createApiClient(channel: ApiChannel): ApiClient {
  const waiting = new Map<number, Waiting>();
  const eventListeners = new Set<(event: NodeEvent) => void>();
  const closeListeners = new Set<() => void>();
  let nextId = 0;
  let subscribed = false;
  let closed = false;

  const send = (message: ClientMessage): void => { channel.send(JSON.stringify(message)); };

  channel.onMessage((text) => {
    const message = parseServerMessage(text);
    if (message === null) {
      channel.close();
      return;
    }
    if (message.kind === 'event') {
      const event = nodeEventSchema.safeParse(message.event);
      if (event.success) for (const listener of [...eventListeners]) listener(event.data);
      return;
    }
    const call = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.kind === 'result') call?.resolve(message.value);
    else call?.reject(new AppError(message.error.code, message.error.params));
  });
  channel.onClose(() => {
    closed = true;
    const ended = [...waiting.values()];
    waiting.clear();
    for (const call of ended) call.reject(new AppError('node-not-running'));
    for (const listener of closeListeners) listener();
  });

  function callExtra(name: string, args: unknown, options: { signal?: AbortSignalLike } = {}): Promise<unknown> {
    const { signal } = options;
    if (signal?.aborted === true) return Promise.reject(new AppError('cancelled'));
    if (closed) return Promise.reject(new AppError('node-not-running'));
    const id = nextId++;
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        waiting.delete(id);
        send({ kind: 'abort', id });
        reject(new AppError('cancelled'));
      };
      const release = (): void => { signal?.removeEventListener('abort', abort); };
      signal?.addEventListener('abort', abort, { once: true });
      waiting.set(id, {
        resolve: (value) => { release(); resolve(value); },
        reject: (error) => { release(); reject(error); },
      });
      send({ kind: 'call', id, name, args });
    });
  }

  return {
    callExtra,
    call<Name extends CallName>(name: Name, args: CallArgs<Name>, options?: { signal?: AbortSignalLike }): Promise<CallResult<Name>> {
      return callExtra(name, args, options).then((value) => {
        const result = calls[name].result.safeParse(value);
        if (!result.success) throw new AppError('protocol-error', { detail: `${name}: ${z.prettifyError(result.error)}` });
        return result.data as CallResult<Name>;
      });
    },
    subscribe(listener) {
      eventListeners.add(listener);
      if (!subscribed && !closed) send({ kind: 'subscribe' });
      subscribed = true;
      return () => { eventListeners.delete(listener); };
    },
    onClose(listener) {
      if (closed) listener();
      else closeListeners.add(listener);
    },
    close: () => { channel.close(); },
  };
}

function parseServerMessage(text: string): z.infer<typeof envelopeSchema> | null {
  try {
    return envelopeSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    // Not JSON: the caller closes the channel.
    return null;
  }
}
