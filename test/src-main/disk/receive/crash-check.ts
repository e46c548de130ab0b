import { expect } from 'vitest';
import type { ReceivedFile } from '#main/node/ports/receiver.ts';
import { cutStyles, type CutStyle } from '../simulated/power-cut.ts';
import { type SimulatedMachine, openOptions } from '../simulated/simulated-world.ts';
import { file, other, pieceBytes, provisional, small, target, type Life } from './receive-lives.ts';
import { has, type Known } from './receive-play.ts';

export type Ending = 'kill' | 'power cut';

/** A machine after a crash, and what is known of what went on before. */
export interface Aftermath {
  readonly machine: SimulatedMachine;
  readonly ending: Ending;
  readonly known: Known;
  readonly life: Life;
  readonly random: () => number;
  /** Volumes that keep no promise about names after a power cut. */
  readonly namesMayBeLost?: boolean;
  /** Others took away or replaced what was ours, so side files may lie about that nobody knows whose they are. */
  readonly mayLeave?: boolean;
}

const pieces = Array.from({ length: file.pieces }, (_, piece) => piece);
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.from(a.buffer, a.byteOffset, a.length).equals(b);
const styles: readonly CutStyle[] = Object.values(cutStyles);
export const anyStyle = (random: () => number): CutStyle => styles[Math.floor(random() * styles.length)] ?? { names: 0, data: 0, torn: 0, length: 0 };

/**
 * Traces of a crash that stay, because nobody can tell whose they are: a dead writer's lock that was moved aside but not yet
 * deleted, a trial file of a volume's first use that a power cut has filled with what a deleted file had there, and an empty part
 * file without lock or journal.
 */
const isHarmless = (machine: SimulatedMachine, path: string): boolean =>
  /~writer-\d+$/.test(path) ||
  (/\/\.distrishare-probe-[^/]*$/.test(path) && machine.disk.contentOf(path).some((byte) => byte !== 0)) ||
  (path.endsWith('.part') && machine.disk.contentOf(path).length === 0);

function filesOf(machine: SimulatedMachine, folder = '/base'): string[] {
  return machine.disk.list(folder).flatMap((name) => {
    const path = `${folder}/${name}`;
    return machine.disk.at(path)?.kind === 'folder' ? filesOf(machine, path) : [path];
  });
}

/** Nobody else's file is changed, replaced or gone. */
function checkForeign({ machine, life }: Aftermath): void {
  for (const [path, text] of Object.entries(life.foreign ?? {})) expect(same(Buffer.from(text), machine.disk.contentOf(path)), `${path} is as somebody else left it`).toBe(true);
}

/** Every piece that is claimed is on disk: the file's own, or before there is a root, what was said of it. */
function checkClaims(machine: SimulatedMachine, { have }: ReceivedFile, isBound: boolean): void {
  const isHeld = (name: string): boolean => Buffer.from(machine.disk.contentOf(`/base/sub/${name}`)).toString().includes(`"${machine.lastWriter}"`);
  const locks = machine.disk.list('/base/sub').filter((name) => name.endsWith('.progress.lock') && isHeld(name));
  expect(locks, 'one file is open').toHaveLength(1);
  const part = machine.disk.contentOf(`/base/sub/${locks[0]?.replace(/\.progress\.lock$/, '.part')}`);
  const isTrue = (piece: number): boolean => {
    const onDisk = part.subarray(piece * pieceBytes, (piece + 1) * pieceBytes);
    return same(file.piece(piece), onDisk) || (!isBound && same(other.piece(piece), onDisk));
  };
  expect(pieces.filter((piece) => has(have, piece) && !isTrue(piece)), 'pieces that are not what is claimed').toEqual([]);
}

function checkNothingLost({ ending, known, namesMayBeLost }: Aftermath, { have, existing }: ReceivedFile): void {
  if (ending === 'power cut' && namesMayBeLost === true) return;
  if (known.end === 'finished') expect(existing, 'what was finished is there').not.toBeNull();
  if (known.end === 'given up' || existing !== null) return;
  const due = ending === 'kill' ? known.written : known.safe;
  expect([...due].filter((piece) => !has(have, piece)), 'nothing recorded is lost').toEqual([]);
}

