import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import type { DeviceId } from '#shared/ids.ts';
import { roomCardSchema, type RoomCard, type SignedCard } from '#shared/protocol/room.ts';
import { deviceIdOfSpki, type Identity } from '../../net/identity.ts';

/** A signature of a card can be taken for nothing else that a device signs. */
const signedText = (text: string): Buffer => Buffer.from(`distrishare-room-card\n${text}`);
const dsaEncoding = 'ieee-p1363';

/** Signs as this device. */
export function cardSigner({ keyPem }: Pick<Identity, 'keyPem'>): (card: RoomCard) => SignedCard {
  const key = createPrivateKey(keyPem);
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64');
  return (card) => {
    const text = JSON.stringify(card);
    return { text, key: spki, signature: sign('sha256', signedText(text), { key, dsaEncoding }).toString('base64') };
  };
}

/** The card, if the device that it names as owner has signed it; else null. */
export function readCard({ text, key, signature }: SignedCard): RoomCard | null {
  const card = parseCard(text);
  const spki = Buffer.from(key, 'base64');
  if (card === null || !isKeyOf(spki, card.owner)) return null;
  try {
    const isRight = verify('sha256', signedText(text), { key: createPublicKey({ key: spki, type: 'spki', format: 'der' }), dsaEncoding }, Buffer.from(signature, 'base64'));
    return isRight ? card : null;
  } catch {
    // A point that is not on the curve, or a signature of another length.
    return null;
  }
}

const isKeyOf = (spki: Buffer, owner: DeviceId): boolean => deviceIdOfSpki(spki) === owner;

function parseCard(text: string): RoomCard | null {
  try {
    return roomCardSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
