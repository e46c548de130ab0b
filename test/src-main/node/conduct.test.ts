import { expect, it } from 'vitest';
import { Conduct } from '#main/node/transfers/conduct.ts';
import { deviceIdOf } from '#shared/ids.ts';
import { hour } from '#shared/units.ts';

const device = (number: number) => deviceIdOf(new Uint8Array(32).fill(number));
const evidence = (piece: number) => ({ file: 'film.bin', contentId: null, piece, expected: null });

it('bans at the second wrong piece, with the evidence, until an hour after the last one', () => {
  let now = 1000;
  const changed: string[] = [];
  const conduct = new Conduct(() => now, (id) => { changed.push(id); });
  conduct.note(device(1), evidence(4));
  expect(conduct.isBanned(device(1))).toBe(false);
  now += 500;
  conduct.note(device(1), evidence(7));
  expect(conduct.of(device(1))).toEqual({ count: 2, banned: true, until: 1500 + hour, latest: [{ ...evidence(4), at: 1000 }, { ...evidence(7), at: 1500 }] });
  expect(conduct.of(device(2))).toBeUndefined();
  now = 1500 + hour - 1;
  expect(conduct.forgive()).toEqual([]);
  now++;
  expect(conduct.isBanned(device(1))).toBe(false);
  expect(conduct.forgive()).toEqual([device(1)]);
  expect(changed).toEqual([device(1), device(1), device(1)]);
});

it('keeps the latest evidence only, and of a bounded number of devices', () => {
  const conduct = new Conduct(() => 0, () => undefined);
  for (let piece = 0; piece < 20; piece++) conduct.note(device(1), evidence(piece));
  expect(conduct.of(device(1))).toMatchObject({ count: 20 });
  expect(conduct.of(device(1))?.latest.map(({ piece }) => piece)).toEqual([12, 13, 14, 15, 16, 17, 18, 19]);
  for (let count = 0; count < 1024; count++) {
    const id = new Uint8Array(32).fill(9);
    id[0] = count >> 8;
    id[1] = count & 0xff;
    conduct.note(deviceIdOf(id), evidence(0));
  }
  expect(conduct.of(device(1))).toBeUndefined();
});
