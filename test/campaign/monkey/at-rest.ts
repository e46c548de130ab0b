import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isInside } from '#main/disk/is-inside.ts';
import type { Transfer, TransferFile } from '#shared/model/transfer.ts';
import { second } from '#shared/units.ts';
import type { Lists } from './lists.ts';
import { connectAll, type Begun, type Inhabitant, type World } from './world.ts';
import { namesAtLimits } from './odd-ways.ts';
import { hashOfFile, oddNames, passingName, pathsBelow } from './user-files.ts';

const restMs = 90 * second;
/** Reasons with which a download may wait for good here: what it wants is not there any more, or the user put a file where a folder is to be. */
const gone = new Set(['no-sources', 'source-changed', 'file-missing', 'share-unknown', 'content-unknown', 'more-than-offered', 'not-found', 'offer-unknown', 'not-a-folder']);

/** Takes away whatever hinders: everybody is there, linked and trusted, shares with everyone, without limits. */
export async function letRest(world: World): Promise<void> {
  for (const who of world.people) if (!who.person.isUp) await who.person.start();
  for (const who of world.people) {
    const { person } = who;
    for (const [path, to] of who.away) if (!existsSync(path)) who.files.move(to, path);
    who.away.clear();
    who.unhinder();
    for (const other of world.people) if (other !== who) await person.call('peers.block', { peer: other.person.id, blocked: false }).catch(() => undefined);
    await person.call('settings.set', { patch: { downloadLimit: 'off', uploadLimit: 'off', alternativeLimits: false, schedule: { on: false, days: [], from: '00:00', to: '23:59' }, activeTransfers: 32, visibility: 'everyone' } });
    for (const other of world.people) if (other !== who) await person.call('peers.setLimits', { peer: other.person.id, down: 'off', up: 'off' }).catch(() => undefined);
  }
  for (const who of world.people) await connectAll(world, who);
  for (const who of world.people) {
    for (const share of (await who.person.listed()).shares.values()) {
      await who.person.call('shares.update', { share: share.id, audience: { kind: 'everyone' } });
      await who.person.call('shares.pauseHashing', { share: share.id, paused: false });
      await who.person.call('shares.rescan', { share: share.id }).catch(() => undefined);
    }
  }
  await sleep(1 * second);
  for (const { person } of world.people) {
    for (const { id, direction, state } of (await person.listed()).transfers.values()) {
      if (direction === 'up' || state === 'cancelled') continue;
      for (const each of await allFiles(person, id)) if (each.priority === 'skip') await person.call('transfers.setFilePriority', { id, indices: [each.index], priority: 'normal' });
    }
    await person.call('transfers.pauseAll', { paused: false });
    await person.call('transfers.retry', {});
  }
  const isOpen = ({ state, direction }: Transfer): boolean => direction === 'down' && state !== 'done' && state !== 'failed' && state !== 'cancelled';
  const from = performance.now();
  for (let last = '', since = performance.now(); performance.now() - from < restMs;) {
    const all = await Promise.all(world.people.map(async ({ person }) => [...(await person.listed()).transfers.values()].filter(isOpen)));
    const now = JSON.stringify(all.map((each) => each.map(({ id, state, doneBytes }) => [id, state, doneBytes])));
    if (now !== last) since = performance.now();
    last = now;
    if (!all.flat().some(({ state }) => state !== 'waiting') && performance.now() - since > 8 * second) break;
    await sleep(500);
  }
  // Events come at most twice a second.
  await sleep(2 * second);
}

/** What a restart must not change, in words that can be compared. */
export async function lasting({ person }: Inhabitant): Promise<string[]> {
  const { transfers, shares, offers, peers, rooms } = await person.listed();
  const isOpen = (state: string): boolean => ['waiting', 'preparing', 'queued', 'running', 'checking'].includes(state);
  return [
    ...[...transfers.values()].filter(({ direction }) => direction === 'down').map(({ id, name, kind, state, bytes, doneBytes, files, doneFiles, path, priority, inOrder }) => JSON.stringify({ id, name, kind, state: isOpen(state) ? 'open' : state, bytes, doneBytes, files, doneFiles, path, priority, inOrder })),
    ...[...shares.values()].map(({ id, name, path, kind, audience, files, bytes, contentId }) => JSON.stringify({ id, name, path, kind, audience, files, bytes, contentId })),
    ...[...offers.values()].map(({ id, direction, state }) => JSON.stringify({ id, direction, state })),
    ...[...peers.values()].map(({ id, trust, autoAccept, limits }) => JSON.stringify({ id, trust, autoAccept, limits })),
    ...[...rooms.values()].map(({ id, name, isMine, members }) => JSON.stringify({ id, name, isMine, members: members.map((member) => member.id).sort() })),
    // Each start gives the node the name that it began with.
    JSON.stringify({ ...(await person.call('settings.get', {})), name: '' }),
  ].sort();
}

