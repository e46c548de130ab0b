import { limits } from '../limits.ts';

/**
 * The packet by which devices on one network find each other (docs/protocol.md): one line of ASCII,
 *
 *   HELLO ip port distrishare/1 nonce tag [?....]
 *   GOODBYE ip port distrishare/1 nonce tag
 *
 * Everything in it is a hint that anybody on the network can forge. `ip` is decoration for people and for programs that
 * read only the first three words: whoever wants to link dials the address the packet came from.
 */
export interface Beacon {
  readonly word: 'HELLO' | 'GOODBYE';
  readonly ip: string;
  /** TCP port that takes links. */
  readonly port: number;
  /** Version of the link protocol. */
  readonly version: number;
  /** 16 lower-case hex digits, random at every start: tells a program its own packets, and a restart. */
  readonly nonce: string;
  /** 8 lower-case hex digits, new every few minutes and when the device's network changed: worth trying again. */
  readonly tag: string;
  /** Please answer at once. */
  readonly asks: boolean;
}

export const beaconVersion = 1;

/** Why a packet is not a beacon. Unknown further fields are no error: later versions may add some. */
export type BeaconError = 'too-long' | 'not-ascii' | 'bad-word' | 'bad-ip' | 'bad-port' | 'bad-version' | 'bad-nonce' | 'bad-tag' | 'bad-flag';

/** A question is padded to this, so that no answer can be longer than the question it answers. */
const questionBytes = 128;
const spaceCode = 0x20;
const lastPrintable = 0x7e;

/** Bytes of a packet; at most `questionBytes` unless `ip` is absurdly long. */
export function encodeBeacon(beacon: Beacon): Uint8Array<ArrayBuffer> {
  const line = `${beacon.word} ${beacon.ip} ${beacon.port} distrishare/${beacon.version} ${beacon.nonce} ${beacon.tag}`;
  return new TextEncoder().encode(beacon.asks ? `${line} ?`.padEnd(questionBytes, '.') : line);
}

const isNonce = (text: string | undefined): text is string => text !== undefined && /^[0-9a-f]{16}$/.test(text);
const isTag = (text: string | undefined): text is string => text !== undefined && /^[0-9a-f]{8}$/.test(text);

function asciiOf(bytes: Uint8Array): string | null {
  let text = '';
  for (const byte of bytes) {
    if (byte < spaceCode || byte > lastPrintable) return null;
    text += String.fromCharCode(byte);
  }
  return text;
}

/** Reads a packet from anybody. A program that reads only the first three words is the original's; it gives `bad-version`. */
export function parseBeacon(bytes: Uint8Array): Beacon | BeaconError {
  if (bytes.length > limits.discovery.packetBytes) return 'too-long';
  const text = asciiOf(bytes);
  if (text === null) return 'not-ascii';
  const [word, ip = '', portText = '', versionText = '', nonce, tag, flag] = text.split(' ');
  if (word !== 'HELLO' && word !== 'GOODBYE') return 'bad-word';
  if (!/^[0-9a-fA-F.:]{2,45}$/.test(ip)) return 'bad-ip';
  const port = /^[1-9][0-9]{0,4}$/.test(portText) ? Number(portText) : 0;
  if (port < 1 || port > 65_535) return 'bad-port';
  const version = Number(/^distrishare\/([1-9][0-9]{0,2})$/.exec(versionText)?.[1] ?? 0);
  if (version < 1) return 'bad-version';
  if (!isNonce(nonce)) return 'bad-nonce';
  if (!isTag(tag)) return 'bad-tag';
  if (flag === undefined || /^\?\.*$/.test(flag)) return { word, ip, port, version, nonce, tag, asks: flag !== undefined && word === 'HELLO' };
  return flag === '' || flag.startsWith('?') ? 'bad-flag' : { word, ip, port, version, nonce, tag, asks: false };
}

/** The TXT record of the mDNS service carries the same facts as a packet. */
export interface BeaconText {
  readonly v: string;
  readonly n: string;
  readonly t: string;
}

/** Reads the three values of a TXT record; null when one is missing or malformed. */
export function parseBeaconText(text: { readonly [key in keyof BeaconText]?: unknown }): { version: number; nonce: string; tag: string } | null {
  const { v, n, t } = text;
  if (typeof v !== 'string' || typeof n !== 'string' || typeof t !== 'string') return null;
  if (!/^[1-9][0-9]{0,2}$/.test(v) || !isNonce(n) || !isTag(t)) return null;
  return { version: Number(v), nonce: n, tag: t };
}
