import { webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectPlain, type Socket } from 'node:net';
import 'reflect-metadata';
import { X509CertificateGenerator } from '@peculiar/x509';
import { describe, expect, it, vi } from 'vitest';
import { makeIdentity } from '#main/net/identity.ts';
import { limits } from '#shared/limits.ts';
import { frameType } from '#shared/protocol/frame-layout.ts';
import { encodeCall, encodeJson, encodeNumber } from '#shared/protocol/frames.ts';
import { encodeBlockHead, encodeReject, encodeRequest } from '#shared/protocol/hot-frames.ts';
import { rawFrame } from '../../src-shared/protocol/recording-sink.ts';
import { plainListen, rawDial, rawHello, rawListen, type Address, type RawPeer } from './raw-peer.ts';
import { blockSink, startNode, type TestNode } from './test-nodes.ts';

const coded = (code: string): unknown => expect.objectContaining({ code });
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

async function dialled(to: Address): Promise<RawPeer> {
  const peer = await rawDial(to);
  if (!peer) throw new Error('no connection');
  return peer;
}

/** A raw peer that has exchanged hellos with the node. */
async function greeted(node: TestNode): Promise<RawPeer> {
  const peer = await dialled(node.address);
  await peer.greet();
  return peer;
}

/** Nothing came up, and an honest device still can. */
async function expectUnharmed(node: TestNode): Promise<void> {
  expect(node.seen).toEqual([]);
  const honest = await startNode('honest');
  expect((await honest.links.dial(node.address, {})).remote.id).toBe(node.identity.id);
}

const closeOf = (socket: Socket): Promise<void> => new Promise((resolve) => { socket.on('error', () => undefined).resume().once('close', () => { resolve(); }); });
const expectTimeout = (node: TestNode, address: Address): Promise<void> => expect(node.links.dial(address, {})).rejects.toEqual(coded('timeout'));