/** Everybody is stopped and started: the lists are the same as before. */
export async function checkRestart(world: World): Promise<string[]> {
  const before = await Promise.all(world.people.map(lasting));
  await Promise.all(world.people.map(({ person }) => person.end('SIGTERM')));
  await Promise.all(world.people.map(({ person }) => person.start()));
  for (const who of world.people) await connectAll(world, who);
  const differences = async (): Promise<string[]> => (await Promise.all(world.people.map(lasting))).flatMap((now, at) => {
    const name = world.people[at]?.person.name ?? '';
    return [...now.filter((line) => before[at]?.includes(line) !== true).map((line) => `after the restart ${name} has ${line}`), ...(before[at] ?? []).filter((line) => !now.includes(line)).map((line) => `before the restart ${name} had ${line}`)];
  });
  let found = await differences();
  for (const until = performance.now() + 20 * second; found.length > 0 && performance.now() < until; found = await differences()) await sleep(1 * second);
  return found;
}

/** Whether whom it was listed from has any of these files now. */
/** What was a file and is a folder now is not there as it was asked for; a folder that is a file now comes as that. */
async function originHas(begun: Begun | undefined, asked: Transfer['kind'], wanted: readonly string[]): Promise<boolean> {
  const origin = begun?.from ?? null;
  if (origin === null) return false;
  for (const path of wanted) {
    const cut = `${origin.path}${path}`.lastIndexOf('/');
    const whole = `${origin.path}${path}`;
    const { entries } = await origin.person.person.call('shares.browse', { path: whole.slice(0, Math.max(0, cut)), limit: 1000 }).catch(() => ({ entries: [] }));
    if (entries.some(({ name, kind }) => name === whole.slice(cut + 1) && (kind === 'file' || (path === '' && asked === 'folder')))) return true;
  }
  return false;
}

/** Names may be changed on their way, and a share may be called differently from its file; these never are. */
const isTellingName = (name: string): boolean => /^file \d+\.bin$/.test(name);

function wasEver(world: World, path: string, remotePath: string): boolean {
  const hash = hashOfFile(path);
  const name = basename(remotePath);
  if (isTellingName(name) && remotePath.includes('/')) return world.everHad.get(name)?.has(hash) ?? false;
  return [...world.everHad.values()].some((hashes) => hashes.has(hash));
}

async function allFiles(person: Inhabitant['person'], id: Transfer['id']): Promise<TransferFile[]> {
  const files: TransferFile[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await person.call('transfers.files', { id, limit: 500, ...(cursor === undefined ? {} : { cursor }) });
    files.push(...page.files);
    if (page.next === null) return files;
    cursor = page.next;
  }
}

/** What is not as it should be while people work. */
export const checkOwnFiles = (world: World): string[] => world.people.flatMap(({ person, files }) => files.damaged().map((what) => `${person.name}'s own ${what}`));

export async function checkAtRest(world: World): Promise<string[]> {
  const wrong = checkOwnFiles(world);
  for (const who of world.people) {
    wrong.push(...(await checkDownloads(world, who)), ...(await checkLists(who, who.person.lists, '')), ...(who.person.page === null ? [] : await checkLists(who, who.person.page, ' on the page')), ...checkFolders(who), ...(await checkShares(world, who)));
  }
  return wrong;
}

