import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { WebSocket } from 'ws';
import * as z from 'zod';
import type { DeviceId } from '#shared/ids.ts';
import { serverMessageSchema, type ClientMessage, type ServerMessage } from '#shared/protocol/bootstrap-events.ts';
import { bootstrapErrorSchema } from '#shared/protocol/bootstrap-errors.ts';
import { signInMessage } from '#shared/protocol/bootstrap-proof.ts';
import { bootstrapPaths, bootstrapRoutes, type BootstrapAnswer, type BootstrapRoute, type BootstrapRouteName } from '#shared/protocol/bootstrap-routes.ts';
import { makeIdentity, type Identity } from '#main/net/identity.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A device that speaks to a server as curl would: over TLS with its certificate, or with a token. */
export class TestClient {
  readonly identity: Identity;
  readonly #base: URL;
  readonly #agent: Agent;
  readonly #proof: { readonly key?: string; readonly cert?: string };
  token: string | null = null;

  constructor(base: string, identity: Identity, withCertificate = true) {
    this.identity = identity;
    this.#base = new URL(base);
    this.#proof = withCertificate ? { key: identity.keyPem, cert: identity.certPem } : {};
    this.#agent = new Agent({ keepAlive: true, maxSockets: 4, rejectUnauthorized: false, ...this.#proof });
  }

  static async make(base: string, withCertificate = true): Promise<TestClient> {
    return new TestClient(base, await makeIdentity(), withCertificate);
  }

  /** The same device at another server. */
  at(base: string): TestClient {
    const client = new TestClient(base, this.identity, 'cert' in this.#proof);
    client.token = this.token;
    return client;
  }

  get id(): DeviceId {
    return this.identity.id;
  }

  ask(path: string, { method = 'GET', headers = {}, body }: Ask = {}): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const url = new URL(path, this.#base);
      const all = { ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }), ...(this.token === null ? {} : { authorization: `Bearer ${this.token}` }), ...headers };
      const request = url.protocol === 'https:' ? httpsRequest(url, { method, headers: all, agent: this.#agent }) : httpRequest(url, { method, headers: all });
      request.on('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => { text += chunk; }).on('error', reject).on('end', () => { resolve({ status: response.statusCode ?? 0, headers: response.headers, text }); });
      });
      request.on('error', reject);
      request.end(body);
    });
  }

  /** Asks, and checks that the answer is as the schema says. Rejects with the error's code. */
  async call<Name extends BootstrapRouteName>(name: Name, input: Readonly<Record<string, unknown>> = {}): Promise<BootstrapAnswer<Name>> {
    const { method, path, answer }: BootstrapRoute = bootstrapRoutes[name];
    const rest = { ...input };
    let url = path.replace(/\{(\w+)\}/g, (_, key: string) => {
      const value = rest[key];
      delete rest[key];
      return String(value);
    });
    const ask: Ask = method === 'GET' ? { method } : { method, ...(Object.keys(rest).length === 0 ? {} : { body: JSON.stringify(rest) }) };
    if (method === 'GET' && Object.keys(rest).length > 0) url += `?${new URLSearchParams(Object.entries(rest).map(([key, value]) => [key, String(value)])).toString()}`;
    const { status, text } = await this.ask(url, ask);
    const json: unknown = JSON.parse(text);
    if (status !== 200) throw new Error(bootstrapErrorSchema.parse(json).error.code);
    return z.strictObject(answer.shape).parse(json) as BootstrapAnswer<Name>;
  }

  /** Signs in as somebody behind a proxy; `origin` is what the client believes to speak to. */
  async signIn(origin: string, nonce?: string): Promise<string> {
    const challenge = nonce ?? (await this.call('challenge')).nonce;
    const { token } = await this.call('token', proofOf(this.identity, origin, challenge));
    this.token = token;
    return token;
  }

  async events(): Promise<Listening> {
    const socket = this.#webSocket(bootstrapPaths.events);
    const listening = new Listening(socket);
    await Promise.race([once(socket, 'open'), once(socket, 'error').then(([error]) => { throw error; })]);
    return listening;
  }

  /** One end of a relayed connection; `to` for who asks for it. Rejects with the error's code. */
  async relay(ticket: string, to?: DeviceId): Promise<WebSocket> {
    const socket = this.#webSocket(`${bootstrapPaths.relay}?${new URLSearchParams({ ticket, ...(to === undefined ? {} : { to }) }).toString()}`);
    return new Promise((resolve, reject) => {
      socket.on('open', () => { resolve(socket); });
      socket.on('error', reject);
      socket.on('unexpected-response', (_request, response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => { text += chunk; }).on('end', () => { reject(new Error(bootstrapErrorSchema.parse(JSON.parse(text)).error.code)); });
      });
    });
  }

  #webSocket(path: string): WebSocket {
    const url = new URL(path, this.#base);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    return new WebSocket(url, { rejectUnauthorized: false, ...this.#proof, ...(this.token === null ? {} : { headers: { authorization: `Bearer ${this.token}` } }) });
  }

  close(): void {
    this.#agent.destroy();
  }
}

export function proofOf(identity: Identity, origin: string, nonce: string): { key: string; nonce: string; signature: string } {
  const key = createPrivateKey(identity.keyPem);
  return {
    key: createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64'),
    nonce, signature: sign('sha256', Buffer.from(signInMessage(origin, nonce)), key).toString('base64'),
  };
}

/** An open WebSocket, message after message. */
export class Listening {
  readonly socket: WebSocket;
  readonly closed: Promise<number>;
  readonly #messages: ServerMessage[] = [];
  #heard: () => void = () => undefined;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => {
      this.#messages.push(serverMessageSchema.parse(JSON.parse(Buffer.isBuffer(data) ? data.toString() : '')));
      this.#heard();
    });
    this.closed = new Promise((resolve) => { socket.on('close', resolve); });
    socket.on('error', () => undefined);
  }

  /** The next message that has not been taken yet. */
  async next(): Promise<ServerMessage> {
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined) return message;
      await new Promise<void>((resolve) => { this.#heard = resolve; });
    }
  }

  beat(): void {
    this.say({ type: 'heartbeat' });
  }

  say(message: ClientMessage): void {
    this.socket.send(JSON.stringify(message));
  }
}
