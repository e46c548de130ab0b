import { cp, rm } from 'node:fs/promises';
import { readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { parseJournal } from '#main/core/progress/journal.ts';
import { openStore } from '#main/disk/store/open-store.ts';
import { sha256 } from '#main/disk/hash/sha256.ts';
import { ListedFiles } from '#main/node/transfers/listing/listed-files.ts';
import type { TransferId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { numberedName } from '#shared/names.ts';
import { MiB, type Bytes } from '#shared/units.ts';
import { seeded } from '../src-main/core/swarm/world.ts';
import { KilledReceiver, windowBytes } from './killed-receiver.ts';
import { treeOf, type SourceFile, type Tree } from './many-files.ts';
import { mostTestBytes } from './origin-tests.ts';
import type { ServedNode, Stage } from './programs.ts';
import { untilDone } from './until.ts';
import { UserAtWork } from './user-at-work.ts';

const pieceBytes = 1 * MiB;
/** Trial files of a volume's first use. */
const trialName = /(^|\/)\.distrishare-probe-[^/]*$/;
/** Names of ours beside unfinished files. */
const passingName = /\.(part|progress|progress\.new|progress\.lock)$/;

/** What a kill leaves for good, because nobody can tell whose it is: a dead writer's lock that was moved aside. */
const lastingName = /\.progress\.lock~[^/]*$/;

export interface FolderKillReport {
  readonly kills: number;
  /** Every broken promise, in words. */
  readonly wrong: readonly string[];
  /** Bytes that were given and not recorded before the kills: what crashes cost. */
  readonly wasted: Bytes;
  /** Bytes given in the last life beyond what was missing. */
  readonly surplus: Bytes;
  /** Files that lay under their names after a kill without being marked as done: the kill fell between the two. */
  readonly unmarked: number;
  /** Passing names that a kill left. */
  readonly leftovers: number;
  /** Names that stay in the end. */
  readonly lasting: number;
  /** Files that the user put or changed. */
  readonly ofUser: number;
  readonly seconds: number;
}

/** A folder that is shared, and what is in it. */
export interface ManyFiles {
  readonly path: string;
  readonly source: string;
  readonly files: readonly SourceFile[];
}

/**
 * Downloads a folder of many files while the receiver is killed with SIGKILL at random moments and a user changes and puts files
 * there in between; then lets it finish. A file is recorded when it lies complete under its name (or is marked as done, and the
 * user has changed it since), a piece when its journal says so; both are read while nobody runs. What was fetched is counted by the sender.
 */
export async function killReceiverOfFolder(stage: Stage, options: { sender: ServedNode; shared: ManyFiles; kills: number; seed: number; maxWaitMs: number }): Promise<FolderKillReport> {
  const { sender, shared } = options;
  const random = seeded(options.seed);
  const base = await stage.folder();
  const started = performance.now();
  const receiver = await KilledReceiver.start(stage, sender);
  const round = new FolderRound(shared, base, random);
  const { id } = await receiver.node.call('transfers.start', { source: { kind: 'path', peer: 'Sender', path: shared.path }, to: base });
  let [kills, wasted] = [0, 0];
  const lookAfterKill = async (): Promise<void> => {
    kills++;
    const before = round.recordedBytes;
    round.look(await markedAsDone(stage, receiver.dataDir, id), `after kill ${kills}`);
    const [served, recorded] = [await receiver.served(), round.recordedBytes - before];
    wasted += served - recorded;
    if (served > recorded + windowBytes) round.wrong.push(`after kill ${kills}: ${served} bytes were given and ${recorded} recorded`);
    round.letUserAct();
    round.letTimePass();
  };
  try {
    while (kills < options.kills) {
      await new Promise((resolve) => { setTimeout(resolve, random() * options.maxWaitMs); });
      await receiver.kill();
      await lookAfterKill();
      if (random() < 0.3 && kills < options.kills) {
        await receiver.dieWhileStarting(random() * options.maxWaitMs);
        await lookAfterKill();
      }
      await receiver.startAgain();
    }
    const missing = round.totalBytes - round.recordedBytes;
    const mostTests = round.mostTestBytes;
    await sender.call('settings.set', { patch: { uploadLimit: 'off' } });
    const { doneFiles } = await untilDone(receiver.node, id);
    const surplus = (await receiver.served()) - missing;
    if (surplus < 0 || surplus > mostTests || surplus % limits.transfer.proofBytes !== 0) round.wrong.push(`in the end: ${surplus} bytes were given that were not missing`);
    await receiver.end();
    round.look(await markedAsDone(stage, receiver.dataDir, id), 'in the end');
    round.lookAtTheEnd(doneFiles);
    return { kills, wrong: round.wrong, wasted, surplus, unmarked: round.unmarked, leftovers: round.leftovers, lasting: round.lasting, ofUser: round.ofUser, seconds: (performance.now() - started) / 1000 };
  } finally {
    await receiver.end();
  }
}

/** What the store of a node that does not run says of a download's files: a copy of it is opened, so that the node itself recovers it. */
async function markedAsDone(stage: Stage, dataDir: string, id: TransferId): Promise<ReadonlySet<string>> {
  const copy = join(await stage.folder(), 'store');
  await cp(join(dataDir, 'store'), copy, { recursive: true });
  const { store } = await openStore(copy);
  const done = new Set<string>();
  for await (const { file } of new ListedFiles(store, id).all()) if (file.state === 'done') done.add(file.path.join('/'));
  await store.close();
  await rm(copy, { recursive: true });
  return done;
}

/** The destination of one download over all its lives. */
class FolderRound {
  readonly wrong: string[] = [];
  unmarked = 0;
  leftovers = 0;
  lasting = 0;
  /** Of all files, as of the last look or what the user did after it. */
  recordedBytes: Bytes = 0;
  /** So much of the recorded pieces of unfinished files may be asked of their origin once more, as of then. */
  mostTestBytes: Bytes = 0;
  readonly #base: string;
  /** With paths below `base`. */
  readonly #files: readonly SourceFile[];
  readonly #user: UserAtWork;
  #tree: Tree = { files: new Map(), folders: new Set() };
  #done: ReadonlySet<string> = new Set();

  constructor(shared: ManyFiles, base: string, random: () => number) {
    this.#base = base;
    this.#files = shared.files.map((file) => ({ ...file, path: `${shared.path}/${file.path}` }));
    this.#user = new UserAtWork(base, join(shared.source, '..'), random);
  }

  get totalBytes(): Bytes {
    return this.#files.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get ofUser(): number {
    return this.#user.own.size;
  }

  /** Looks at what a life has left, and compares it with what there was before. */
  look(done: ReadonlySet<string>, when: string): void {
    const [before, doneBefore] = [this.#tree, this.#done];
    this.#done = done;
    this.#see();
    const say = (what: string): void => { this.wrong.push(`${when}: ${what}`); };
    for (const path of doneBefore) if (!done.has(path)) say(`${path} is not marked as done any more`);
    for (const [path, { hash, inode }] of this.#user.own) {
      const now = this.#tree.files.get(path);
      if (now?.hash !== hash || now.inode !== inode) say(`the user's ${path} is ${now === undefined ? 'gone' : 'another one'}`);
    }
    const awaited = new Map(this.#files.map((file) => [this.#placeOf(file), file]));
    for (const [path, { hash, inode }] of this.#tree.files) {
      if (this.#user.own.has(path) || lastingName.test(path)) continue;
      const file = awaited.get(path);
      if (file === undefined && (passingName.test(path) || trialName.test(path))) this.leftovers++;
      else if (file?.hash !== hash) say(`${path} is not what was shared`);
      else if ((before.files.get(path)?.inode ?? inode) !== inode) say(`${path} was written again`);
    }
    for (const [path] of before.files) if (awaited.has(path) && !this.#tree.files.has(path)) say(`${path} is gone`);
    for (const file of this.#files) {
      if (this.#isThere(file) && !done.has(file.path)) this.unmarked++;
      if (done.has(file.path) && !this.#isThere(file) && !this.#user.kept.has(file)) say(`${file.path} is marked as done and not there`);
    }
  }

  lookAtTheEnd(doneFiles: number): void {
    const say = (what: string): void => { this.wrong.push(`in the end: ${what}`); };
    if (doneFiles !== this.#files.length) say(`${doneFiles} of ${this.#files.length} files are counted as done`);
    for (const file of this.#files) if (!this.#isThere(file) && !this.#user.kept.has(file)) say(`${file.path} is not there`);
    const awaited = new Set(this.#files.map((file) => this.#placeOf(file)));
    for (const path of this.#tree.files.keys()) {
      if (lastingName.test(path)) this.lasting++;
      else if (!awaited.has(path) && !this.#user.own.has(path)) say(`${path} was left`);
    }
    const [root] = this.#files[0]?.path.split('/') ?? [];
    const folders = new Set(this.#files.map(({ path }) => path.slice(0, path.lastIndexOf('/')))).add(root ?? '').add(`${root}/nothing in it`);
    for (const folder of folders) if (!this.#tree.folders.has(folder)) say(`the folder ${folder} is not there`);
    for (const folder of this.#tree.folders) if (!folders.has(folder)) say(`the folder ${folder} was left`);
  }

  letUserAct(): void {
    const free = this.#files.filter(({ path }) => !this.#user.own.has(path));
    this.#user.act({
      there: free.filter(({ path, hash }) => this.#tree.files.get(path)?.hash === hash),
      awaited: free.filter((file) => !this.#isThere(file) && !this.#done.has(file.path)),
      isDone: ({ path }) => this.#done.has(path),
      isFree: (path) => !this.#tree.files.has(path),
    });
    this.#see();
  }

  /** Nobody takes away a trial file that may be in use: they grow old. */
  letTimePass(): void {
    for (const path of this.#tree.files.keys()) if (trialName.test(path)) utimesSync(join(this.#base, path), 0, 0);
  }

  #see(): void {
    this.#tree = treeOf(this.#base);
    const begun = this.#begun();
    const begunBytes = new Map(begun.map(({ bytes, recorded }) => [bytes, recorded]));
    this.recordedBytes = this.#files.reduce((sum, file) => sum + (this.#isThere(file) || this.#user.kept.has(file) ? file.bytes : (begunBytes.get(file.bytes) ?? 0)), 0);
    this.mostTestBytes = begun.reduce((sum, { pieces }) => sum + mostTestBytes(pieces), 0);
  }

  #isThere(file: SourceFile): boolean {
    return this.#tree.files.get(this.#placeOf(file))?.hash === file.hash;
  }

  /** Where the file is to lie: beside what the user has under its name. */
  #placeOf(file: SourceFile): string {
    if (this.#user.brought.has(file) || !this.#user.own.has(file.path)) return file.path;
    const cut = file.path.lastIndexOf('/') + 1;
    return file.path.slice(0, cut) + numberedName(file.path.slice(cut), 2);
  }

  /** Unfinished files, known by their lengths: how many of their pieces are recorded, and how many bytes those are. */
  #begun(): { readonly bytes: Bytes; readonly pieces: number; readonly recorded: Bytes }[] {
    return [...this.#tree.files.keys()].flatMap((path) => {
      if (!path.endsWith('.progress') || this.#user.own.has(path)) return [];
      const parsed = parseJournal(new Uint8Array(readFileSync(join(this.#base, path))), sha256);
      if (parsed.kind !== 'journal') return [];
      const { header: { bytes }, pieces } = parsed.journal;
      const last = Math.ceil(bytes / pieceBytes) - 1;
      return [{ bytes, pieces: pieces.size, recorded: pieces.size * pieceBytes - (pieces.has(last) ? (last + 1) * pieceBytes - bytes : 0) }];
    });
  }
}
