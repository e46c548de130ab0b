import * as z from 'zod';
import { AppError } from '../errors.ts';
import { errorInfoSchema } from '../model/error.ts';
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

/** Errors and events of kinds this face does not know, so that a newer node can talk to it. */
const laterSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('error'), id: z.int().nonnegative(), error: z.object({ code: z.string() }) }),
  z.object({ kind: z.literal('event'), event: z.object({ type: z.string() }) }),
]);
const envelopeSchema = z.union([serverMessageSchema, laterSchema]);
const knownEvents: readonly string[] = nodeEventSchema.options.map((option) => option.shape.type.value);

export interface ApiClientOptions {
  /** Called whenever the other end says something known in a form that does not fit. */
  readonly onOtherVersion?: () => void;
}

export function createApiClient(channel: ApiChannel, { onOtherVersion = () => undefined }: ApiClientOptions = {}): ApiClient {
  const waiting = new Map<number, Waiting>();
  const eventListeners = new Set<(event: NodeEvent) => void>();
  const closeListeners = new Set<() => void>();
  let nextId = 0;
  let subscribed = false;
  let closed = false;

  function otherVersion(): AppError {
    onOtherVersion();
    return new AppError('other-version');
  }
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
      else if (knownEvents.includes(message.event.type)) onOtherVersion();
      return;
    }
    const call = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.kind === 'result') {
      call?.resolve(message.value);
      return;
    }
    const error = errorInfoSchema.safeParse(message.error);
    call?.reject(error.success ? new AppError(error.data.code, error.data.params) : otherVersion());
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
      return callExtra(name, args, options).catch((error: unknown) => {
        throw error instanceof AppError && error.code === 'unknown-command' ? otherVersion() : error;
      }).then((value) => {
        const result = calls[name].result.safeParse(value);
        if (!result.success) throw otherVersion();
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
