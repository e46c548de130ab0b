import type { Share } from '#shared/model/share.ts';
import type { Store } from '#main/disk/store/store.ts';
import type { HashQueue } from './hash-queue.ts';
import type { ShareRuntime } from './share-runtime.ts';
import { entryKey, pathOfEntryKey, shareRange, tables, type EntryRecord } from './tables.ts';

const problemsShown = 20;

/** A share as every face sees it. */
export async function shareState(store: Store, share: ShareRuntime, queue: HashQueue): Promise<Share> {
  const { id, name, path, kind, audience, addedAt, hashedFiles, hashedBytes, problems } = share.record;
  const root = await store.get(tables.entry, entryKey(id, ''));
  const totals = totalsOf(root);
  const shown = problems === 0 ? [] : await store.rows(tables.problem, { ...shareRange(id), limit: problemsShown });
  const first = shown.map(([key, { error }]) => ({ path: pathOfEntryKey(key), error }));
  const whole: Share['problems']['first'] = [
    ...[share.missing, share.watchError].flatMap((error) => (error === null ? [] : [{ path: '', error }])),
    ...share.away.map((path) => ({ path, error: { code: 'folder-gone' as const, params: { path: share.diskPath(path) } } })),
  ];
  const state = stateOf(share, root);
  const doneBytes = Math.min(totals.bytes, hashedBytes + queue.readBytes(id));
  return {
    id, name, path, kind, audience, addedAt, state,
    files: totals.files,
    folders: totals.folders,
    bytes: totals.bytes,
    hashedFiles: Math.min(totals.files, hashedFiles),
    hashedBytes: doneBytes,
    etaSeconds: state === 'hashing' ? queue.secondsFor(Math.max(0, totals.files - hashedFiles), totals.bytes - doneBytes) : null,
    contentId: root?.contentId ?? null,
    problems: { count: problems + whole.length, first: [...whole, ...first] },
  };
}

function totalsOf(root: EntryRecord | undefined): { files: number; folders: number; bytes: number } {
  if (root === undefined) return { files: 0, folders: 0, bytes: 0 };
  return root.kind === 'file' ? { files: 1, folders: 0, bytes: root.bytes } : root;
}

function stateOf(share: ShareRuntime, root: EntryRecord | undefined): Share['state'] {
  if (share.missing !== null) return 'missing';
  if (share.scanning || root === undefined) return 'scanning';
  if (root.contentId !== null) return 'ready';
  return share.paused ? 'paused' : 'hashing';
}
