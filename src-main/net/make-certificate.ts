import { createPublicKey, randomBytes, sign, type KeyObject } from 'node:crypto';

/** One value of DER (X.690): tag, length, content. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head = length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Uint8Array.from(head), content]);
}

const integer = (...bytes: readonly number[]): Buffer => der(0x02, Uint8Array.from(bytes));
const bitString = (bytes: Uint8Array): Buffer => der(0x03, Uint8Array.of(0), bytes);
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const utf8 = (text: string): Buffer => der(0x0c, Buffer.from(text));
const utcTime = (text: string): Buffer => der(0x17, Buffer.from(text));
const generalizedTime = (text: string): Buffer => der(0x18, Buffer.from(text));
const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
const set = (...parts: readonly Uint8Array[]): Buffer => der(0x31, ...parts);
const versionField = (value: Uint8Array): Buffer => der(0xa0, value);

/** 1.2.840.10045.4.3.2, ecdsa-with-SHA256. */
const signatureAlgorithm = sequence(oid('2a8648ce3d040302'));
/** CN=DistriShare, attribute 2.5.4.3. Only the key counts, so every certificate says the same. */
const name = sequence(set(sequence(oid('550403'), utf8('DistriShare'))));
/** From 2020 to the end of time (RFC 5280 §4.1.2.5): a clock that is off cannot matter. */
const validity = sequence(utcTime('200101000000Z'), generalizedTime('99991231235959Z'));

/** A self-signed certificate (X.509 version 3, RFC 5280 §4.1) for a P-256 key, in PEM. Written by hand, because a library for it is larger than the rest of a node. */
export function makeCertificate(key: KeyObject): string {
  // Positive and of 16 bytes, whatever chance gives.
  const serial = integer(0x40, ...randomBytes(15));
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const content = sequence(versionField(integer(2)), serial, signatureAlgorithm, name, validity, name, publicKey);
  const certificate = sequence(content, signatureAlgorithm, bitString(sign('sha256', content, key)));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
