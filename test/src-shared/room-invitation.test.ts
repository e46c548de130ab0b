import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deviceIdOf, isRoomId, toHex } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { invitationLink, readInvitation, type RoomHints } from '#shared/room-invitation.ts';
import { wordsOfSecret } from '#shared/room-words.ts';

const bytes = (length: number): fc.Arbitrary<Uint8Array<ArrayBuffer>> => fc.uint8Array({ minLength: length, maxLength: length }).map((array) => new Uint8Array(array));
const device = bytes(32).map(deviceIdOf);
const address = fc.record({ host: fc.constantFrom('192.168.1.7', 'fe80::1%eth0', '2001:db8::7', 'box.local'), port: fc.integer({ min: 1, max: 65_535 }) });
const roomId = bytes(16).map((id) => {
  const text = toHex(id);
  if (!isRoomId(text)) throw new Error('sixteen bytes are a room id');
  return text;
});
const hints: fc.Arbitrary<RoomHints> = fc.record({
  id: roomId, owner: device, host: device,
  name: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((name) => name.trim() === name && !/\p{C}/u.test(name) && name.length <= limits.rooms.nameChars),
  endsAt: fc.option(fc.integer({ min: 0, max: 4e12 })),
  addresses: fc.array(address, { maxLength: limits.rooms.addresses }),
});

describe('an invitation', () => {
  it('says the same after it was read', () => {
    fc.assert(fc.property(bytes(16), hints, (secret, told) => {
      const link = invitationLink(secret, told);
      expect(link.length).toBeLessThanOrEqual(limits.rooms.invitationChars);
      expect(readInvitation(` ${link}\n`)).toEqual({ secret, hints: told });
    }));
  });

  it('can be words alone', () => {
    const secret = new Uint8Array(16).fill(7);
    expect(readInvitation(wordsOfSecret(secret, 'es'))).toEqual({ secret, hints: null });
  });

  it('is still the secret when the rest was lost, and nothing without it', () => {
    const secret = 'ab'.repeat(16);
    expect(readInvitation(`distrishare:room/${secret}`)).toEqual({ secret: new Uint8Array(16).fill(0xab), hints: null });
    expect(readInvitation(`distrishare://room/${secret}?id=zz&name=x&owner=y`)?.hints).toBeNull();
    for (const text of ['distrishare:room/', `distrishare:room/${secret}00`, 'distrishare:room/xyz', 'distrishare:connect/1.2.3.4:5', 'x'.repeat(3000), '']) expect(readInvitation(text)).toBeNull();
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.string().map((text) => `distrishare:room/${'00'.repeat(16)}?${text}`)), (text) => { readInvitation(text); }));
  });
});
