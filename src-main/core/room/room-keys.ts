import { fromHex, isRoomId, toHex, type DeviceId, type RoomId } from '#shared/ids.ts';
import { invariant } from '#shared/assert.ts';
import { roomSecretBytes, type RoomSecret } from '#shared/room-words.ts';

/** HMAC-SHA256: 32 bytes. */
export type Hmac = (key: Uint8Array, text: string) => Uint8Array;

const hexOf = (hmac: Hmac, secret: RoomSecret, text: string, bytes: number): string => toHex(hmac(secret, `distrishare-room-${text}`).subarray(0, bytes));

/** What servers and outsiders may know of a passphrase: 16 hex digits that lead back to nothing. */
export const tagOf = (hmac: Hmac, secret: RoomSecret): string => hexOf(hmac, secret, 'tag', 8);

/** Tells members whether a secret is the one a card speaks of. */
export const secretHashOf = (hmac: Hmac, secret: RoomSecret): string => hexOf(hmac, secret, 'hash', 32);

/** The id of a room that begins with this secret. */
export function firstIdOf(hmac: Hmac, secret: RoomSecret): RoomId {
  const id = hexOf(hmac, secret, 'id', 16);
  invariant(isRoomId(id), 'sixteen bytes are a room id');
  return id;
}

/**
 * Proves that `prover` knows a secret, to `verifier`, on the one link whose TLS exporter value this is: worth nothing on
 * another link, to another device, or in the other direction.
 */
export function proofOf(hmac: Hmac, secret: RoomSecret, link: { readonly exporter: Uint8Array; readonly prover: DeviceId; readonly verifier: DeviceId }): string {
  return hexOf(hmac, secret, `proof\n${toHex(link.exporter)}\n${link.prover}\n${link.verifier}`, 32);
}

export function secretOfHex(text: string): RoomSecret {
  invariant(text.length === 2 * roomSecretBytes, 'a room secret has sixteen bytes');
  return fromHex(text);
}
