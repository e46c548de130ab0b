import { describe, expect, it } from 'vitest';
import { readQr } from '../../../src-renderer/qr/read-qr.ts';
import { inventedServers } from '../fake/servers.ts';
import { inventRoom, invitationTo } from '../fake/rooms.ts';
import { pictureOf } from './picture.ts';
import type { Picture, Shot } from './picture.ts';

const invitation = invitationTo(inventRoom({ name: 'Ça ira 🎶', endsAt: 1_800_000_000_000 }), 'en').link;
const server = inventedServers[0] ?? '';
const camera = { width: 640, height: 480 };

/** A camera that is held still sees the same again and again: half a second of it. */
const byCamera = (picture: Picture): string | null => [0, 1, 2, 3, 4].reduce((text: string | null, frame) => text ?? readQr(picture, frame), null);

describe('a QR code that DistriShare shows is read', () => {
  it.each<[string, Shot]>([
    ['plain', {}], ['small', { scale: 2 }], ['large', { scale: 7 }], ['upside down', { turn: 180 }], ['turned a little', { turn: 17 }], ['on its corner', { turn: 45 }], ['near its corner', { turn: 48 }],
    ['inverted', { inverted: true }], ['inverted and turned', { inverted: true, turn: 200 }], ['grainy', { noise: 40 }], ['from below', { tilt: 0.35, turn: 8 }], ['in uneven light', { shade: 0.7 }],
    ['at an angle at which its size is mistaken', { scale: 4, turn: 5, tilt: 0.15, frame: camera }], ['by a bad camera', { scale: 4, turn: 12, tilt: 0.15, noise: 12, shade: 0.4, frame: camera }], ['far from the camera', { scale: 3, turn: 6, noise: 8, frame: camera }],
  ])('%s', (_how, shot) => {
    expect(byCamera(pictureOf(invitation, shot))).toBe(invitation);
    expect(byCamera(pictureOf(server, shot))).toBe(server);
  });

  it('where no next picture comes, also a very grainy one', () => {
    const grainy = pictureOf(invitation, { noise: 60 });
    expect(byCamera(grainy)).toBeNull();
    expect(readQr(grainy, null)).toBe(invitation);
  });
});

it('a picture without a code, or with half of one, is answered with null', () => {
  const whole = pictureOf(invitation);
  const half: Picture = { ...whole, height: whole.height >> 1, data: whole.data.subarray(0, 4 * whole.width * (whole.height >> 1)) };
  const nothing: Picture = { width: 64, height: 48, data: new Uint8ClampedArray(4 * 64 * 48).fill(200) };
  const dot: Picture = { width: 1, height: 1, data: new Uint8ClampedArray(4) };
  for (const picture of [half, nothing, dot]) expect([byCamera(picture), readQr(picture, null)]).toEqual([null, null]);
});