async function checkDownloads(world: World, who: Inhabitant): Promise<string[]> {
  const wrong: string[] = [];
  const { person, files } = who;
  for (const found of (await person.listed()).transfers.values()) {
    if (found.direction === 'up') continue;
    let transfer = found;
    // What waits is tried again every 3 s, which takes a moment.
    for (let tries = 0; tries < 20 && transfer.state === 'preparing'; tries++) {
      await sleep(500);
      ({ transfer } = await person.call('transfers.get', { id: found.id }));
    }
    const say = (what: string): void => { wrong.push(`${person.name}'s download ${transfer.id} (${transfer.name}, ${transfer.state} ${transfer.reason?.code ?? ''}): ${what}`); };
    const listed = await allFiles(person, transfer.id);
    const begun = who.begun.get(transfer.id);
    if (transfer.state !== 'done' && transfer.state !== 'cancelled') {
      const missing = listed.filter(({ state }) => state !== 'done').map(({ path, state }) => `${path} ${state}`);
      const wanted = listed.filter(({ state }) => state !== 'done').map(({ path }) => (transfer.kind === 'file' ? '' : `/${path}`));
      const isThere = await originHas(begun, transfer.kind, wanted.length === 0 ? [''] : wanted);
      if ((isThere && transfer.reason?.code !== 'not-a-folder') || !gone.has(transfer.reason?.code ?? '')) say(`does not come to its end: ${JSON.stringify(transfer)}; missing ${JSON.stringify(missing.slice(0, 6))}; origin has it: ${isThere}; ${JSON.stringify((await person.call('transfers.get', { id: transfer.id })).sources)}`);
      continue;
    }
    if (transfer.state !== 'done') continue;
    if (transfer.doneFiles !== transfer.files || transfer.doneBytes !== transfer.bytes) say(`says ${transfer.doneFiles} of ${transfer.files} files, ${transfer.doneBytes} of ${transfer.bytes} bytes`);
    if (listed.length !== transfer.files) say(`lists ${listed.length} of ${transfer.files} files`);
    for (const file of listed) {
      if (file.state !== 'done') say(`${file.path} is ${file.state}`);
      const path = file.mappedPath !== null ? join(begun?.base ?? baseOf(transfer), file.mappedPath) : transfer.kind === 'file' ? transfer.path ?? '' : join(transfer.path ?? '', file.path);
      if (files.isTouched(path)) continue;
      if (!existsSync(path) || !statSync(path).isFile()) say(`${file.path} is not at ${path}`);
      else if (statSync(path).size !== file.bytes) say(`${path} has another length`);
      else if (!wasEver(world, path, file.path)) say(`${path} is nothing that ${file.path} ever was`);
    }
  }
  return wrong;
}

/** Where one went whose beginning was not answered, as the node was stopped: a push of several things lies in the folder itself. */
const baseOf = ({ kind, name, path }: Transfer): string => (kind === 'folder' && basename(path ?? '') !== name ? path ?? '' : dirname(path ?? ''));

/** What waits is tried again from time to time. */
const isTrying = (value: unknown): boolean => typeof value === 'object' && value !== null && 'state' in value && (value.state === 'waiting' || value.state === 'preparing');

/** The face that followed the events knows the same as one that asks now. */
async function checkLists(who: Inhabitant, lists: Lists, face: string): Promise<string[]> {
  // What changes in this very moment is told within a second.
  const first = await compareLists(who, lists, face);
  if (first.length === 0) return first;
  await sleep(2 * second);
  return compareLists(who, lists, face);
}

async function compareLists({ person }: Inhabitant, lists: Lists, face: string): Promise<string[]> {
  const now = await person.listed();
  const told = (value: unknown): string => JSON.stringify(value, (key, each: unknown) => (['rate', 'etaSeconds', 'latencyMs', 'lastSeen', 'downRate', 'upRate', 'sources', 'peers', 'version', 'reusedBytes'].includes(key) ? undefined : each));
  const wrong: string[] = [];
  for (const kind of ['transfers', 'shares', 'offers', 'peers', 'rooms'] as const) {
    const followed: ReadonlyMap<string, unknown> = lists[kind];
    const asked: ReadonlyMap<string, unknown> = now[kind];
    for (const id of new Set([...followed.keys(), ...asked.keys()])) {
      const [a, b] = [told(followed.get(id)), told(asked.get(id))];
      if (a !== b && !(isTrying(followed.get(id)) && isTrying(asked.get(id)))) wrong.push(`${person.name}'s ${kind}${face}: by events ${a}, asked now ${b}`);
    }
  }
  const { problems } = await person.call('node.status', {});
  return [...wrong, ...problems.filter(({ code }) => code === 'internal').map((each) => `${person.name} has the problem ${JSON.stringify(each)}`)];
}

/** The number of a file that came where there was one of its name already. */
const besideAnother = / \(\d+\)(?=\.[^.]*$)/;

