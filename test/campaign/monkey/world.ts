import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Transfer } from '#shared/model/transfer.ts';
import { seeded } from '../../src-main/core/swarm/world.ts';
import type { Stage } from '../../e2e/programs.ts';
import { Person } from './person.ts';
import { largestBytes, oddNames, UserFiles } from './user-files.ts';

/** A download as somebody began it. */
export interface Begun {
  readonly base: string;
  /** Null: asked for by its content, or pushed. */
  readonly from: { readonly person: Inhabitant; readonly path: string } | null;
  transfer: Transfer;
}

export interface Inhabitant {
  readonly person: Person;
  readonly files: UserFiles;
  readonly random: () => number;
  /** Folders that are, or may be, shared. */
  readonly roots: readonly string[];
  /** Where downloads go; the last one lies in a root. */
  readonly destinations: readonly string[];
  readonly begun: Map<string, Begun>;
  /** Where unfinished files were left on purpose. */
  readonly abandoned: string[];
  /** Destinations that are away now. */
  readonly away: Map<string, string>;
  /** Destinations that are full soon, or cannot be written to. */
  readonly hindered: readonly string[];
  /** These, and a link to a destination: nothing but downloads goes there. */
  readonly otherPlaces: readonly string[];
  readonly unhinder: () => void;
  /** Nothing of it is mounted any more, so that it can be removed. */
  readonly unmount: () => void;
  /** What only some may see lies here. */
  readonly secrets: string;
  /** Whom its user asked for by address: they are linked whoever else may come. */
  readonly askedFor: Set<string>;
  /** For an hour after an invitation anybody may come. */
  hasInvited: boolean;
  /** Ends with the last change of rights that must not be disturbed by another one. */
  rights: Promise<unknown>;
  isBusy: boolean;
}

export interface World {
  readonly people: readonly Inhabitant[];
  /** Hashes of everything that files of a name have ever held, on all machines. */
  readonly everHad: Map<string, Set<string>>;
  readonly log: (line: string) => void;
  readonly counts: Map<string, number>;
  /** What somebody found that is not as it should be. */
  readonly wrong: string[];
}

export async function openWorld(stage: Stage, options: { seed: number; firstPort: number; log: (line: string) => void }): Promise<World> {
  const base = await stage.folder();
  const everHad = new Map<string, Set<string>>();
  const people: Inhabitant[] = [];
  for (const [at, name] of ['Ada', 'Bo', 'Cleo'].entries()) {
    const random = seeded(options.seed * 31 + at);
    const home = join(base, name);
    const roots = [join(home, `${name} one`), join(home, `${name} two`)];
    const destinations = [join(home, 'in a'), join(home, 'in b'), join(home, `${name} two`, 'incoming'), join(home, 'linked')];
    const secrets = join(home, 'secrets');
    for (const folder of [...roots, ...destinations, secrets, join(home, 'staging')]) mkdirSync(folder, { recursive: true });
    symlinkSync(join(home, 'linked'), join(home, 'in link'));
    const { hindered, unhinder, unmount } = hinderedFolders(home);
    const files = new UserFiles(join(home, 'staging'), random, everHad);
    const person = new Person(stage, { name, dataDir: join(home, 'data'), port: options.firstPort + at, log: options.log });
    const who: Inhabitant = { person, files, random, roots, destinations, begun: new Map(), abandoned: [], away: new Map(), otherPlaces: [...hindered, join(home, 'in link')], hindered, unhinder, unmount, secrets, askedFor: new Set(), hasInvited: false, rights: Promise.resolve(), isBusy: false };
    people.push(who);
    for (const root of roots) for (let count = 0; count < 12; count++) addFile(who, root);
  }
  await Promise.all(people.map(({ person }) => person.start()));
  const world: World = { people, everHad, log: options.log, counts: new Map(), wrong: [] };
  for (const who of people) {
    await connectAll(world, who);
    for (const root of who.roots) await who.person.call('shares.add', { path: root, audience: { kind: 'everyone' } });
  }
  return world;
}

/** A volume of 3 MiB and one that cannot be written to, where this process may mount some; `unhinder` makes them usual ones. */
function hinderedFolders(home: string): Pick<Inhabitant, 'hindered' | 'unhinder' | 'unmount'> {
  if (process.env['MONKEY_MAY_MOUNT'] !== 'yes') return { hindered: [], unhinder: () => undefined, unmount: () => undefined };
  const [full, fixed] = [join(home, 'small volume'), join(home, 'fixed volume')];
  const mount = (folder: string, options: string): void => {
    const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'none', folder], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`mount ${folder}: ${stderr}`);
  };
  for (const folder of [full, fixed]) mkdirSync(folder);
  mount(full, 'size=3m');
  mount(fixed, 'ro');
  return {
    hindered: [full, fixed],
    unhinder: () => { mount(full, 'remount,rw,size=1g'); mount(fixed, 'remount,rw,size=1g'); },
    // Also while a node that hangs has something open there.
    unmount: () => { spawnSync('umount', ['--lazy', full, fixed]); },
  };
}

/** One change of somebody's rights after the other. */
export async function withRights<Result>(who: Inhabitant, work: () => Promise<Result>): Promise<Result> {
  const result = who.rights.then(work);
  who.rights = result.catch(() => undefined);
  return result;
}

export async function connectAll(world: World, who: Inhabitant): Promise<void> {
  for (const other of world.people) {
    if (other === who || !other.person.isUp) continue;
    who.askedFor.add(other.person.id);
    await who.person.call('peers.connect', { address: `127.0.0.1:${other.person.port}` }).catch(() => undefined);
  }
}

let number = 0;
export function addFile(who: Inhabitant, root: string): void {
  const { files, random } = who;
  const folder = random() < 0.4 ? root : join(root, `folder ${Math.floor(random() * 4)}`, ...(random() < 0.3 ? ['deeper'] : []));
  const odd = files.one(oddNames) ?? 'plain.txt';
  const name = random() < 0.35 ? odd : `file ${number++}.bin`;
  try {
    files.put(join(folder, name), files.randomData(largestBytes));
  } catch (error) {
    // Something else lies there: a file where a folder was to be, or the reverse.
    if (!isOrdinary(error)) throw error;
  }
}

/** What a user's program may meet, because the disk is not as it was a moment ago. */
export const isOrdinary = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && ['ENOENT', 'EEXIST', 'ENOTDIR', 'EISDIR', 'ENOTEMPTY', 'EINVAL', 'ENAMETOOLONG', 'EXDEV', 'EROFS', 'ENOSPC'].includes(String(error.code));
