/**
 * Identifiers as every face writes them. Each is validated once, at the border, and carries the proof in its type.
 */
declare const brand: unique symbol;
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name };

/** SHA-256 of a device's public key (SPKI): 8 groups of 7 base32 characters, every 14th a check character. */
export type DeviceId = Branded<string, 'DeviceId'>;
/** 64 lower-case hex digits: a file's merkle root or a folder's manifest root. */
export type ContentId = Branded<string, 'ContentId'>;
/** 32 lower-case hex digits, random; survives changes of the share's content. */
export type ShareId = Branded<string, 'ShareId'>;
/** 16 lower-case hex digits, random; of an upload the time when it began, and five random ones. */
export type TransferId = Branded<string, 'TransferId'>;
/** 32 lower-case hex digits, random, chosen by the sender. */
export type OfferId = Branded<string, 'OfferId'>;
/** 32 lower-case hex digits: the same on every device of a room, whatever its passphrase is now. */
export type RoomId = Branded<string, 'RoomId'>;

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const dataChars = 52;
const charsPerCheck = 13;
const groupChars = 7;

/** Luhn check character modulo 32 over base32 text; catches every single wrong character. As Syncthing's device ids. */
function checkCharacter(text: string): string {
  let factor = 1;
  let sum = 0;
  for (const character of text) {
    const product = factor * base32.indexOf(character);
    sum += Math.floor(product / 32) + (product % 32);
    factor = factor === 2 ? 1 : 2;
  }
  return base32.charAt((32 - (sum % 32)) % 32);
}

function toBase32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let pending = 0;
  for (const byte of bytes) {
    pending = (pending << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += base32.charAt((pending >> bits) & 31);
    }
    pending &= (1 << bits) - 1;
  }
  return bits > 0 ? text + base32.charAt((pending << (5 - bits)) & 31) : text;
}

function withChecks(data: string): string {
  let text = '';
  for (let at = 0; at < dataChars; at += charsPerCheck) {
    const part = data.slice(at, at + charsPerCheck);
    text += part + checkCharacter(part);
  }
  return text;
}

const grouped = (text: string): string => text.match(new RegExp(`.{${groupChars}}`, 'g'))?.join('-') ?? text;

/** The device id of a 32-byte SHA-256 fingerprint. */
export function deviceIdOf(fingerprint: Uint8Array): DeviceId {
  if (fingerprint.length !== 32) throw new Error('a fingerprint has 32 bytes');
  return grouped(withChecks(toBase32(fingerprint))) as DeviceId;
}

/** Reads a device id as people type it: any case, with or without dashes and spaces. Null when a check character is wrong. */
export function parseDeviceId(text: string): DeviceId | null {
  const plain = text.toUpperCase().replace(/[\s-]/g, '');
  if (plain.length !== dataChars + dataChars / charsPerCheck || /[^A-Z2-7]/.test(plain)) return null;
  const data = plain.replace(new RegExp(`(.{${charsPerCheck}}).`, 'g'), '$1');
  return withChecks(data) === plain ? (grouped(plain) as DeviceId) : null;
}

const isHex = (text: string, digits: number): boolean => text.length === digits && /^[0-9a-f]+$/.test(text);

export const isContentId = (text: string): text is ContentId => isHex(text, 64);
export const isShareId = (text: string): text is ShareId => isHex(text, 32);
export const isTransferId = (text: string): text is TransferId => isHex(text, 16);
export const isOfferId = (text: string): text is OfferId => isHex(text, 32);
export const isRoomId = (text: string): text is RoomId => isHex(text, 32);
export const isDeviceId = (text: string): text is DeviceId => parseDeviceId(text) === text;

const hexDigits = '0123456789abcdef';

/** The two digits of each byte. */
const hexOf = Array.from({ length: 256 }, (_, byte) => hexDigits.charAt(byte >> 4) + hexDigits.charAt(byte & 15));
/** Value of each character code up to `f` as a digit, or -1. */
const digitOf = Int8Array.from({ length: 103 }, (_, code) => hexDigits.indexOf(String.fromCharCode(code).toLowerCase()));

/** Lower-case hex of bytes. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at++) text += hexOf[bytes[at] ?? 0] ?? '';
  return text;
}

/** Bytes of lower- or upper-case hex; throws on anything else. */
export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  if (text.length % 2 !== 0) throw new Error('not hex');
  const bytes = new Uint8Array(text.length / 2);
  for (let at = 0; at < bytes.length; at++) {
    const value = (digitOf[text.charCodeAt(2 * at)] ?? -1) * 16 + (digitOf[text.charCodeAt(2 * at + 1)] ?? -1);
    if (value < 0 || (digitOf[text.charCodeAt(2 * at + 1)] ?? -1) < 0) throw new Error('not hex');
    bytes[at] = value;
  }
  return bytes;
}

export const contentIdOf = (root: Uint8Array): ContentId => {
  if (root.length !== 32) throw new Error('a content id has 32 bytes');
  return toHex(root) as ContentId;
};

/** The beginning of an id, of a device its first two groups of eight: enough to tell things apart, and a beginning that commands take. */
export const shortId = (id: string): string => id.slice(0, 15);
