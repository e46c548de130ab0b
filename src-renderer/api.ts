import { inject, readonly, ref } from 'vue';
import type { InjectionKey, Ref } from 'vue';
import type { DesktopBridge } from '#shared/api/bridge.ts';
import type { ApiChannel } from '#shared/api/channel.ts';
import { createApiClient } from '#shared/api/client.ts';
import type { NodeEvent } from '#shared/api/events.ts';
import type { NodeApi } from '#shared/api/node-api.ts';
import { AppError, errorInfo } from '#shared/errors.ts';
import { second } from '#shared/units.ts';
import { EventTurns } from './event-turns.ts';
import { pageKey } from './page-key.ts';

declare global {
  interface Window {
    /** Put there by the desktop shell; absent in a browser. */
    readonly distrishare?: DesktopBridge<File>;
  }
}

/** `shut-out`: the node is there and does not know this browser; it was started anew. */
export type ConnectionState = 'connecting' | 'connected' | 'lost' | 'shut-out';

/** A node that may go away and come back: calls fail at once while it is away, listeners stay. */
export interface LiveApi extends NodeApi {
  readonly state: Readonly<Ref<ConnectionState>>;
  /** The node has said something in a form that this page does not know: one of them was updated. */
  readonly otherVersion: Readonly<Ref<boolean>>;
}

export const apiKey: InjectionKey<LiveApi> = Symbol('api');

export function useApi(): LiveApi {
  const api = inject(apiKey);
  if (!api) throw new Error('no API was provided to the app');
  return api;
}

const firstRetryMs = 0.5 * second;
const lastRetryMs = 5 * second;

/** Connects, and connects again after a growing pause whenever the channel closes. */
export function createLiveApi(connect: () => Promise<ApiChannel>): LiveApi {
  const state = ref<ConnectionState>('connecting');
  const otherVersion = ref(false);
  const listeners = new Set<(event: NodeEvent) => void>();
  const turns = new EventTurns((event) => listeners.forEach((listener) => listener(event)));
  let current: NodeApi | null = null;
  let retryMs = firstRetryMs;

  function lost(error: unknown = null): void {
    turns.flush();
    current = null;
    // It is tried on: whoever opens the new address in another tab opens it for this one, too.
    state.value = errorInfo(error).code === 'not-authorised' ? 'shut-out' : 'lost';
    window.setTimeout(open, retryMs);
    retryMs = Math.min(lastRetryMs, 2 * retryMs);
  }

  function open(): void {
    connect().then((channel) => {
      const client = createApiClient(channel, { onOtherVersion: () => { otherVersion.value = true; } });
      client.subscribe((event) => { turns.push(event); });
      client.onClose(() => { lost(); });
      current = client;
      retryMs = firstRetryMs;
      state.value = 'connected';
    }, lost);
  }
  open();

  return {
    state: readonly(state),
    otherVersion: readonly(otherVersion),
    call: (name, args, options) => current?.call(name, args, options).finally(() => { turns.flush(); }) ?? Promise.reject(new AppError('node-not-running')),
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** The desktop shell's bridge; it lives as long as the window. */
const bridgeChannel = (bridge: DesktopBridge<File>): ApiChannel => ({
  send(text, sent) {
    bridge.send(text);
    sent?.();
  },
  onMessage: (listener) => void bridge.onMessage(listener),
  onClose: () => {},
  close: () => {},
});

const socketChannel = (socket: WebSocket): ApiChannel => ({
  send(text, sent) {
    socket.send(text);
    sent?.();
  },
  onMessage: (listener) => socket.addEventListener('message', (message: MessageEvent<unknown>) => { if (typeof message.data === 'string') listener(message.data); }),
  onClose: (listener) => socket.addEventListener('close', () => listener(), { once: true }),
  close: () => socket.close(),
});

/** A WebSocket does not tell why it is refused; a page that may not be read does. */
const isShutOut = (): Promise<boolean> => fetch('/', { method: 'HEAD', cache: 'no-store' }).then(({ status }) => status === 401, () => false);

/** A WebSocket to the origin the page came from. Rejects with `node-not-running`, `not-authorised`. */
function openSocket(): Promise<ApiChannel> {
  const key = pageKey();
  if (key === '') return Promise.reject(new AppError('not-authorised'));
  return new Promise((resolve, reject) => {
    const url = new URL('/api', window.location.origin);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    // A browser lets a page say nothing else with the question.
    const socket = new WebSocket(url, ['distrishare', key]);
    socket.addEventListener('open', () => resolve(socketChannel(socket)), { once: true });
    socket.addEventListener('close', () => void isShutOut().then((shutOut) => reject(new AppError(shutOut ? 'not-authorised' : 'node-not-running'))), { once: true });
  });
}

/** The node this page belongs to: through the desktop shell when there is one, else over the web. */
export function connectToNode(): LiveApi {
  const bridge = window.distrishare;
  return createLiveApi(bridge ? () => Promise.resolve(bridgeChannel(bridge)) : openSocket);
}
