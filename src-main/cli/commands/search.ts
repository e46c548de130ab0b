import { Option } from 'commander';
import type { ApiClient } from '#shared/api/client.ts';
import { AppError } from '#shared/errors.ts';
import { formatBytes } from '#shared/i18n/format.ts';
import { fileTypeSchema } from '#shared/model/search.ts';
import type { FileType, SearchHit, SearchState } from '#shared/model/search.ts';
import { limits } from '#shared/limits.ts';
import { second } from '#shared/units.ts';
import type { AddCommands, CliContext } from '../context.ts';
import { peerNames } from '../peer-names.ts';
import { withNode } from '../with-node.ts';

const fileTypes = fileTypeSchema.options;

export const addSearchCommand: AddCommands = (program, context) => {
  const { t } = context;
  program.command('search').description(t('cli.command.search')).argument('<words...>', t('cli.argument.words')).option('--for <seconds>', t('cli.option.for', { seconds: limits.search.waitMs / second }))
    .addOption(new Option('--type <type>', t('cli.option.type', { choices: fileTypes.join(', ') })).choices(fileTypes))
    .action((words: string[], options: { for?: string; type?: FileType }) => withNode(context, async (api) => {
      const seconds = options.for === undefined ? null : Number(options.for);
      if (seconds !== null && !(seconds > 0 && seconds <= 86_400)) throw new AppError('bad-argument', { name: '--for', problem: 'range', from: 1, to: 86_400 });
      const state = await searchFor(context, api, words.join(' '), options.type ?? 'any', seconds);
      showSummary(context, state, await peerNames(api));
    }));
};

/**
 * Listens until every device has answered, or the time is over. With a time given, devices that come online before it
 * is over are asked too, as long as nothing was found.
 */
async function searchFor(context: CliContext, api: ApiClient, words: string, type: FileType, seconds: number | null): Promise<SearchState> {
  const { signal, out } = context;
  const shown = new Set<string>();
  let state: SearchState | undefined;
  let wake: () => void = () => undefined;
  let news = false;
  const stop = api.subscribe((event) => {
    if (event.type === 'search' && event.search.id === state?.id) state = event.search;
    else if (event.type === 'peer' && event.peer.online && state?.peers.some(({ peer }) => peer === event.peer.id) === false) news = true;
    else return;
    wake();
  });
  const deadline = performance.now() + (seconds === null ? limits.search.waitMs + second : seconds * second);
  try {
    for (;;) {
      news = false;
      state = await api.call('search.start', { words, filter: { type } }, { signal });
      // What was found between the start and this answer has come as events we could not yet recognise.
      state = await api.call('search.get', { id: state.id }, { signal });
      while (performance.now() < deadline && !(state.finished && (seconds === null || state.hits.length > 0)) && !(state.finished && news)) {
        showHits(context, state, shown);
        await pause(deadline - performance.now(), signal, (resolve) => { wake = resolve; });
      }
      showHits(context, state, shown);
      await api.call('search.stop', { id: state.id });
      if (!news || state.hits.length > 0 || performance.now() >= deadline) return state;
    }
  } finally {
    stop();
    out.clearProgress();
  }
}

/** Until something happens, the time is over, or the user wants out (rejects with `interrupted`). */
function pause(timeMs: number, signal: AbortSignal, expose: (resolve: () => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      if (signal.aborted) reject(new AppError('interrupted'));
      else resolve();
    };
    const timer = setTimeout(finish, Math.max(0, timeMs));
    signal.addEventListener('abort', finish);
    expose(finish);
  });
}

/** Programs hear of each hit at once, and again when it has new sources; people see the ranked table at the end. */
function showHits({ out }: CliContext, state: SearchState, shown: Set<string>): void {
  for (const hit of state.hits) {
    const version = `${hit.key} ${hit.sources.length}`;
    if (!shown.has(version)) out.event('hit', hit);
    shown.add(version);
  }
}

function showSummary({ out, t }: CliContext, state: SearchState, nameOf: (id: string) => string): void {
  const count = (of: readonly string[]): number => state.peers.filter((peer) => of.includes(peer.state)).length;
  out.event('done', { hits: state.hits.length, finished: state.finished, truncated: state.truncated, peers: state.peers });
  out.table(
    [{ title: t('cli.column.name') }, { title: t('cli.column.size'), align: 'right' }, { title: t('cli.column.sources') }, { title: t('cli.column.have') }],
    state.hits.map((hit) => [hit.name + (hit.kind === 'folder' ? '/' : ''), formatBytes(out.locale, hit.bytes), sourcesText({ t }, hit, nameOf), hit.here ? t('cli.search.here') : '']),
  );
  if (state.peers.length === 0) out.line(t('cli.search.nobody'));
  else {
    out.line(t('cli.search.total', { n: state.hits.length }));
    out.line(t('cli.search.peers', { n: state.peers.length, answered: count(['answered', 'none']), waiting: count(['waiting', 'rate-limited']), unreachable: count(['unreachable']) }));
  }
  if (state.truncated) out.line(t('cli.search.truncated'));
}

/** As `get` takes it: whose it is, and its path there. */
function sourcesText({ t }: Pick<CliContext, 't'>, { sources }: SearchHit, nameOf: (id: string) => string): string {
  const [first] = sources;
  if (first === undefined) return '';
  return `${nameOf(first.peer)}: ${first.path}${sources.length > 1 ? ` (${t('count.sources', { n: sources.length })})` : ''}`;
}
