import { expect } from 'vitest';
import { parseJournal } from '#main/core/progress/journal.ts';
import type { ReceiveDisk } from '#main/disk/receive/receive-disk.ts';
import { sha256 } from '#main/disk/hash/sha256.ts';
import type { FileTarget, ReceivedFile, SmallFile, SmallOutcome, WriteOutcome } from '#main/node/ports/receiver.ts';
import { AppError } from '#shared/errors.ts';
import type { Operation, Phase } from '../simulated/simulated-files.ts';
import { type SimulatedMachine, openOptions } from '../simulated/simulated-world.ts';
import type { SampleFile } from './sample-file.ts';

/** What an observer outside the disk knows, and so what must be there after a crash. */
export interface Known {
  /** Pieces that were answered as written: a kill must not lose them. */
  readonly written: ReadonlySet<number>;
  /** Pieces of which a group commit is over: a power cut must not lose them. */
  readonly safe: ReadonlySet<number>;
  /** The file was to be finished, was called finished, or somebody gave it up. */
  readonly end: 'none' | 'finishing' | 'finished' | 'given up';
  /** Small files of which the folder was flushed. */
  readonly small: ReadonlySet<number>;
}

export const knowsNothing: Known = { written: new Set(), safe: new Set(), end: 'none', small: new Set() };

export const has = (have: Uint8Array, piece: number): boolean => ((have[piece >> 3] ?? 0) & (0x80 >> (piece & 7))) !== 0;

/** Throws what the disk refused with. */
function assertWritten(outcome: WriteOutcome | SmallOutcome): void {
  if (outcome.kind === 'error') throw new AppError(outcome.error.code, outcome.error.params);
  expect(outcome.kind).not.toBe('corrupt');
}

/** A receiving program that does what it is told and notes what it was promised. */
export class Play {
  readonly machine: SimulatedMachine;
  readonly file: SampleFile;
  #disk: ReceiveDisk;
  #handle = 0;
  readonly #written: Set<number>;
  readonly #safe: Set<number>;
  #inCommit = new Set<number>();
  #end: Known['end'] = 'none';
  #smallDone = new Set<number>();
  #small = new Set<number>();
  /** Given to a commit of the data that is over; safe when the journal says so, as it is on stable storage. */
  #committed = new Set<number>();

  constructor(machine: SimulatedMachine, file: SampleFile, there: readonly number[] = []) {
    this.machine = machine;
    this.file = file;
    this.#written = new Set(there);
    this.#safe = new Set(there);
    this.#disk = machine.start();
    machine.disk.done = (operation, name) => { this.#over(operation, name); };
  }

  get disk(): ReceiveDisk {
    return this.#disk;
  }

  get known(): Known {
    return { written: new Set(this.#written), safe: new Set(this.#safe), end: this.#end, small: new Set(this.#small) };
  }

  /** To be called when an operation begins. */
  begins(operation: Operation, name: string, phase: Phase): void {
    if (phase === 'start' && operation === 'syncData' && name.endsWith('.part')) this.#inCommit = new Set(this.#written);
  }

  #over(operation: Operation, name: string): void {
    if (operation !== 'syncData') return;
    if (name.endsWith('.part')) this.#committed = this.#inCommit;
    if (!name.endsWith('.progress')) return;
    const journal = this.machine.disk.at(`/base/sub/${name}`);
    const parsed = journal?.kind === 'file' ? parseJournal(journal.durable, sha256) : null;
    if (parsed?.kind !== 'journal') return;
    for (const [piece, { sequence }] of parsed.journal.pieces) if (sequence <= parsed.journal.durableThrough && this.#committed.has(piece)) this.#safe.add(piece);
  }

  async open(target: FileTarget): Promise<ReceivedFile> {
    const opened = await this.#disk.open(++this.#handle, target, openOptions);
    for (let piece = 0; piece < this.file.pieces; piece++) {
      if (!has(opened.have, piece) || target.root === null) continue;
      this.#written.add(piece);
      this.#safe.add(piece);
    }
    if (opened.existing !== null) this.#end = 'finished';
    return opened;
  }

  /** Writes pieces of the file; with `hashes` each brings its own, as before the root is known. */
  async write(pieces: readonly number[], hashes = false): Promise<void> {
    for (const piece of pieces) {
      assertWritten(await this.#disk.write(this.#handle, piece, this.file.piece(piece), hashes ? this.file.hash(piece) : null));
      this.#written.add(piece);
    }
  }

  /** Writes a piece of another file, as a peer does that has no root to be held to. */
  async writeWrong(piece: number, from: SampleFile): Promise<void> {
    assertWritten(await this.#disk.write(this.#handle, piece, from.piece(piece), from.hash(piece)));
  }

  async bindRoot(): Promise<void> {
    await this.#disk.bindRoot(this.#handle, this.file.root, this.file.layer);
  }

  async close(): Promise<void> {
    await this.#disk.close(this.#handle);
    for (const piece of this.#written) this.#safe.add(piece);
  }

  async finish(): Promise<string> {
    this.#end = 'finishing';
    const { path } = await this.#disk.finish(this.#handle);
    this.#end = 'finished';
    return path;
  }

  async discard(): Promise<void> {
    this.#end = 'given up';
    await this.#disk.discard(this.#handle);
  }

  async discardPartial(base: string, path: readonly string[]): Promise<void> {
    this.#end = 'given up';
    await this.#disk.discardPartial(base, path, this.file.data.length, this.file.root);
  }

  async writeSmall(files: readonly SmallFile[], first: number): Promise<void> {
    const outcomes = await this.#disk.writeSmall(files);
    outcomes.forEach((outcome, at) => { if (outcome.kind === 'done') this.#smallDone.add(first + at); });
    outcomes.forEach(assertWritten);
  }

  /** Stops as a transfer does that met an error: closes what is open, then the program. Gives what went wrong with that. */
  async stop(): Promise<unknown[]> {
    const errors: unknown[] = [];
    await this.#disk.shutdown().catch((error: unknown) => { errors.push(error); });
    return errors;
  }

  async flush(): Promise<void> {
    const done = [...this.#smallDone];
    await this.#disk.flush();
    for (const at of done) this.#small.add(at);
  }
}
