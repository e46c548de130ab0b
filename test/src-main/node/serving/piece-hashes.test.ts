import { expect, it } from 'vitest';
import { PieceHashes } from '#main/node/serving/piece-hashes.ts';
import { ProvisionalFile } from '#main/node/serving/provisional-files.ts';
import { GiB, MiB, type Bytes } from '#shared/units.ts';

const pieces = 24;
const fileOf = (bytes: Bytes): ProvisionalFile => new ProvisionalFile({ share: null, path: 'f', diskPath: '/f', inside: '/', bytes, modifiedAt: 0, executable: false, version: '1', contentId: null });
const turn = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

/** Gives each piece its number as its hash; `most`: so many were read or hashed at the same time, in so many places of memory. */
function fakes(file: ProvisionalFile, isThere: (piece: number) => boolean = () => true) {
  const most = { atOnce: 0, places: new Set<string>() };
  let now = 0;
  const hashes = new PieceHashes({
    async hashPiece(data) {
      await turn();
      now--;
      return data.slice(0, 1);
    },
  }, async (_file, position, into) => {
    most.atOnce = Math.max(most.atOnce, ++now);
    most.places.add(`${into.byteOffset} ${into.length}`);
    await turn();
    into[0] = position / file.pieceBytes;
    if (isThere(position / file.pieceBytes)) return true;
    now--;
    return false;
  });
  return { hashes, most };
}

const numbers = Array.from({ length: pieces }, (_, piece) => piece);

it.each([
  ['16 MiB of small pieces', 24 * MiB, 16],
  ['four pieces of 4 MiB', 45 * GiB, 4],
  ['one piece of 16 MiB', 200 * GiB, 1],
])('hashes %s at a time, in the same memory, however many are asked for', async (_what, bytes, atOnce) => {
  const file = fileOf(bytes);
  const { hashes, most } = fakes(file);
  const all = await Promise.all(numbers.map((piece) => hashes.hash(file, piece)));
  expect(all.map((hash) => hash?.[0])).toEqual(numbers);
  expect([most.atOnce, most.places.size]).toEqual([atOnce, atOnce]);
});

it('goes on after pieces that could not be read', async () => {
  const file = fileOf(45 * GiB);
  const { hashes } = fakes(file, (piece) => piece % 3 === 0);
  const all = await Promise.all(numbers.map((piece) => hashes.hash(file, piece)));
  expect(all.map((hash) => hash?.[0] ?? null)).toEqual(numbers.map((piece) => (piece % 3 === 0 ? piece : null)));
});