/** Where a path lies that leads through the link to a destination. */
function throughLink({ roots, destinations }: Inhabitant, path: string): string[] {
  const home = dirname(roots[0] ?? '');
  const link = join(home, 'in link');
  return isInside(link, path) ? [join(destinations.find((each) => each === join(home, 'linked')) ?? link, relative(link, path))] : [];
}

/** Names that look like ours, and are not. */
const usersNames = [...oddNames, ...namesAtLimits.flat()];

/** Nothing of ours in what is the user's, and no leftovers. */
function checkFolders(who: Inhabitant): string[] {
  const wrong: string[] = [];
  const { files, roots, destinations, person } = who;
  for (const root of roots) {
    for (const path of pathsBelow(root)) {
      const whole = join(root, path);
      if (!path.endsWith('/') && !files.own.has(whole) && !destinations.some((each) => isInside(each, whole)) && !files.isTouched(whole)) wrong.push(`${person.name}'s shared folder has ${whole}`);
    }
  }
  const unfinished = [...person.lists.transfers.values()].filter(({ state, direction }) => direction === 'down' && state !== 'done').flatMap(({ path }) => (path === null ? [] : [path]));
  const meant = [...unfinished, ...who.abandoned].flatMap((path) => [path, ...throughLink(who, path)]);
  for (const folder of [...destinations, ...who.hindered]) {
    for (const path of pathsBelow(folder)) {
      const whole = join(folder, path);
      if (!passingName.test(path) || files.own.has(whole) || path.endsWith('/') || usersNames.some((name) => path.replace(besideAnother, '').endsWith(name))) continue;
      const isMeant = meant.some((each) => isInside(each, whole) || whole.startsWith(`${each}.`) || whole.startsWith(`${each} (`));
      if (!isMeant && !files.isTouched(folder)) wrong.push(`left over: ${whole} (${statSync(whole).size} bytes)`);
    }
  }
  return wrong;
}

/** What the node lists of its shares is what lies there, and others see the same. */
async function checkShares(world: World, who: Inhabitant): Promise<string[]> {
  const wrong: string[] = [];
  for (const share of (await who.person.listed()).shares.values()) {
    if (share.state === 'missing' || share.kind === 'file') {
      if (share.state === 'missing' && existsSync(share.path) && statSync(share.path).isDirectory() === (share.kind === 'folder')) wrong.push(`${share.path} is missing, says ${who.person.name}`);
      continue;
    }
    if (share.state !== 'ready') wrong.push(`${who.person.name}'s ${share.path} is ${share.state}`);
    const other = world.people.find((each) => each !== who) ?? who;
    const walk = async (path: string, folder: string): Promise<void> => {
      const own = await who.person.call('shares.browse', { path, limit: 1000 });
      const theirs = await other.person.call('browse.list', { peer: who.person.id, path, limit: 1000 });
      const lies = readdirSync(folder, { withFileTypes: true }).filter((entry) => (entry.isFile() || entry.isDirectory()) && !passingName.test(entry.name))
        .map((entry) => `${entry.name} ${entry.isFile() ? statSync(join(folder, entry.name)).size : 'folder'}`).sort();
      const lists = ({ entries }: typeof own): string[] => entries.map((entry) => `${entry.name} ${entry.kind === 'file' ? entry.bytes : 'folder'}`).filter((line) => !passingName.test(line.slice(0, line.lastIndexOf(' ')))).sort();
      if (JSON.stringify(lists(own)) !== JSON.stringify(lies)) wrong.push(`${who.person.name} lists in ${folder}: ${lists(own).filter((each) => !lies.includes(each)).join('; ')} | not: ${lies.filter((each) => !lists(own).includes(each)).join('; ')}`);
      if (JSON.stringify(lists(theirs)) !== JSON.stringify(lists(own))) wrong.push(`${other.person.name} sees of ${who.person.name}'s ${path}: ${lists(theirs).join('; ')} instead of ${lists(own).join('; ')}`);
      for (const entry of own.entries) if (entry.kind === 'folder') await walk(`${path}/${entry.name}`, join(folder, entry.name));
    };
    await walk(share.name, share.path).catch((error: unknown) => { wrong.push(`${who.person.name}'s ${share.name} cannot be looked through: ${String(error)}`); });
  }
  return wrong;
}
