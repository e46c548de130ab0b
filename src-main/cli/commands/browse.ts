import type { ApiClient } from '#shared/api/client.ts';
import { formatBytes } from '#shared/i18n/format.ts';
import { limits } from '#shared/limits.ts';
import type { Entry } from '#shared/model/share.ts';
import type { AddCommands, CliContext } from '../context.ts';
import { withNode } from '../with-node.ts';

export const addBrowseCommand: AddCommands = (program, context) => {
  const { t, out } = context;
  program.command('browse').description(t('cli.command.browse')).argument('<peer>', t('cli.argument.peer')).argument('[path]', t('cli.argument.remotePath'), '')
    .action((peer: string, path: string) => withNode(context, async (api) => {
      let count = 0;
      // Each page is printed as it comes; the columns of one page line up among themselves.
      for await (const entries of pages(api, peer, path, context.signal)) {
        for (const entry of entries) out.event('entry', { ...entry, path: path === '' ? entry.name : `${path.replace(/\/+$/, '')}/${entry.name}` });
        showEntries(context, entries);
        count += entries.length;
      }
      out.event('done', { count });
      out.line(count === 0 ? t('cli.browse.empty') : t('cli.browse.total', { n: count }));
    }));
};

async function* pages(api: ApiClient, peer: string, path: string, signal: AbortSignal): AsyncGenerator<readonly Entry[]> {
  let cursor: string | undefined;
  do {
    const page = await api.call('browse.list', { peer, path, limit: limits.browse.entriesPerPage, ...(cursor === undefined ? {} : { cursor }) }, { signal });
    yield page.entries;
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
}

function showEntries({ out, t }: CliContext, entries: readonly Entry[]): void {
  out.table(
    [{ title: t('cli.column.name') }, { title: t('cli.column.size'), align: 'right' }, { title: t('cli.column.files'), align: 'right' }, { title: t('cli.column.date') }, { title: t('cli.column.have'), align: 'right' }],
    entries.map((entry) => [
      entry.name + (entry.kind === 'folder' ? '/' : ''), formatBytes(out.locale, entry.bytes), entry.kind === 'folder' ? String(entry.files) : '', formatDate(entry.modifiedAt),
      entry.haveBytes === null || entry.haveBytes === 0 ? '' : entry.haveBytes >= entry.bytes ? t('cli.search.here') : formatBytes(out.locale, entry.haveBytes),
    ]),
  );
}

/** `2026-02-17 09:05`, in local time; empty when unknown. */
function formatDate(timestamp: number): string {
  if (timestamp === 0) return '';
  const date = new Date(timestamp);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
