import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { connect, createServer as createTlsServer, type ConnectionOptions, type TLSSocket, type TlsOptions } from 'node:tls';
import { afterEach } from 'vitest';
import { makeIdentity, type Identity } from '#main/net/identity.ts';
import { frameType } from '#shared/protocol/frame-layout.ts';
import { decodeJson, encodeJson, FrameDecoder, type BodyFrameType, type FrameSink } from '#shared/protocol/frames.ts';
import type { BlockRequest } from '#shared/protocol/hot-frames.ts';

type Frame = { readonly type: BodyFrameType; readonly body: Uint8Array } | { readonly request: BlockRequest } | { readonly block: number };
export type Address = { readonly host: string; readonly port: number };

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => { await Promise.all(closers.splice(0).map((close) => close())); });

/** The other end of a connection in a test's own hands: it says whatever the test wants, byte by byte. */
export class RawPeer implements FrameSink {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  readonly closed: Promise<void>;
  #wake: () => void = () => undefined;
  #over = false;

  constructor(socket: Socket) {
    this.socket = socket;
    const decoder = new FrameDecoder(this);
    decoder.greeted();
    socket.on('data', (chunk: Uint8Array) => { decoder.push(chunk); });
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#over = true;
        this.#wake();
        resolve();
      });
    });
    closers.push(() => { socket.destroy(); return this.closed; });
  }

  body: FrameSink['body'] = (type, body) => { this.#got({ type, body: body.slice() }); };
  blockRequest: FrameSink['blockRequest'] = (request) => { this.#got({ request }); };
  cancelBlock: FrameSink['cancelBlock'] = () => undefined;
  rejectBlock: FrameSink['rejectBlock'] = () => undefined;
  blockBegin: FrameSink['blockBegin'] = (_requestId, payloadBytes) => new Uint8Array(payloadBytes);
  blockEnd: FrameSink['blockEnd'] = (requestId) => { this.#got({ block: requestId }); };

  send(...bytes: readonly Uint8Array[]): void {
    for (const part of bytes) this.socket.write(part);
  }

  /** The first frame of a type, as soon as it is there; undefined when the connection ends before. */
  async frame(type: BodyFrameType): Promise<Uint8Array | undefined> {
    const found = await this.#first((frame) => 'type' in frame && frame.type === type);
    return found && 'body' in found ? found.body : undefined;
  }
  async json(type: BodyFrameType): Promise<unknown> {
    const body = await this.frame(type);
    return body && decodeJson(body);
  }
  async blockWanted(): Promise<BlockRequest | undefined> {
    const found = await this.#first((frame) => 'request' in frame);
    return found && 'request' in found ? found.request : undefined;
  }

  /** Exchanges hellos as the one who dials. */
  async greet(change: object = {}): Promise<void> {
    this.send(encodeJson(frameType.hello, { ...rawHello, ...change }));
    await this.frame(frameType.hello);
  }

  async #first(wanted: (frame: Frame) => boolean): Promise<Frame | undefined> {
    for (;;) {
      const found = this.frames.find(wanted);
      if (found || this.#over) return found;
      await new Promise<void>((resolve) => { this.#wake = resolve; });
    }
  }
  #got(frame: Frame): void {
    this.frames.push(frame);
    this.#wake();
  }
}

export const rawHello = {
  role: 'control', protocol: { min: 1, max: 1 }, session: 'ab'.repeat(16), instance: 'cd'.repeat(16), sequence: 1, name: 'Raw', platform: 'linux', version: '0.0.0',
  listenPort: null, features: [],
};

const proper = { minVersion: 'TLSv1.3', ALPNProtocols: ['distrishare/1'], rejectUnauthorized: false } as const;

/** Dials with TLS as a device would, but for what the test changes. Gives null when there is no connection. */
export async function rawDial(to: Address, change: ConnectionOptions & { readonly localAddress?: string } = {}, identity?: Identity): Promise<RawPeer | null> {
  const { keyPem, certPem } = identity ?? (await makeIdentity());
  const socket: TLSSocket = connect({ ...proper, key: keyPem, cert: certPem, ...to, ...change });
  const peer = new RawPeer(socket);
  const secured = await Promise.race([once(socket, 'secureConnect').then(() => true, () => false), peer.closed.then(() => false)]);
  return secured ? peer : null;
}

/** A device's listener in the hands of a test; `onPeer` gets every connection after its TLS handshake. */
export async function rawListen(onPeer: (peer: RawPeer) => void, change: TlsOptions = {}): Promise<Address> {
  const { keyPem, certPem } = await makeIdentity();
  const server = createTlsServer({ ...proper, key: keyPem, cert: certPem, requestCert: true, ...change }, (socket) => { onPeer(new RawPeer(socket)); });
  server.on('tlsClientError', () => undefined);
  return listening(server);
}

/** A TCP listener that knows nothing of TLS. */
export function plainListen(onSocket: (socket: Socket) => void): Promise<Address> {
  return listening(createServer((socket) => {
    socket.on('error', () => undefined);
    closers.push(() => { socket.destroy(); return Promise.resolve(); });
    onSocket(socket);
  }));
}

async function listening(server: ReturnType<typeof createServer>): Promise<Address> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    server.close();
    await once(server, 'close');
  });
  const address = server.address();
  return { host: '127.0.0.1', port: isAddressInfo(address) ? address.port : 0 };
}
const isAddressInfo = (address: AddressInfo | string | null): address is AddressInfo => typeof address === 'object' && address !== null;