async function certificateOf(algorithm: EcKeyGenParams | RsaHashedKeyGenParams): Promise<{ key: string; cert: string }> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const cert = await X509CertificateGenerator.createSelfSigned({ name: 'CN=x', keys, signingAlgorithm: { ...algorithm, hash: 'SHA-256' } });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return { key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`, cert: cert.toString('pem') };
}

describe('a listener', () => {
  it('refuses other protocols, versions of TLS and keys', async () => {
    const node = await startNode('node');
    const changes = [
      { ALPNProtocols: ['http/1.1'] }, { ALPNProtocols: [] }, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const, { key: undefined, cert: undefined },
      await certificateOf({ name: 'ECDSA', namedCurve: 'P-384' }),
      await certificateOf({ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) }),
    ];
    for (const change of changes) {
      const peer = await rawDial(node.address, change);
      peer?.send(encodeJson(frameType.hello, rawHello));
      await peer?.closed;
      expect(peer?.frames ?? []).toEqual([]);
    }
    await expectUnharmed(node);
  });

  it('survives what is not TLS at all', async () => {
    const node = await startNode('node');
    for (const bytes of [text('GET / HTTP/1.1\r\n\r\n'), new Uint8Array(100_000).fill(0x16), new Uint8Array([0x16, 3, 1, 0xff, 0xff])]) {
      const socket = connectPlain(node.address);
      socket.end(bytes);
      await closeOf(socket);
    }
    await expectUnharmed(node);
  });

  it('does not wait long for the silent, whoever dials, and lets only a few of them in from one address', async () => {
    const node = await startNode('node');
    const started = performance.now();
    const quietAfterTls = await dialled(node.address);
    const sockets = Array.from({ length: limits.link.handshakesPerAddress }, () => connectPlain(node.address));
    const closed = sockets.map(closeOf);
    const dials = [expectTimeout(node, await rawListen(() => undefined)), expectTimeout(node, await plainListen(() => undefined))];
    // One too many is sent away at once, the others when they have been silent for too long.
    expect(await Promise.race([...closed.map((each) => each.then(() => 'one too many')), quietAfterTls.closed.then(() => 'the silent one')])).toBe('one too many');
    await quietAfterTls.closed;
    expect(performance.now() - started).toBeGreaterThanOrEqual(limits.link.helloMs - 100);
    await Promise.all([...closed, ...dials]);
    await expectUnharmed(node);
  });

  it.skipIf(process.platform !== 'linux')('lets others in however many silent ones hold on to their places, from many addresses', async () => {
    const node = await startNode('node');
    const silent = Array.from({ length: limits.link.handshakesAtOnce }, (_, at) => connectPlain({ ...node.address, localAddress: `127.0.1.${at % 16}` }));
    const closed = silent.map(closeOf);
    await Promise.all(silent.map((socket) => once(socket, 'connect')));
    const peer = await rawDial(node.address, { localAddress: '127.0.2.1' });
    await peer?.greet();
    expect(node.seen).toHaveLength(1);
    for (const socket of silent) socket.destroy();
    await Promise.all(closed);
  });

  it.each<[string, Uint8Array]>([
    ['a truncated hello', encodeJson(frameType.hello, rawHello).subarray(0, 60)],
    ['a hello without JSON', rawFrame(frameType.hello, text('{"protocol":'))],
    ['an oversized hello', rawFrame(frameType.hello, new Uint8Array(limits.link.helloBytes + 1))],
    ['a hello that claims gigabytes', rawFrame(frameType.hello, new Uint8Array(10), 0xfffffff0)],
    ['another frame first', encodeNumber(frameType.ping, 1)],
    ['a refusal', encodeJson(frameType.refuse, { code: 'blocked' })],
    ['a bulk hello to no link', encodeJson(frameType.hello, { role: 'bulk', protocol: { min: 1, max: 1 }, session: 'ab'.repeat(16) })],
    ['deep nesting', rawFrame(frameType.hello, text('['.repeat(8000) + ']'.repeat(8000)))],
  ])('closes on %s', async (_name, bytes) => {
    const node = await startNode('node');
    const peer = await dialled(node.address);
    peer.send(bytes);
    peer.socket.end();
    await peer.closed;
    expect(peer.frames.filter((frame) => 'type' in frame && frame.type === frameType.hello)).toEqual([]);
    await expectUnharmed(node);
  });

  it('refuses versions it does not speak, and says which it does', async () => {
    const node = await startNode('node');
    const peer = await dialled(node.address);
    peer.send(encodeJson(frameType.hello, { protocol: { min: 9, max: 10 }, anything: 'else' }));
    expect(await peer.json(frameType.refuse)).toEqual({ code: 'version-mismatch', protocol: { min: 1, max: 1 } });
    await peer.closed;
    await expectUnharmed(node);
  });

  it('takes a bulk connection only of the device whose link it is, and only a few', async () => {
    const node = await startNode('node');
    const identity = await makeIdentity();
    const bulk = encodeJson(frameType.hello, { role: 'bulk', protocol: { min: 1, max: 1 }, session: rawHello.session });
    const control = await rawDial(node.address, {}, identity);
    await control?.greet();
    const stranger = await dialled(node.address);
    stranger.send(bulk);
    expect(await stranger.json(frameType.refuse)).toEqual({ code: 'refused' });
    for (let lane = 0; lane < limits.link.bulkConnectionsPerPeer; lane++) {
      const peer = await rawDial(node.address, {}, identity);
      peer?.send(bulk);
      expect(await peer?.json(frameType.hello)).toMatchObject({ role: 'bulk', session: rawHello.session });
    }
    const tooMany = await rawDial(node.address, {}, identity);
    tooMany?.send(bulk);
    expect(await tooMany?.json(frameType.refuse)).toEqual({ code: 'too-many' });
    expect(node.seen).toHaveLength(1);
    control?.socket.destroy();
    await node.handler.until(() => node.handler.closedLinks.length === 1);
  });

  it('lets no control frames in by a bulk connection', async () => {
    const node = await startNode('node');
    const identity = await makeIdentity();
    const control = await rawDial(node.address, {}, identity);
    await control?.greet();
    const lane = await rawDial(node.address, {}, identity);
    lane?.send(encodeJson(frameType.hello, { role: 'bulk', protocol: { min: 1, max: 1 }, session: rawHello.session }));
    await lane?.frame(frameType.hello);
    lane?.send(encodeJson(frameType.notice, { kind: 'goodbye' }));
    await lane?.closed;
    expect(node.seen[0]?.isClosed).toBe(false);
    expect(node.handler.notices).toEqual([]);
  });
});

describe('a link', () => {
  it.each<[string, Uint8Array[]]>([
    ['a second hello', [encodeJson(frameType.hello, rawHello)]],
    ['a frame too long', [rawFrame(frameType.notice, new Uint8Array(), limits.link.controlBodyBytes + 1)]],
    ['a request without JSON', [rawFrame(frameType.request, text('\0\0\0\x01{{'))]],
    ['a request of another shape', [encodeCall(frameType.request, 1, { method: 7 })]],
    ['an answer to nothing', [encodeCall(frameType.response, 1, { result: {} })]],
    ['a block nobody asked for', [encodeBlockHead(1, 1, null), new Uint8Array(1)]],
    ['a rejection of nothing', [encodeReject(1, 'gone')]],
    ['a notice of the wrong shape', [encodeJson(frameType.notice, { kind: 'renamed', name: '' })]],
    ['an empty frame', [new Uint8Array(4), new Uint8Array(1)]],
    ['one id for two blocks', [1, 1].map((requestId) => encodeRequest({ requestId, key: new Uint8Array(32), piece: 0, begin: 0, length: 1 }))],
    ['one id for two requests', [1, 1].map((id) => encodeCall(frameType.request, id, { method: 'shares', params: {} }))],
  ])('ends with %s', async (_name, bytes) => {
    const node = await startNode('node');
    node.handler.wanted = () => undefined;
    node.handler.answer = () => new Promise(() => undefined);
    const peer = await greeted(node);
    peer.send(...bytes);
    await peer.closed;
    await node.handler.until(() => node.handler.closedLinks.length === 1);
    expect(node.handler.closedLinks[0]?.reason.code).toBe('protocol-error');
  });

  it('skips what later versions may send, and refuses single requests it does not know', async () => {
    const node = await startNode('node');
    const peer = await greeted(node);
    peer.send(
      rawFrame(0x7f, new Uint8Array(limits.link.controlBodyBytes)), encodeJson(frameType.notice, { kind: 'weather', sky: 'clear' }),
      encodeCall(frameType.request, 5, { method: 'teleport', params: {} }), encodeJson(frameType.notice, { kind: 'goodbye' }),
    );
    await node.handler.until(() => node.handler.notices.length > 0);
    expect(node.handler.notices).toEqual([{ kind: 'goodbye' }]);
    const answer = await peer.frame(frameType.response);
    expect(answer && new TextDecoder().decode(answer.subarray(4))).toBe('{"error":{"code":"unknown-command"}}');
  });

  it('cannot be asked for methods that only prototypes have', async () => {
    const node = await startNode('node');
    const peer = await greeted(node);
    peer.send(rawFrame(frameType.request, text('\0\0\0\x01{"method":"__proto__","params":{}}')));
    expect(new TextDecoder().decode((await peer.frame(frameType.response))?.subarray(4))).toBe('{"error":{"code":"unknown-command"}}');
  });

  it('ends when the other end asks without reading', async () => {
    const node = await startNode('node');
    node.handler.answer = () => Promise.resolve({ hashes: 'A'.repeat(limits.link.controlBodyBytes - 100) });
    const peer = await greeted(node);
    peer.socket.pause();
    for (let id = 1; id <= limits.link.requestsInFlightPerPeer; id++) peer.send(encodeCall(frameType.request, id, { method: 'stat', params: { path: 'x' } }));
    await node.handler.until(() => node.handler.closedLinks.length === 1);
    expect(node.handler.closedLinks[0]?.reason).toEqual({ code: 'too-many' });
  });

  it('has few long answers made for an end that asks without reading, the others when it reads, and none after the end', async () => {
    const node = await startNode('node');
    const made: unknown[] = [];
    node.handler.answer = (_method, params) => {
      made.push(params);
      return Promise.resolve({ hashes: 'A'.repeat(limits.link.controlBodyBytes - 100) });
    };
    /** Asks without reading, and counts what was made of it when all has been heard. */
    const askedBy = async (digits: string): Promise<{ peer: RawPeer; count: () => number }> => {
      const params = { contentId: digits.repeat(32), first: 0, count: 1 };
      const peer = await greeted(node);
      peer.socket.pause();
      for (let id = 1; id <= limits.link.requestsInFlightPerPeer; id++) peer.send(encodeCall(frameType.request, id, { method: 'layer', params }));
      const heard = node.handler.notices.length;
      peer.send(encodeJson(frameType.notice, { kind: 'goodbye' }));
      await node.handler.until(() => node.handler.notices.length > heard);
      return { peer, count: () => made.filter((one) => JSON.stringify(one) === JSON.stringify(params)).length };
    };
    const [patient, gone] = [await askedBy('ab'), await askedBy('cd')];
    // What the systems of both ends take besides what waits here.
    expect(patient.count()).toBeLessThan(32);
    gone.peer.socket.destroy();
    await node.handler.until(() => node.handler.closedLinks.length === 1);
    patient.peer.socket.resume();
    await expect.poll(patient.count).toBe(limits.link.requestsInFlightPerPeer);
    expect(gone.count()).toBeLessThan(32);
  });

  it.each([['plain', 500], ['compressed', 0]])('loses the blocks of a peer that dies in the middle of one, but for what has come of a plain one: %s', async (form, kept) => {
    const node = await startNode('node');
    const peer = await greeted(node);
    const link = await node.linked();
    const { sink, end, buffer } = blockSink(1000);
    const isCompressed = form === 'compressed';
    link.requestBlock({ key: new Uint8Array(32), piece: 0, begin: 0, length: 1000, pace: isCompressed ? 255 : 0 }, sink);
    const request = await peer.blockWanted();
    peer.send(encodeBlockHead(request?.requestId ?? 0, isCompressed ? 900 : 1000, null, isCompressed), new Uint8Array(500).fill(1));
    peer.socket.destroySoon();
    expect(await end).toEqual({ kind: 'lost', kept });
    expect(buffer[999]).toBe(0);
  });

  it('is known to stop in the middle of a block, and since when', async () => {
    let now = 0;
    const node = await startNode('node', { now: () => now });
    const peer = await greeted(node);
    const link = await node.linked();
    const { sink } = blockSink(1000);
    const id = link.requestBlock({ key: new Uint8Array(32), piece: 0, begin: 0, length: 1000 }, sink);
    const request = await peer.blockWanted();
    now = 1000;
    peer.send(encodeBlockHead(request?.requestId ?? 0, 1000, null), new Uint8Array(500).fill(1));
    await vi.waitUntil(() => link.blockProgress(id).moved === 500, { timeout: 100_000, interval: 5 });
    now = 6000;
    expect(link.blockProgress(id)).toEqual({ moved: 500, quietMs: 5000, kept: 500 });
  });

  it('ends when a block is longer than asked for, and writes none of it', async () => {
    const node = await startNode('node');
    const peer = await greeted(node);
    const link = await node.linked();
    const { sink, end, buffer } = blockSink(10);
    link.requestBlock({ key: new Uint8Array(32), piece: 0, begin: 0, length: 10 }, sink);
    const request = await peer.blockWanted();
    peer.send(encodeBlockHead(request?.requestId ?? 0, 11, null), new Uint8Array(11).fill(1));
    expect(await end).toEqual({ kind: 'lost', kept: 0 });
    expect([...buffer]).toEqual(new Array(10).fill(0));
  });
});

describe('a dial', () => {
  it.each<[string, string, () => Promise<Address>]>([
    ['what is not TLS', 'protocol-error', () => plainListen((socket) => { socket.end('220 hello, this is mail\r\n'); })],
    ['what hangs up', 'protocol-error', () => plainListen((socket) => { socket.destroy(); })],
    ['TLS without our protocol', 'protocol-error', () => rawListen(() => undefined, { ALPNProtocols: [] })],
    ['TLS 1.2', 'protocol-error', () => rawListen(() => undefined, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' })],
    ['one who closes without a word', 'refused', () => rawListen((peer) => { peer.socket.end(); })],
    ['one who answers another session', 'refused', () => rawListen((peer) => { peer.send(encodeJson(frameType.hello, rawHello)); })],
    ['one who answers nonsense', 'protocol-error', () => rawListen((peer) => { peer.send(rawFrame(frameType.hello, text('hello'))); })],
    ['one of the future', 'version-mismatch', () => rawListen((peer) => { peer.send(encodeJson(frameType.hello, { protocol: { min: 2, max: 3 } })); })],
    ['one who refuses', 'too-many', () => rawListen((peer) => { peer.send(encodeJson(frameType.refuse, { code: 'too-many' })); })],
  ])('to %s fails with a clear word', async (_name, code, listen) => {
    const node = await startNode('node', { listen: false });
    await expect(node.links.dial(await listen(), {})).rejects.toEqual(coded(code));
    expect(node.seen).toEqual([]);
  });

  it('to a device with a key of another kind fails', async () => {
    const node = await startNode('node', { listen: false });
    const address = await rawListen(() => undefined, await certificateOf({ name: 'ECDSA', namedCurve: 'P-384' }));
    await expect(node.links.dial(address, {})).rejects.toEqual(coded('protocol-error'));
  });
});
