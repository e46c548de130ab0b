import { expect, it } from 'vitest';
import { PartData } from '#main/disk/receive/part-data.ts';
import { MiB } from '#shared/units.ts';
import { SimulatedDisk } from '../simulated/simulated-disk.ts';

/** A part file on a disk that needs so many milliseconds for each write past the cache; `ways` notes how each piece went. */
function partOn(msPerWrite: number, isSteady = false): { data: PartData; ways: ('direct' | 'cached')[] } {
  const files = new SimulatedDisk().process();
  const fd = files.create(files.openFolder('/base'), 'film.part');
  const ways: ('direct' | 'cached')[] = [];
  let now = 0;
  const write: typeof files.write = (_handle, bytes) => {
    ways.push('cached');
    return bytes.length;
  };
  const writeLater: typeof files.writeLater = (_handle, bytes) => {
    ways.push('direct');
    now += msPerWrite;
    return Promise.resolve(bytes.length);
  };
  return { data: new PartData({ files: { ...files, write, writeLater, isSteady: () => isSteady }, elapsed: () => now }, fd, true), ways };
}
const piece = new Uint8Array(1 * MiB);

it('goes past the cache on a disk that keeps up, but for what is read again at once', async () => {
  const { data, ways } = partOn(2);
  for (let at = 0; at < 100; at++) await data.write(piece, at * MiB, at === 50);
  expect(ways.filter((way) => way === 'cached')).toHaveLength(1);
  expect(ways[50]).toBe('cached');
});

it('goes through the cache again on a disk that seeks', async () => {
  const { data, ways } = partOn(18);
  for (let at = 0; at < 100; at++) await data.write(piece, at * MiB, false);
  expect(ways.slice(0, 32)).toEqual(Array.from({ length: 32 }, () => 'direct'));
  expect(new Set(ways.slice(32))).toEqual(new Set(['cached']));
});

it('goes past the cache whatever is read and however long it takes on a device that takes as long wherever the bytes lie', async () => {
  const { data, ways } = partOn(18, true);
  for (let at = 0; at < 100; at++) await data.write(piece, at * MiB, at % 2 === 0);
  expect(new Set(ways)).toEqual(new Set(['direct']));
});
