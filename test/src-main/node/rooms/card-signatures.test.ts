import { describe, expect, it } from 'vitest';
import { makeIdentity } from '#main/net/identity.ts';
import { cardSigner, readCard } from '#main/node/rooms/card-signatures.ts';
import { isRoomId } from '#shared/ids.ts';
import type { RoomCard } from '#shared/protocol/room.ts';

const roomId = '0'.repeat(32);

const [anna, mallory] = [await makeIdentity(), await makeIdentity()];
const cardOf = (change: Partial<RoomCard> = {}): RoomCard => {
  if (!isRoomId(roomId)) throw new Error('an id');
  return { id: roomId, owner: anna.id, version: 1, epoch: 1, secretHash: 'a'.repeat(64), name: 'Kitchen', createdAt: 1, endsAt: null, removed: [], heirs: [], ...change };
};

describe('the card of a room', () => {
  it('is read when its owner signed it', () => {
    expect(readCard(cardSigner(anna)(cardOf()))).toEqual(cardOf());
  });

  it('is nothing when somebody else signed it, or changed it', () => {
    const signed = cardSigner(anna)(cardOf());
    expect(readCard(cardSigner(mallory)(cardOf()))).toBeNull();
    expect(readCard({ ...cardSigner(mallory)(cardOf()), key: signed.key })).toBeNull();
    expect(readCard({ ...signed, text: signed.text.replace('Kitchen', 'Cellars') })).toBeNull();
    expect(readCard({ ...signed, key: cardSigner(mallory)(cardOf()).key })).toBeNull();
  });

  it('is nothing when it makes no sense', () => {
    const signed = cardSigner(anna)(cardOf());
    for (const broken of [{ text: '{' }, { text: '{}' }, { key: '' }, { key: 'AAAA' }, { signature: '' }, { signature: 'AAAA' }]) expect(readCard({ ...signed, ...broken })).toBeNull();
    expect(readCard(cardSigner(anna)(cardOf({ version: 0 })))).toBeNull();
  });
});
