import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { transferIdSchema } from '#shared/model/ids.ts';
import { KiB, MiB, type Bytes } from '#shared/units.ts';
import { anyDownload, pick, somethingOf, type NamedOperation, type Operation } from './operations.ts';
import type { Inhabitant } from './world.ts';

/** Pairs that some systems take for one name, and names as long as they can be. */
export const namesAtLimits = [['caf\u00e9.txt', 'cafe\u0301.txt'], ['Case.TXT', 'case.txt'], [`${'n'.repeat(251)}.bin`], ['é'.repeat(127)], [`${'long '.repeat(40)}.tar.gz`], ['a.part', 'a'], ['a (2).part', 'a (2)'], ['.distrishare-x', '~', '...x', 'x~']];
const sizes: readonly Bytes[] = [0, 1, 64 * KiB - 1, 64 * KiB, 64 * KiB + 1, MiB - 1, MiB, MiB + 1];
const tiny = 2000;

function folderFor(who: Inhabitant): string {
  return join(who.files.one(who.roots) ?? '', `folder ${Math.floor(who.random() * 4)}`);
}

/** What few people have: names, sizes and numbers at some limit. */
const oddFiles: Operation = (_, who) => {
  const { files, random } = who;
  const folder = folderFor(who);
  const kind = random();
  if (kind < 0.5) {
    const twins = files.one(namesAtLimits) ?? [];
    for (const name of twins) files.put(join(folder, name), files.dataOf(files.one(sizes) ?? 0));
    return `${folder}: ${twins.join(' and ').slice(0, 40)}`;
  }
  if (kind < 0.8) {
    for (const bytes of sizes) files.put(join(folder, 'sizes', `file of ${bytes}`), files.dataOf(bytes));
    return `${folder}: sizes`;
  }
  if (kind < 0.9) {
    mkdirSync(join(folder, 'empty', 'and empty'), { recursive: true });
    return `${folder}: empty`;
  }
  if (kind < 0.96) {
    files.putSparse(join(folder, 'sparse.img'), 12 * MiB + 5);
    return `${folder}: sparse`;
  }
  if (kind < 0.98) {
    files.put(join(folder, 'large.bin'), files.dataOf(64 * MiB + 1));
    return `${folder}: 64 MiB + 1`;
  }
  if (who.files.own.size > tiny) return '';
  for (let at = 0; at < tiny; at++) files.put(join(folder, 'tiny', `${at % 40}`, `tiny ${at}`), Buffer.from(`${folder} ${at}`));
  return `${folder}: tiny files`;
};

/** The same things by what is typed in a terminal. */
const typed: Operation = async (world, who) => {
  const { person, random, files } = who;
  const kind = random();
  const other = pick(who, world);
  if (kind < 0.3) return `look ${await person.type(...(files.one([['shares'], ['peers'], ['transfers', '--all'], ['status'], ['settings'], ['room', 'list'], ['inbox'], ['browse', other.person.id]]) ?? ['status']))}`;
  if (kind < 0.6) {
    const found = await somethingOf(who, other);
    const base = files.one(who.destinations) ?? '';
    if (found === null) return '';
    const before = new Set(person.lists.transfers.keys());
    const said = await person.type('get', other.person.id, found.path, '--to', base, '--no-wait', ...(random() < 0.3 ? ['--in-order'] : []));
    const id = /"id":"([0-9a-f]{16})"/.exec(said)?.[1];
    if (id !== undefined && !before.has(id)) {
      const { transfer } = await person.call('transfers.get', { id: transferIdSchema.parse(id) });
      who.begun.set(id, { base, from: { person: other, path: found.path }, transfer });
    }
    return `get ${found.path} ${said}`;
  }
  if (kind < 0.7) {
    const path = files.one(who.roots) ?? '';
    return `share ${await person.type('share', path, '--audience', files.one(['everyone', 'public', 'nobody', 'devices']) ?? 'nobody')}`;
  }
  if (kind < 0.8) return `limit ${await person.type('settings', files.one(['downloadLimit', 'uploadLimit']) ?? 'uploadLimit', random() < 0.5 ? 'off' : '3 MB/s')}`;
  const transfer = anyDownload(who);
  if (transfer === undefined) return '';
  return `${transfer.id} ${await person.type(files.one(['pause', 'resume']) ?? 'resume', transfer.id)}`;
};

/** Who is told of this device, and under which name. */
const appear: Operation = async (_, who) => {
  const patch = who.random() < 0.5 ? { visibility: who.files.one(['everyone', 'everyone', 'paired', 'hidden'] as const) ?? 'everyone' } : { name: who.files.one([who.person.name, `${who.person.name} 2`, 'ünïcødé 🎈']) ?? who.person.name };
  await who.person.call('settings.set', { patch });
  return JSON.stringify(patch);
};

export const oddOperations: readonly NamedOperation[] = [
  { name: 'odd files', weight: 3, does: oddFiles },
  { name: 'type', weight: 2, does: typed },
  { name: 'appear', weight: 2, does: appear },
];
