import type { Sha256 } from '#main/core/content/merkle.ts';
import { JournalEncoder, parseJournal, type Journal, type JournalEnd, type JournalHeader, type JournalRecord, type ParsedJournal } from '#main/core/progress/journal.ts';
import type { Bytes } from '#shared/units.ts';
import { readFully, writeFully, type Files, type Folder } from '../files.ts';
import type { PartNames } from './part-names.ts';

/** A journal grows by what happens; it never needs more than this, and nobody makes us read more. */
const maxJournalBytes = 1024 * 1024 * 1024;

/** Reads `NAME.progress`; null when there is none. Throws system errors. */
export function readJournal(files: Files, folder: Folder, name: string, sha256: Sha256): ParsedJournal | null {
  const state = files.lookup(folder, name);
  if (state === null) return null;
  if (state.kind !== 'file' || state.bytes > maxJournalBytes) return { kind: 'damaged' };
  const fd = files.open(folder, name, 'read');
  try {
    const bytes = new Uint8Array(state.bytes);
    return parseJournal(bytes.subarray(0, readFully(files, fd, bytes, 0)), sha256);
  } finally {
    files.close(fd);
  }
}

/** Deletes a journal, and one that was made anew but never took its place; either may be gone already. */
export function removeJournals(files: Files, folder: Folder, names: Pick<PartNames, 'progress' | 'progressAside'>): void {
  for (const name of [names.progressAside, names.progress]) if (files.lookup(folder, name) !== null) files.unlink(folder, name);
}

/** Leaves a journal that says nothing: it tells only that the part file beside it is ours, to be read anew. Throws system errors. */
export function voidJournal(files: Files, folder: Folder, names: Pick<PartNames, 'progress' | 'progressAside'>): void {
  removeJournals(files, folder, names);
  files.close(files.create(folder, names.progress));
}

interface Place {
  readonly bytes: Bytes;
  readonly end: JournalEnd;
}

/** An open `NAME.progress`. Every record is appended at once; `barrier` makes what came before durable. */
export class JournalFile {
  readonly #files: Files;
  readonly #sha256: Sha256;
  readonly #fd: number;
  #encoder: JournalEncoder;
  #bytes: Bytes;
  /** End of the last record that is known to speak of durable data. */
  #durable: Place;
  /** What the last barrier speaks of: as durable as that is itself. */
  #promised: Place;
  /** A sync failed: one that works after it, or beside it, proves nothing. */
  #isDoubtful = false;

  private constructor(files: Files, sha256: Sha256, fd: number, encoder: JournalEncoder, bytes: Bytes) {
    this.#files = files;
    this.#sha256 = sha256;
    this.#fd = fd;
    this.#encoder = encoder;
    this.#bytes = bytes;
    this.#durable = this.place;
    this.#promised = this.#durable;
  }

  /**
   * Makes a journal under the name `aside`, syncs it and moves it to `name`, over an older one: there is always one whole
   * journal or none. The folder's own sync is left to the caller.
   */
  static async replace(files: Files, sha256: Sha256, folder: Folder, name: string, aside: string, header: JournalHeader, records: readonly JournalRecord[]): Promise<JournalFile> {
    if (files.lookup(folder, aside) !== null) files.unlink(folder, aside);
    const fd = files.create(folder, aside);
    try {
      const { encoder, bytes } = JournalEncoder.begin(sha256, header);
      const parts = [bytes, ...records.map((record) => encoder.encode(record))];
      const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
      let at = 0;
      for (const part of parts) {
        all.set(part, at);
        at += part.length;
      }
      writeFully(files, fd, all, 0);
      await files.sync(fd);
      files.rename(folder, aside, name);
      return new JournalFile(files, sha256, fd, encoder, all.length);
    } catch (thrown) {
      files.close(fd);
      if (files.lookup(folder, aside) !== null) files.unlink(folder, aside);
      throw thrown;
    }
  }

  /**
   * Goes on with a parsed journal; a torn tail is cut off. What is left is written again as it was read: after a sync that
   * failed, readers may see records that the system will never write, and later ones would follow a gap.
   */
  static resume(files: Files, sha256: Sha256, folder: Folder, name: string, journal: Journal): JournalFile {
    const fd = files.open(folder, name, 'write');
    try {
      const valid = new Uint8Array(journal.validBytes);
      writeFully(files, fd, valid.subarray(0, readFully(files, fd, valid, 0)), 0);
      files.truncate(fd, journal.validBytes);
      return new JournalFile(files, sha256, fd, new JournalEncoder(sha256, journal.end), journal.validBytes);
    } catch (thrown) {
      files.close(fd);
      throw thrown;
    }
  }

  /** End of the last record. */
  get place(): Place {
    return { bytes: this.#bytes, end: this.#encoder.end };
  }

  /** Appends a record. When the disk refuses, the journal stays as it was. Throws system errors. */
  append(record: JournalRecord): void {
    const before = this.place;
    const bytes = this.#encoder.encode(record);
    try {
      writeFully(this.#files, this.#fd, bytes, this.#bytes);
      this.#bytes += bytes.length;
    } catch (thrown) {
      this.#cutTo(before);
      throw thrown;
    }
  }

  /** Says that data recorded up to `place` is on stable storage, durably. */
  async barrier(place: Place): Promise<void> {
    this.appendBarrier(place);
    await this.sync();
  }

  /** The first half of `barrier`. When the disk refuses, the journal stays as it was. */
  appendBarrier(place: Place): void {
    this.append({ kind: 'barrier', through: place.end.sequence });
    this.#promised = place;
  }

  /** Makes every record durable, and with it the barriers among them. */
  async sync(): Promise<void> {
    const promised = this.#promised;
    try {
      await this.#files.syncData(this.#fd);
    } catch (thrown) {
      this.#isDoubtful = true;
      throw thrown;
    }
    if (!this.#isDoubtful && promised.bytes > this.#durable.bytes) this.#durable = promised;
  }

  /** Forgets everything that was recorded after the last barrier's data: it may not be on the disk. */
  forgetSinceBarrier(): void {
    this.#cutTo(this.#durable);
  }

  close(): void {
    this.#files.close(this.#fd);
  }

  #cutTo(place: Place): void {
    this.#encoder = new JournalEncoder(this.#sha256, place.end);
    this.#bytes = place.bytes;
    this.#files.truncate(this.#fd, place.bytes);
  }
}
