import * as z from 'zod';
import { AppError, errorInfo } from '#shared/errors.ts';
import type { ApiChannel } from '#shared/api/channel.ts';
import { calls, isCallName } from '#shared/api/contract.ts';
import { clientMessageSchema } from '#shared/api/envelope.ts';
import type { ClientMessage, ServerMessage } from '#shared/api/envelope.ts';
import type { NodeApi } from '#shared/api/node-api.ts';
import { badArgument } from '#shared/value-problem.ts';
import { EventQueue } from './event-queue.ts';

/** Running calls of one client, counting answers it has not taken yet: what it can make us hold. */
const maxCallsAtOnce = 64;

export interface ServeApiOptions {
  /** Calls outside the contract that this kind of channel offers, by name. They check their own arguments. */
  readonly extras?: Readonly<Record<string, (args: unknown) => Promise<unknown>>>;
  /** Hears of failures that are our own fault, for the log. */
  readonly onInternalError?: (call: string, error: unknown) => void;
}

/**
 * Serves a node to one client. What the client sends is checked by schema before anything acts on it, and so is what
 * the node answers. A malformed message closes the channel; when the channel ends, its running calls are aborted.
 */
export function serveApi(api: NodeApi, channel: ApiChannel, { extras = {}, onInternalError }: ServeApiOptions = {}): void {
  const running = new Map<number, AbortController>();
  const queue = new EventQueue((text, sent) => { channel.send(text, sent); }, () => { channel.close(); });
  let stopEvents: (() => void) | undefined;
  let closed = false;

  const send = (message: ServerMessage, sent?: () => void): void => {
    if (!closed) channel.send(JSON.stringify(message), sent);
  };

  async function answer(name: string, args: unknown, signal: AbortSignal): Promise<unknown> {
    const extra = Object.hasOwn(extras, name) ? extras[name] : undefined;
    if (extra !== undefined) return extra(args);
    if (!isCallName(name)) throw new AppError('unknown-command', { name: name.slice(0, 64) });
    const checked = calls[name].args.safeParse(args);
    if (!checked.success) throw badArgument(checked.error);
    const result = calls[name].result.safeParse(await api.call(name, checked.data, { signal }));
    if (!result.success) throw new Error(`${name} answered outside its contract: ${z.prettifyError(result.error)}`);
    return result.data;
  }

  async function run({ id, name, args }: Extract<ClientMessage, { kind: 'call' }>): Promise<void> {
    if (running.has(id)) {
      channel.close();
      return;
    }
    if (running.size >= maxCallsAtOnce) {
      send({ kind: 'error', id, error: { code: 'too-many' } });
      return;
    }
    const abort = new AbortController();
    running.set(id, abort);
    const release = (): void => { running.delete(id); };
    try {
      send({ kind: 'result', id, value: await answer(name, args, abort.signal) }, release);
    } catch (error) {
      if (!(error instanceof AppError)) onInternalError?.(name, error);
      send({ kind: 'error', id, error: errorInfo(error) }, release);
    }
  }

  channel.onMessage((text) => {
    const message = parseClientMessage(text);
    switch (message?.kind) {
      case 'call':
        void run(message);
        return;
      case 'abort':
        running.get(message.id)?.abort();
        return;
      case 'subscribe':
        stopEvents ??= api.subscribe((event) => { queue.push(event); });
        return;
      case undefined:
        channel.close();
    }
  });
  channel.onClose(() => {
    closed = true;
    stopEvents?.();
    queue.clear();
    for (const abort of running.values()) abort.abort();
    running.clear();
  });
}

function parseClientMessage(text: string): ClientMessage | null {
  try {
    return clientMessageSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    // Not JSON: the caller closes the channel.
    return null;
  }
}
