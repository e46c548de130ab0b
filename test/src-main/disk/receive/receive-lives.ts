import { JournalEncoder } from '#main/core/progress/journal.ts';
import { sha256 } from '#main/disk/hash/sha256.ts';
import type { FileTarget, SmallFile } from '#main/node/ports/receiver.ts';
import { KiB } from '#shared/units.ts';
import type { SimulatedMachine } from '../simulated/simulated-world.ts';
import type { Play } from './receive-play.ts';
import { sampleFile, targetOf } from './sample-file.ts';

export const pieceBytes = 16 * KiB;
export const file = sampleFile(90_000, 1, pieceBytes);
export const other = sampleFile(90_000, 9, pieceBytes);
export const target: FileTarget = targetOf(file, '/base', ['sub', 'file']);
export const provisional: FileTarget = { ...target, root: null, layer: null };
const all = Array.from({ length: file.pieces }, (_, piece) => piece);

const smallSamples = [sampleFile(100, 5, pieceBytes), sampleFile(3000, 6, pieceBytes), sampleFile(0, 7, pieceBytes), sampleFile(700, 8, pieceBytes)];
/** Four small files in two folders; two of one name. */
export const small: readonly SmallFile[] = smallSamples.map((each, at) => ({
  target: targetOf(each, '/base', at === 3 ? ['sub', 'deep', 'd'] : ['sub', at === 1 ? 'a' : `${'abc'[at]}`], { executable: at === 0 }),
  data: each.data,
}));

/** A life of a receiving program. It differs a little from one `random` to the next. */
export interface Life {
  /** Small files are received, besides the large one afterwards. */
  readonly hasSmall?: boolean;
  /** What others have there before; it must be there afterwards. */
  readonly foreign?: Readonly<Record<string, string>>;
  /** Pieces that are there to begin with. */
  readonly there?: readonly number[];
  /** Brings the disk into the state to begin with, all of it durable. */
  readonly prepare?: (machine: SimulatedMachine) => void;
  readonly run: (play: Play, random: () => number) => Promise<void>;
}

function shuffled(items: readonly number[], random: () => number): number[] {
  const left = [...items];
  return items.map(() => left.splice(Math.floor(random() * left.length), 1)[0] ?? 0);
}

const turn = (): Promise<void> => new Promise(setImmediate);

/** Writes pieces with group commits now and then. */
async function receive(play: Play, pieces: readonly number[], random: () => number, hashes = false): Promise<void> {
  for (let at = 0; at < pieces.length; at++) {
    // Sometimes the next one comes before the disk has this one.
    const together = random() < 0.3 && at + 1 < pieces.length ? 2 : 1;
    await Promise.all(pieces.slice(at, at + together).map((piece) => play.write([piece], hashes)));
    at += together - 1;
    if (random() < 0.3) play.machine.ring();
    if (random() < 0.4) await turn();
  }
}

/** A journal that opening finds too long, of a file of which two pieces are there. */
function longJournal(machine: SimulatedMachine): void {
  const { disk } = machine;
  disk.putFolder('/base/sub');
  const part = new Uint8Array(file.data.length);
  part.set(file.piece(0));
  part.set(file.piece(2), 2 * pieceBytes);
  disk.put('/base/sub/file.part', part);
  const inode = disk.at('/base/sub/file.part')?.inode ?? 0n;
  const { encoder, bytes } = JournalEncoder.begin(sha256, { root: file.root, bytes: file.data.length, pieceBytes, device: 1n, inode, bootId: new Uint8Array(16).fill(1), journalId: new Uint8Array(16).fill(3) });
  const parts = [bytes, ...[0, 2].map((piece) => encoder.encode({ kind: 'piece', piece, hash: file.hash(piece) })), encoder.encode({ kind: 'barrier', through: 2 })];
  for (let opened = 0; opened < 1050; opened++) parts.push(encoder.encode({ kind: 'opened', bootId: new Uint8Array(16).fill(1) }));
  disk.put('/base/sub/file.progress', new Uint8Array(Buffer.concat(parts)));
}

export const lives: Readonly<Record<string, Life>> = {
  'written, closed, opened again, finished': {
    async run(play, random) {
      const order = shuffled(all, random);
      await play.open(target);
      await receive(play, order.slice(0, 4), random);
      await play.close();
      await play.open(target);
      await receive(play, order.slice(4), random);
      await play.finish();
    },
  },
  'in one go': {
    async run(play, random) {
      await play.open(target);
      await receive(play, shuffled(all, random), random);
      await play.finish();
    },
  },
  'beside files of others': {
    foreign: { '/base/sub/file': 'of somebody else', '/base/sub/file.part': 'also of somebody else', '/base/mine': 'mine' },
    async run(play, random) {
      await play.open(target);
      await receive(play, shuffled(all, random), random);
      await play.finish();
    },
  },
  'provisional, then bound': {
    async run(play, random) {
      await play.open(provisional);
      await play.writeWrong(2, other);
      await receive(play, [0, 1, 3], random, true);
      await play.bindRoot();
      await receive(play, [2, 4, 5], random);
      await play.finish();
    },
  },
  'provisional, closed, bound on opening': {
    async run(play, random) {
      await play.open(provisional);
      await play.writeWrong(1, other);
      await receive(play, [0, 3], random, true);
      await play.close();
      await play.open(target);
      await receive(play, [1, 2, 4, 5], random);
      await play.finish();
    },
  },
  'a long journal is written anew': {
    there: [0, 2],
    prepare: longJournal,
    async run(play, random) {
      await play.open(target);
      await receive(play, [1, 3], random);
      await play.close();
    },
  },
  'damage leads to a new journal': {
    async run(play, random) {
      await play.open(target);
      await receive(play, [0, 1, 4], random);
      await play.close();
      const part = new Uint8Array(file.data.length);
      part.set(play.machine.disk.contentOf('/base/sub/file.part'));
      part.set(other.piece(5), 5 * pieceBytes);
      play.machine.disk.put('/base/sub/file.part', part);
      await play.open(target);
      await receive(play, [2, 3, 5], random);
      await play.finish();
    },
  },
  'given up while open': {
    async run(play, random) {
      await play.open(target);
      await receive(play, [0, 1], random);
      await play.discard();
    },
  },
  'given up when closed': {
    async run(play, random) {
      await play.open(random() < 0.5 ? target : provisional);
      await receive(play, [0, 1], random, true);
      await play.close();
      await play.discardPartial('/base', ['sub', 'file']);
    },
  },
  'found complete': {
    async run(play, random) {
      await play.open(target);
      await receive(play, [0, 1], random);
      await play.close();
      play.machine.disk.put('/base/sub/file', file.data);
      await play.open(target);
    },
  },
  'small files': {
    hasSmall: true,
    foreign: { '/base/sub/c': 'of somebody else' },
    async run(play, random) {
      const cut = 1 + Math.floor(random() * 3);
      await play.writeSmall(small.slice(0, cut), 0);
      if (random() < 0.5) await play.flush();
      await play.writeSmall(small.slice(cut), cut);
      await play.flush();
      await play.open(target);
      await play.disk.shutdown();
    },
  },
};
