import { contentIdOf, type ContentId, type ShareId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { Timestamp } from '#shared/units.ts';
import { emptyRoot } from '#main/core/content/merkle.ts';
import { nameTokens } from '#main/core/search/text.ts';
import type { Store, StoreBatch } from '#main/disk/store/store.ts';
import type { Observed } from '#main/disk/observe.ts';
import {
  depthOf, entryKey, locationKey, nameOf, parentOf, pathKey, tables, tokenKey, type EntryRecord, type FileRecord, type FolderRecord, type ProblemRecord, type ShareRecord,
} from './tables.ts';
import { seenAt } from './coarse-times.ts';
import type { Change } from './tree-change.ts';

const emptyFileId: ContentId = contentIdOf(emptyRoot);

export interface CommitResult {
  /** Something a viewer could see has changed. */
  readonly changed: boolean;
  /** Files whose hash was of another version than the one listed. */
  readonly stale: readonly string[];
  /** Folders removed with everything in them; what was below is still to be deleted. */
  readonly sweeps: readonly string[];
  /** Changes below a folder that was removed in the same breath: to be made when the sweep is done. */
  readonly deferred: readonly Change[];
  /** Contents with a piece layer of which one place less is known. */
  readonly dropped: readonly ContentId[];
  readonly due: number;
  readonly todo: number;
}

interface Totals {
  bytes: number;
  files: number;
  folders: number;
}

/**
 * Turns what has become known about paths of one share into one atomic batch: entries, the totals and content ids of
 * all folders above them, and every index. Totals change by differences, so that the order in which scans, events and
 * hashes arrive does not matter.
 */
export class TreeCommit {
  readonly #store: Store;
  readonly #share: ShareRecord;
  readonly #now: Timestamp;
  readonly #batch: StoreBatch;
  /** Entries read, with changes of this commit applied; null: not there. */
  readonly #entries = new Map<string, EntryRecord | null>();
  readonly #before = new Map<string, EntryRecord | null>();
  readonly #problems = new Map<string, ProblemRecord | null>();
  readonly #kept = new Map<string, { version: string; contentId: ContentId }>();
  readonly #changedTotals = new Map<string, Totals>();
  readonly #stale: string[] = [];
  readonly #sweeps: string[] = [];
  readonly #deferred: Change[] = [];
  readonly #dropped = new Set<ContentId>();
  #hashedFiles = 0;
  #hashedBytes = 0;
  #problemCount = 0;
  #changed = false;
  #todo = 0;
  #due = 0;

  constructor(store: Store, share: ShareRecord, now: Timestamp) {
    this.#store = store;
    this.#share = share;
    this.#now = now;
    this.#batch = store.batch();
  }

  /** Applies the changes and writes. `useKept`: take over hashes kept from a damaged listing. */
  async run(changes: readonly Change[], useKept: boolean): Promise<CommitResult> {
    await this.#load(changes, useKept);
    for (const change of changes) this.#apply(change);
    this.#settleFolders();
    this.#writeEntries();
    const share = this.#settledShare();
    if (share !== null) this.#batch.put(tables.share, share.id, share);
    await this.#batch.write();
    if (share !== null) Object.assign(this.#share, share);
    return { changed: this.#changed, stale: this.#stale, sweeps: this.#sweeps, deferred: this.#deferred, dropped: [...this.#dropped], due: this.#due, todo: this.#todo };
  }

  get #id(): ShareId {
    return this.#share.id;
  }

  /** Reads every record the changes can touch: the paths, their ancestors, their problems. */
  async #load(changes: readonly Change[], useKept: boolean): Promise<void> {
    const paths = new Set<string>();
    const observed = new Set<string>();
    for (const { kind, path } of changes) {
      if (kind === 'observed') observed.add(path);
      for (let at = path; !paths.has(at); at = parentOf(at)) {
        paths.add(at);
        if (at === '') break;
      }
    }
    const list = [...paths];
    const records = await this.#store.getMany(tables.entry, list.map((path) => entryKey(this.#id, path)));
    list.forEach((path, at) => {
      this.#entries.set(path, records[at] ?? null);
      this.#before.set(path, records[at] ?? null);
    });
    const asked = [...observed];
    const problems = await this.#store.getMany(tables.problem, asked.map((path) => entryKey(this.#id, path)));
    asked.forEach((path, at) => this.#problems.set(path, problems[at] ?? null));
    if (useKept) await this.#loadKept(changes);
  }

  /** Hashes of a damaged listing count when the piece hashes that belong to them are still there. */
  async #loadKept(changes: readonly Change[]): Promise<void> {
    const files = changes.flatMap((change) => (change.kind === 'observed' && change.state.kind === 'file' ? [{ path: change.path, bytes: change.state.bytes }] : []));
    const found = await this.#store.getMany(tables.kept, files.map(({ path }) => pathKey(this.#id, path)));
    for (const [at, kept] of found.entries()) {
      const file = files[at];
      if (kept === undefined || file === undefined) continue;
      if (file.bytes > limits.content.minPieceBytes && (await this.#store.get(tables.layer, kept.contentId)) === undefined) continue;
      this.#kept.set(file.path, kept);
    }
  }

  #apply(change: Change): void {
    if (this.#sweeps.some((swept) => change.path === swept || change.path.startsWith(`${swept}/`))) {
      this.#deferred.push(change);
      return;
    }
    switch (change.kind) {
      case 'observed':
        this.#observed(change.path, change.state);
        return;
      case 'listed': {
        const folder = this.#entries.get(change.path);
        if (folder?.kind === 'folder' && !folder.listed) this.#set(change.path, { ...folder, listed: true });
        return;
      }
      case 'hashed':
        this.#hashed(change);
        return;
    }
  }

  #observed(path: string, state: Observed): void {
    // Somebody removed the folder meanwhile: what was seen in it is of no interest any more.
    if (path !== '' && this.#entries.get(parentOf(path))?.kind !== 'folder') return;
    const problem = this.#problems.get(path) ?? null;
    if (state.kind === 'file' && problem !== null && problem.version === state.version) return;
    this.#setProblem(path, state.kind === 'problem' ? { error: state.error, version: state.version } : null);
    const before = this.#entries.get(path) ?? null;
    if (state.kind === 'file') this.#observedFile(path, before, state);
    else if (state.kind === 'folder') this.#observedFolder(path, before, state);
    else if (before !== null) this.#replace(path, before, null);
  }

  #observedFile(path: string, before: EntryRecord | null, state: Extract<Observed, { kind: 'file' }>): void {
    if (before?.kind === 'file' && before.version === state.version) return;
    const kept = this.#kept.get(path);
    const contentId = state.bytes === 0 ? emptyFileId : kept?.version === state.version ? kept.contentId : null;
    this.#replace(path, before, { ...state, contentId });
  }

  #observedFolder(path: string, before: EntryRecord | null, state: Extract<Observed, { kind: 'folder' }>): void {
    if (before?.kind === 'folder') {
      if (before.modifiedAt !== state.modifiedAt) this.#set(path, { ...before, modifiedAt: state.modifiedAt });
      return;
    }
    const { modifiedAt } = state;
    this.#replace(path, before, { kind: 'folder', bytes: 0, files: 0, folders: 0, modifiedAt, children: 0, open: 0, listed: false, contentId: null });
  }

  #hashed(change: Extract<Change, { kind: 'hashed' }>): void {
    const before = this.#entries.get(change.path) ?? null;
    if (before?.kind !== 'file') return;
    if (before.version !== change.version) {
      this.#stale.push(change.path);
      return;
    }
    if (before.contentId === change.contentId) return;
    if (change.layer !== null) this.#batch.put(tables.layer, change.contentId, change.layer);
    this.#replace(change.path, before, { ...before, contentId: change.contentId });
  }

  /** Puts one entry in place of another and adds the difference to its folder. */
  #replace(path: string, before: EntryRecord | null, after: EntryRecord | null): void {
    this.#changed = true;
    if (before !== null) this.#unindex(path, before, after);
    if (after !== null) this.#index(path, before, after);
    this.#countHashed(before, -1);
    this.#countHashed(after, 1);
    this.#set(path, after);
    if (path === '') return;
    const folder = this.#entries.get(parentOf(path));
    if (folder?.kind !== 'folder') return;
    this.#set(parentOf(path), {
      ...folder,
      children: folder.children + (after === null ? 0 : 1) - (before === null ? 0 : 1),
      open: folder.open + openness(after) - openness(before),
    });
    this.#addTotals(parentOf(path), totalsOf(before), totalsOf(after));
  }

  #index(path: string, before: EntryRecord | null, after: EntryRecord): void {
    if (after.contentId !== null) this.#batch.put(tables.location, locationKey(after.contentId, this.#id, path), true);
    if (after.kind === 'file' && after.contentId === null) {
      this.#batch.put(tables.todo, pathKey(this.#id, path), { bytes: after.bytes, seenAt: seenAt(after.modifiedAt, this.#now) });
      this.#todo++;
    }
    if (path !== '' && before?.kind !== after.kind) {
      for (const token of nameTokens(nameOf(path))) this.#batch.put(tables.token, tokenKey(token, this.#id, path), after.kind);
    }
  }

  #unindex(path: string, before: EntryRecord, after: EntryRecord | null): void {
    if (before.contentId !== null) this.#dropLocation(before.contentId, path, before);
    if (before.kind === 'file' && before.contentId === null) this.#batch.delete(tables.todo, pathKey(this.#id, path));
    if (before.kind === 'folder' && after?.kind !== 'folder') {
      this.#batch.put(tables.sweep, pathKey(this.#id, path), true).delete(tables.due, pathKey(this.#id, path));
      this.#sweeps.push(path);
    }
    if (path !== '' && after === null) {
      for (const token of nameTokens(nameOf(path))) this.#batch.delete(tables.token, tokenKey(token, this.#id, path));
    }
  }

  #dropLocation(id: ContentId, path: string, entry: EntryRecord): void {
    this.#batch.delete(tables.location, locationKey(id, this.#id, path));
    if (entry.kind === 'folder') this.#batch.delete(tables.page, entryKey(this.#id, path));
    else if (hasLayer(entry)) this.#dropped.add(id);
  }

  #countHashed(entry: EntryRecord | null, sign: 1 | -1): void {
    if (entry?.kind !== 'file' || entry.contentId === null) return;
    this.#hashedFiles += sign;
    this.#hashedBytes += sign * entry.bytes;
  }

  #setProblem(path: string, problem: ProblemRecord | null): void {
    const before = this.#problems.get(path) ?? null;
    if (problem === null && before === null) return;
    this.#problems.set(path, problem);
    this.#problemCount += (problem === null ? 0 : 1) - (before === null ? 0 : 1);
    if (problem === null) this.#batch.delete(tables.problem, entryKey(this.#id, path));
    else this.#batch.put(tables.problem, entryKey(this.#id, path), problem);
  }

  #set(path: string, entry: EntryRecord | null): void {
    this.#entries.set(path, entry);
  }

  #addTotals(folder: string, before: Totals, after: Totals): void {
    const totals = this.#changedTotals.get(folder) ?? { bytes: 0, files: 0, folders: 0 };
    totals.bytes += after.bytes - before.bytes;
    totals.files += after.files - before.files;
    totals.folders += after.folders - before.folders;
    this.#changedTotals.set(folder, totals);
  }

  /** Carries differences up, deepest folders first: totals, lost content ids, and which ids can be worked out now. */
  #settleFolders(): void {
    const folders = [...this.#entries].flatMap(([path, entry]) => (entry?.kind === 'folder' ? [{ path, depth: depthOf(path) }] : []));
    for (const { path } of folders.sort((one, other) => other.depth - one.depth)) {
      const folder = this.#entries.get(path);
      if (folder?.kind !== 'folder') continue;
      const totals = this.#changedTotals.get(path);
      const before = this.#before.get(path);
      let after = totals === undefined ? folder : { ...folder, bytes: folder.bytes + totals.bytes, files: folder.files + totals.files, folders: folder.folders + totals.folders };
      const touched = totals !== undefined || (before?.kind === 'folder' && before.listed !== folder.listed) || before?.kind !== 'folder';
      if (touched && after.contentId !== null) {
        this.#dropLocation(after.contentId, path, after);
        after = { ...after, contentId: null };
        this.#childOpened(path);
      }
      if (after !== folder) this.#set(path, after);
      if (totals !== undefined && path !== '') this.#addTotals(parentOf(path), zero, totals);
      if (touched) this.#settleDue(path, after);
    }
  }

  #childOpened(path: string): void {
    if (path === '') return;
    const parent = this.#entries.get(parentOf(path));
    if (parent?.kind === 'folder') this.#set(parentOf(path), { ...parent, open: parent.open + 1 });
  }

  #settleDue(path: string, folder: FolderRecord): void {
    if (!folder.listed || folder.open > 0 || folder.contentId !== null) return;
    this.#batch.put(tables.due, pathKey(this.#id, path), true);
    this.#due++;
  }

  #writeEntries(): void {
    for (const [path, entry] of this.#entries) {
      if (entry === this.#before.get(path)) continue;
      if (entry === null) this.#batch.delete(tables.entry, entryKey(this.#id, path));
      else this.#batch.put(tables.entry, entryKey(this.#id, path), entry);
    }
  }

  #settledShare(): ShareRecord | null {
    if (this.#hashedFiles === 0 && this.#hashedBytes === 0 && this.#problemCount === 0) return null;
    return {
      ...this.#share,
      hashedFiles: this.#share.hashedFiles + this.#hashedFiles,
      hashedBytes: this.#share.hashedBytes + this.#hashedBytes,
      problems: this.#share.problems + this.#problemCount,
    };
  }
}

/** Whether piece hashes of a file are kept: those of a file of one piece are its root. */
export const hasLayer = (entry: EntryRecord): boolean => entry.kind === 'file' && entry.bytes > limits.content.minPieceBytes;

const zero: Totals = { bytes: 0, files: 0, folders: 0 };

function totalsOf(entry: EntryRecord | null): Totals {
  if (entry === null) return zero;
  if (entry.kind === 'file') return { bytes: entry.bytes, files: 1, folders: 0 };
  return { bytes: entry.bytes, files: entry.files, folders: entry.folders + 1 };
}

const openness = (entry: FileRecord | FolderRecord | null): number => (entry !== null && entry.contentId === null ? 1 : 0);
