import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { request, type RequestOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { AppError } from '#shared/errors.ts';
import { limits } from '#shared/limits.ts';
import { BootstrapError, refusalOf, refusalSchema } from '#shared/protocol/bootstrap-errors.ts';
import { signInMessage } from '#shared/protocol/bootstrap-proof.ts';
import { bootstrapPaths, bootstrapRoutes, type BootstrapAnswer, type BootstrapRouteName, type BootstrapRoutes } from '#shared/protocol/bootstrap-routes.ts';
import type { ServerUrl } from '#shared/server-url.ts';
import type * as z from 'zod';
import type { Identity } from '../identity.ts';
import type { SocketAddress } from '#shared/address.ts';
import type { DeviceId } from '#shared/ids.ts';
import { relayStream } from './relay-stream.ts';
import { readKnown } from './read-known.ts';
import { doubtOf, ServerAgent } from './server-agent.ts';

const requestMs = 15_000;
/** A token is asked for anew this long before it ends. */
const tokenSpareMs = 60_000;

type Input<Name extends BootstrapRouteName> = z.input<BootstrapRoutes[Name]['input']>;

/** Speaks to one bootstrap server as this device. */
export class ServerClient {
  readonly #url: ServerUrl;
  readonly #identity: Identity;
  /** Of an answer so many elements of lists were not understood. */
  readonly #onLeftOut: (count: number) => void;
  readonly #agent: ServerAgent;
  /** Each relayed connection has a connection of its own, for as long as it lasts. */
  readonly #relayAgent: ServerAgent;
  /** For servers behind a proxy, which do not see our certificate. */
  #token: { readonly text: string; readonly until: number } | null = null;

  constructor(url: ServerUrl, identity: Identity, onLeftOut: (count: number) => void = () => undefined) {
    this.#url = url;
    this.#identity = identity;
    this.#onLeftOut = onLeftOut;
    this.#agent = new ServerAgent(url, identity);
    this.#relayAgent = new ServerAgent(url, identity, { connections: Infinity });
  }

  /**
   * Asks one thing. Rejects with a BootstrapError when the server refuses, else with `not-reachable`, `timeout`, `identity-changed` (it has another key than its
   * URL says), `server-untrusted`, `server-dates`, `protocol-error` (its answer makes no sense) or `cancelled`.
   */
  async call<Name extends BootstrapRouteName>(name: Name, input: Input<Name>, signal?: AbortSignal): Promise<BootstrapAnswer<Name>> {
    try {
      return await this.#ask(name, input, signal);
    } catch (error) {
      if (bootstrapRoutes[name].auth !== 'device' || !(error instanceof BootstrapError) || error.code !== 'not-authorised') throw error;
      await this.#signIn(signal);
      return this.#ask(name, input, signal);
    }
  }

  /** The stream of what changes. `take` is called when it is open, before anything can come; what it gives is the result. The caller closes it. */
  events<Result>(signal: AbortSignal, take: (socket: WebSocket) => Result): Promise<Result> {
    return this.#openAs(bootstrapPaths.events, this.#agent, signal, take);
  }

  /** Another server, which this one named. Only a relayed connection is to be asked for there: what belongs to it ends with that. */
  at(url: ServerUrl): Pick<ServerClient, 'relay'> {
    return {
      relay: async (...asked) => {
        const client = new ServerClient(url, this.#identity);
        try {
          return (await client.relay(...asked)).once('close', () => { client.close(); });
        } catch (error) {
          client.close();
          throw error;
        }
      },
    };
  }

  /** A stream to another device, which the server carries. `to`: who is to come; without it we come to whoever made up the ticket. */
  relay(ticket: string, to: DeviceId | null, signal: AbortSignal): Promise<Duplex> {
    const query = new URLSearchParams({ ticket, ...(to === null ? {} : { to }) });
    return this.#openAs(`${bootstrapPaths.relay}?${query.toString()}`, this.#relayAgent, signal, relayStream);
  }

  /** Where a connection from a port of ours is seen to come from. It stays until it is released, so that the router remembers it. */
  async outside(localPort: number, signal: AbortSignal): Promise<{ readonly outside: SocketAddress; release(): void }> {
    const agent = new ServerAgent(this.#url, this.#identity, { connections: 1, localPort });
    try {
      const { address, port } = await this.#ask('address', {}, signal, agent);
      if (port === null) throw new AppError('server-refused', { detail: 'address' });
      return { outside: { host: address, port }, release: () => { agent.destroy(); } };
    } catch (error) {
      agent.destroy();
      throw error;
    }
  }

  /** Cuts what runs from an address that is ours no longer, relayed connections among it. */
  networksChanged(): void {
    this.#agent.networksChanged();
    this.#relayAgent.networksChanged();
  }

  close(): void {
    this.#agent.destroy();
    this.#relayAgent.destroy();
  }

  async #openAs<Result>(path: string, agent: ServerAgent, signal: AbortSignal, take: (socket: WebSocket) => Result): Promise<Result> {
    try {
      return await this.#open(path, agent, signal, take);
    } catch (error) {
      if (!(error instanceof BootstrapError) || error.code !== 'not-authorised') throw error;
      await this.#signIn(signal);
      return this.#open(path, agent, signal, take);
    }
  }

  /** `take` is called in the turn in which it opens: the first message may come in the same packet. */
  #open<Result>(path: string, agent: ServerAgent, signal: AbortSignal, take: (socket: WebSocket) => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(`${this.#url.origin.replace('https:', 'wss:')}${path}`, {
        agent, headers: this.#headers(), handshakeTimeout: requestMs, maxPayload: limits.servers.answerBytes, perMessageDeflate: false, followRedirects: false,
      });
      const abort = (): void => { socket.terminate(); };
      signal.addEventListener('abort', abort, { once: true });
      socket.once('unexpected-response', (_request, response) => {
        socket.terminate();
        reject(response.statusCode === 401 ? new BootstrapError('not-authorised') : this.#strange(`status ${response.statusCode ?? 0}`));
      });
      socket.once('error', (error) => { reject(signal.aborted ? new AppError('cancelled') : this.#unreachable(error)); });
      socket.once('open', () => { resolve(take(socket)); });
    });
  }

  async #signIn(signal: AbortSignal | undefined): Promise<void> {
    const { nonce } = await this.#ask('challenge', {}, signal);
    const privateKey = createPrivateKey(this.#identity.keyPem);
    const key = createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).toString('base64');
    const signature = sign('sha256', Buffer.from(signInMessage(this.#url.origin, nonce)), privateKey).toString('base64');
    const { token, expiresMs } = await this.#ask('token', { key, nonce, signature }, signal);
    this.#token = { text: token, until: performance.now() + expiresMs - tokenSpareMs };
  }

  #headers(): Record<string, string> {
    if (this.#token !== null && performance.now() > this.#token.until) this.#token = null;
    return this.#token === null ? {} : { authorization: `Bearer ${this.#token.text}` };
  }

  async #ask<Name extends BootstrapRouteName>(name: Name, input: Input<Name>, signal: AbortSignal | undefined, agent = this.#agent): Promise<BootstrapAnswer<Name>> {
    const route: (typeof bootstrapRoutes)[BootstrapRouteName] = bootstrapRoutes[name];
    const left: Record<string, unknown> = { ...input };
    const path = route.path.replace(/\{(\w+)\}/g, (_, field: string) => {
      const value = String(left[field]);
      Reflect.deleteProperty(left, field);
      return encodeURIComponent(value);
    });
    const isGet = route.method === 'GET';
    const query = isGet ? new URLSearchParams(Object.entries(left).map(([key, value]): [string, string] => [key, String(value)])).toString() : '';
    const body = isGet ? null : JSON.stringify(left);
    const { status, text } = await this.#send(`${path}${query === '' ? '' : `?${query}`}`, route.method, body, signal, agent);
    const value = this.#parse(text);
    if (status >= 400) {
      const refusal = refusalSchema.safeParse(value);
      throw refusal.success ? refusalOf(refusal.data, status) : this.#strange(`status ${status}`);
    }
    const answer = readKnown(bootstrapRoutes[name].answer, value);
    if (answer === null) throw this.#strange(`answer to ${name}`);
    if (answer.leftOut > 0) this.#onLeftOut(answer.leftOut);
    return answer.value as BootstrapAnswer<Name>;
  }

  #send(path: string, method: string, body: string | null, signal: AbortSignal | undefined, agent: ServerAgent): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => { reject(signal?.aborted === true ? new AppError('cancelled') : this.#unreachable(error)); };
      const options: RequestOptions = {
        host: this.#url.host, port: this.#url.port, path, method, agent, timeout: requestMs,
        headers: { ...this.#headers(), ...(body === null ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }) },
        ...(signal === undefined ? {} : { signal }),
      };
      const asking = request(options, (response) => {
        const parts: Buffer[] = [];
        let bytes = 0;
        response.on('data', (part: Buffer) => {
          bytes += part.length;
          parts.push(part);
          if (bytes > limits.servers.answerBytes) asking.destroy(this.#strange('too long an answer'));
        });
        response.on('end', () => { resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }); });
        response.on('error', fail);
      });
      asking.on('timeout', () => { asking.destroy(new AppError('timeout', { address: this.#url.origin })); });
      asking.on('error', fail);
      asking.end(body ?? undefined);
    });
  }

  #parse(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch {
      throw this.#strange('no JSON');
    }
  }

  #unreachable(error: unknown): AppError {
    return error instanceof AppError ? error : doubtOf(error, this.#url.origin) ?? new AppError('not-reachable', { address: this.#url.origin }, { cause: error });
  }

  #strange(detail: string): AppError {
    return new AppError('protocol-error', { detail: `${this.#url.origin}: ${detail}` });
  }
}
