import { expect, it } from 'vitest';
import { KiB } from '#shared/units.ts';
import { SimulatedMachine, openOptions, seeded } from '../simulated/simulated-world.ts';
import { sampleFile, targetOf, type SampleFile } from './sample-file.ts';

const isSet = (have: Uint8Array, piece: number): boolean => ((have[piece >> 3] ?? 0) & (0x80 >> (piece & 7))) !== 0;
const pieceBytes = 16 * KiB;

/** What an observer outside knows about an unfinished file. */
interface Known {
  /** Answered as written since the last opening. */
  readonly written: Set<number>;
  /** Must be there whatever happens: reported by an opening, or closed cleanly over. */
  readonly safe: Set<number>;
}

async function live(machine: SimulatedMachine, file: SampleFile, known: Known, last: 'kill' | 'power cut' | 'close' | null, random: () => number): Promise<'kill' | 'power cut' | 'close'> {
  const disk = machine.start();
  const { have, existing } = await disk.open(1, targetOf(file, '/base', ['file']), openOptions);
  expect(existing).toBeNull();
  expect(machine.disk.list().filter((name) => name.endsWith('.part')), 'no second start').toEqual(['file.part']);
  const content = machine.disk.contentOf('/base/file.part');
  for (let piece = 0; piece < file.pieces; piece++) {
    const isThere = Buffer.from(file.piece(piece)).equals(content.subarray(piece * pieceBytes, (piece + 1) * pieceBytes));
    if (isSet(have, piece)) expect(isThere, `no false claim of ${piece}`).toBe(true);
    if (known.safe.has(piece) || (last !== 'power cut' && known.written.has(piece))) expect(isSet(have, piece), `${piece} was not lost`).toBe(true);
    if (isSet(have, piece)) known.safe.add(piece);
  }
  known.written.clear();
  for (let steps = Math.floor(random() * 12); steps > 0; steps--) {
    const piece = Math.floor(random() * file.pieces);
    expect(await disk.write(1, piece, file.piece(piece), null)).toEqual({ kind: 'written' });
    known.written.add(piece);
    if (random() < 0.2) machine.ring();
    if (random() < 0.3) await new Promise(setImmediate);
  }
  if (random() < 0.34) {
    await disk.close(1);
    for (const piece of known.written) known.safe.add(piece);
    if (random() < 0.5) machine.cutPower();
    return 'close';
  }
  if (random() < 0.5) {
    machine.kill();
    return 'kill';
  }
  machine.cutPower();
  return 'power cut';
}

it('through kills, power cuts and closes in any order nothing false is claimed and nothing safe is lost', { timeout: 60_000 }, async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = seeded(seed);
    const machine = new SimulatedMachine(seed);
    const file = sampleFile(1 + Math.floor(random() * 300_000), seed, pieceBytes);
    const known: Known = { written: new Set(), safe: new Set() };
    let last: 'kill' | 'power cut' | 'close' | null = null;
    for (let lives = 6; lives > 0; lives--) {
      try {
        last = await live(machine, file, known, last, random);
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
    }
    const disk = machine.start();
    await disk.open(1, targetOf(file, '/base', ['file']), openOptions);
    for (let piece = 0; piece < file.pieces; piece++) await disk.write(1, piece, file.piece(piece), null);
    await disk.finish(1);
    machine.cutPower();
    // A power cut may keep that a dead writer's lock was moved aside and forget that it was then deleted: it harms nobody.
    expect(machine.disk.list().filter((name) => !name.includes('.lock~'))).toEqual(['file']);
    expect(Buffer.from(machine.disk.contentOf('/base/file')).equals(Buffer.from(file.data)), `seed ${seed}`).toBe(true);
  }
});