/** Opens, checks every claim, receives the rest, and looks whether the file and nothing else is there, also after a power cut. */
async function finishLarge(after: Aftermath): Promise<string> {
  const { machine, random, known } = after;
  const disk = machine.start();
  if (known.end === 'none' && random() < 0.2) {
    const early = await disk.open(1, provisional, openOptions);
    checkClaims(machine, early, false);
    await disk.close(1);
  }
  const opened = await disk.open(2, target, openOptions);
  checkNothingLost(after, opened);
  let path = opened.existing;
  if (path === null) {
    checkClaims(machine, opened, true);
    if (random() < 0.3) await checkStillClaimed(after, opened);
    for (const piece of pieces) {
      expect(await disk.write(2, piece, file.piece(piece), null)).toEqual({ kind: 'written' });
      if (random() < 0.2) machine.ring();
    }
    ({ path } = await disk.finish(2));
  }
  await disk.shutdown();
  expect(machine.disk.handles.size, 'nothing is left open').toBe(0);
  return path;
}

/** What an opening claims, it has made durable. */
async function checkStillClaimed(after: Aftermath, opened: ReceivedFile): Promise<void> {
  if (after.namesMayBeLost === true) return;
  const later = after.machine.fork(1);
  later.cutPower(anyStyle(after.random));
  const { have, existing } = await later.start().open(1, target, openOptions);
  expect(existing).toBeNull();
  expect(pieces.filter((piece) => has(opened.have, piece) && !has(have, piece)), 'claimed on opening, lost by a power cut').toEqual([]);
}

async function finishSmall({ machine, ending, known, namesMayBeLost }: Aftermath): Promise<void> {
  const disk = machine.start();
  const found = await disk.existing(small.map((each) => each.target), new AbortController().signal);
  if (ending === 'kill' || namesMayBeLost !== true) for (const at of known.small) expect(found[at], `small file ${at} is there`).not.toBeNull();
  const outcomes = await disk.writeSmall(small.filter((_, at) => found[at] === null));
  expect(outcomes.filter((outcome) => outcome.kind !== 'done')).toEqual([]);
  await disk.flush();
  await disk.shutdown();
  expect(machine.disk.handles.size, 'nothing is left open').toBe(0);
}

/** Exactly the files that should be there are, whole. */
function checkTree(after: Aftermath, path: string): void {
  const { machine, life } = after;
  checkForeign(after);
  const foreign = Object.keys(life.foreign ?? {});
  // Without links a name is reserved by an empty file, and a crash may leave it.
  const counts = (content: Uint8Array): boolean => after.namesMayBeLost !== true || content.length > 0;
  const ours = filesOf(machine).filter((each) => !foreign.includes(each) && !isHarmless(machine, each) && counts(machine.disk.contentOf(each)));
  const wanted = [file, ...(life.hasSmall === true ? small : [])].filter(({ data }) => counts(data)).map(({ data }) => Buffer.from(data).toString('base64'));
  const there = ours.map((each) => Buffer.from(machine.disk.contentOf(each)).toString('base64'));
  // Where names are never durable, what is left over may have lost what tells whose it is.
  const mayLeave = after.mayLeave === true || (after.namesMayBeLost === true && after.ending === 'power cut');
  expect(there.length === wanted.length || mayLeave ? 'as many files as there should be' : ours).toBe('as many files as there should be');
  expect(wanted.every((content) => there.includes(content)), 'every file is there, whole').toBe(true);
  expect(same(machine.disk.contentOf(path), file.data)).toBe(true);
}

/** Lets the opening crash too, at some moment. */
async function crashAgain(after: Aftermath): Promise<Aftermath> {
  const machine = after.machine.fork(Math.floor(after.random() * 2 ** 31));
  const { random, known } = after;
  let left = Math.floor(random() * 70);
  const isCut = random() < 0.6;
  machine.disk.fault = () => {
    if (left-- !== 0) return left < 0 ? 'EKILLED' : null;
    if (isCut) machine.cutPower(anyStyle(random));
    else machine.kill();
    return 'EKILLED';
  };
  const disk = machine.start();
  await disk.open(1, target, openOptions).catch(() => undefined);
  if (left >= 0) machine.kill();
  machine.disk.fault = () => null;
  return { ...after, machine, ending: isCut || after.ending === 'power cut' ? 'power cut' : 'kill', known };
}

/** Proves that a machine after a crash claims nothing false, lost no more than it may, and still gets the file. */
export async function checkAftermath(after: Aftermath): Promise<void> {
  checkForeign(after);
  if (after.random() < 0.3) await checkCompletion(await crashAgain(after));
  await checkCompletion(after);
}

export async function checkCompletion(after: Aftermath): Promise<void> {
  const { machine, random, life } = after;
  if (life.hasSmall === true) await finishSmall(after);
  const path = await finishLarge(after);
  checkTree(after, path);
  if (after.namesMayBeLost === true) return;
  machine.cutPower(anyStyle(random));
  checkTree(after, path);
}
