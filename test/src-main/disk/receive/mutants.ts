import fc from 'fast-check';
import { expect } from 'vitest';
import { SimulatedMachine, openOptions } from '../simulated/simulated-world.ts';
import { file, other, pieceBytes, target } from './receive-lives.ts';
import { has } from './receive-play.ts';

/** Everything that lies on the disk of a receiving machine at some moment. */
interface Found {
  readonly progress: Uint8Array;
  readonly part: Uint8Array;
}

const progressPath = '/base/sub/file.progress';
const partPath = '/base/sub/file.part';
const copy = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes);

/** A machine that received some pieces and was killed, and what lay there at earlier moments. */
export async function receivedMachine(): Promise<{ machine: SimulatedMachine; history: readonly Found[] }> {
  const machine = new SimulatedMachine(1);
  const history: Found[] = [];
  const keep = (): void => { history.push({ progress: copy(machine.disk.contentOf(progressPath)), part: copy(machine.disk.contentOf(partPath)) }); };
  const disk = machine.start();
  await disk.open(1, target, openOptions);
  keep();
  for (const piece of [3, 0, 5]) expect(await disk.write(1, piece, file.piece(piece), null)).toEqual({ kind: 'written' });
  await disk.close(1);
  keep();
  await disk.open(2, target, openOptions);
  expect(await disk.write(2, 1, file.piece(1), null)).toEqual({ kind: 'written' });
  machine.ring();
  await new Promise(setImmediate);
  expect(await disk.write(2, 4, file.piece(4), null)).toEqual({ kind: 'written' });
  keep();
  machine.kill();
  return { machine, history };
}

/** Bytes with something done to them: flipped, cut, grown, blanked, with a part of them twice, moved or left out, or of a stranger. */
function mutantsOf(bytes: Uint8Array, stranger: Uint8Array): fc.Arbitrary<Uint8Array> {
  const at = fc.nat({ max: bytes.length });
  const range = fc.tuple(at, at).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  const join = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
  return fc.oneof(
    fc.array(fc.nat({ max: bytes.length * 8 - 1 }), { minLength: 1, maxLength: 4 }).map((bits) => {
      const mutant = copy(bytes);
      for (const bit of bits) mutant[bit >> 3] = (mutant[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      return mutant;
    }),
    at.map((length) => bytes.subarray(0, length)),
    fc.uint8Array({ minLength: 1, maxLength: 300 }).map((more) => join(bytes, more)),
    range.map(([a, b]) => copy(bytes).fill(0, a, b)),
    range.map(([a, b]) => join(bytes.subarray(0, b), bytes.subarray(a))),
    range.map(([a, b]) => join(bytes.subarray(0, a), bytes.subarray(b))),
    fc.tuple(range, at).map(([[a, b], to]) => {
      const rest = join(bytes.subarray(0, a), bytes.subarray(b));
      const where = Math.min(to, rest.length);
      return join(rest.subarray(0, where), bytes.subarray(a, b), rest.subarray(where));
    }),
    at.map((cut) => join(bytes.subarray(0, cut), stranger.subarray(cut))),
    fc.constant(stranger),
  );
}

export interface Mutant {
  readonly progress: Uint8Array | null;
  readonly part: Uint8Array | null;
  /** The part file is changed where it lies; else it is another file of that name, as a restored copy is. */
  readonly inPlace: boolean;
  readonly cutPower: boolean;
}

/** Damaged, stale, moved and missing journals and part files, alone or both. */
export function mutants(history: readonly Found[]): fc.Arbitrary<Mutant> {
  const last = history.at(-1) ?? { progress: new Uint8Array(1), part: new Uint8Array(1) };
  const stale = fc.constantFrom(...history);
  const strange = new Uint8Array(last.part.length).map((_, at) => other.data[at % other.data.length] ?? 0);
  const progress = fc.oneof({ weight: 6, arbitrary: mutantsOf(last.progress, last.part) }, { weight: 2, arbitrary: stale.map((found) => found.progress) }, { weight: 1, arbitrary: fc.constant(null) });
  const part = fc.oneof({ weight: 6, arbitrary: mutantsOf(last.part, strange) }, { weight: 2, arbitrary: stale.map((found) => found.part) }, { weight: 1, arbitrary: fc.constant(null) });
  return fc.record({
    progress: fc.oneof({ weight: 3, arbitrary: progress }, { weight: 1, arbitrary: fc.constant(last.progress) }),
    part: fc.oneof({ weight: 2, arbitrary: part }, { weight: 3, arbitrary: fc.constant(last.part) }),
    inPlace: fc.boolean(),
    cutPower: fc.boolean(),
  });
}

/** Opens what a mutant left: every claim is true, and the file can be finished. */
export async function checkMutant(original: SimulatedMachine, mutant: Mutant): Promise<void> {
  const machine = original.fork(7);
  const { disk } = machine;
  // Whoever damages a journal behind our back does not keep to inodes.
  if (mutant.progress === null) disk.remove(progressPath);
  else disk.put(progressPath, mutant.progress);
  if (mutant.part === null) disk.remove(partPath);
  else if (mutant.inPlace) disk.overwrite(partPath, mutant.part);
  else disk.put(partPath, mutant.part);
  if (mutant.cutPower) machine.cutPower();
  const receiver = machine.start();
  const { have } = await receiver.open(1, target, openOptions);
  const lock = disk.list('/base/sub').find((name) => name.endsWith('.progress.lock') && Buffer.from(disk.contentOf(`/base/sub/${name}`)).includes(machine.lastWriter));
  const part = disk.contentOf(`/base/sub/${lock?.replace(/\.progress\.lock$/, '.part')}`);
  for (let piece = 0; piece < file.pieces; piece++) {
    if (!has(have, piece)) expect(await receiver.write(1, piece, file.piece(piece), null)).toEqual({ kind: 'written' });
    else if (!Buffer.from(file.piece(piece)).equals(part.subarray(piece * pieceBytes, piece * pieceBytes + file.piece(piece).length))) throw new Error(`piece ${piece} is not what is claimed`);
  }
  const { path } = await receiver.finish(1);
  if (!Buffer.from(file.data).equals(disk.contentOf(path))) throw new Error('the finished file is wrong');
}

/** Throws with the smallest mutant that breaks a promise, and how to see it again. */
export async function checkMutants(count: number, seed: number): Promise<void> {
  const { machine, history } = await receivedMachine();
  await fc.assert(fc.asyncProperty(mutants(history), (mutant) => checkMutant(machine, mutant)), { numRuns: count, seed });
}
