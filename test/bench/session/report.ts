/** Tables of a session, in Markdown that also reads well in a terminal. */
import * as z from 'zod';
import { median, seriesSchema, type RunResult, type Series } from './run-result.ts';
import type { Row } from './rows.ts';

export const rowResultSchema = z.object({ date: z.string(), machine: z.array(z.string()), versions: z.array(z.string()), bytes: z.number(), cores: z.number(), own: seriesSchema, rivals: z.array(seriesSchema) });
export type RowResult = z.infer<typeof rowResultSchema>;

const none = '–';
type Pick = (run: RunResult) => number | null | undefined;

/** Values that are there, of every run. */
const all = (series: Series, pick: Pick): number[] => series.runs.flatMap((run) => pick(run) ?? []);
const middle = (series: Series, pick: Pick, decimals: number, scale = 1): string => {
  const values = all(series, pick);
  return values.length === 0 ? none : (median(values) * scale).toFixed(decimals);
};
const digits = (seconds: number): number => (seconds < 0.1 ? 3 : 2);

function table(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  const text = (line: readonly string[]): string => `| ${line.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const [head = [], ...rest] = lines;
  return [text(head), `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`, ...rest.map(text)].join('\n');
}

function speed(row: Row, result: RowResult, { runs }: Series): readonly [string, string] {
  const seconds = runs.map((run) => run.seconds);
  const [low, high] = [Math.min(...seconds), Math.max(...seconds)];
  if (!row.asRate) return [`${median(seconds).toFixed(digits(median(seconds)))} s`, `${low.toFixed(digits(low))}–${high.toFixed(digits(high))}`];
  const rate = (value: number): string => (result.bytes / 1e6 / value).toFixed(0);
  return [`${rate(median(seconds))} MB/s`, `${rate(high)}–${rate(low)}`];
}

function lineOf(row: Row, result: RowResult, series: Series): string[] {
  const name = `${series === result.own ? '**DistriShare**' : series.program}${series.encrypted === true ? ' 🔒' : ''}`;
  const ratio = median(series.runs.map((run) => run.seconds)) / median(result.own.runs.map((run) => run.seconds));
  return [
    name, ...speed(row, result, series), series === result.own || Number.isNaN(ratio) ? none : `${ratio.toFixed(2)} ×`,
    `${middle(series, (run) => run.senderCpu, 2)} / ${middle(series, (run) => run.receiverCpu, 2)}`,
    `${middle(series, (run) => run.senderMemory, 0, 1e-6)} / ${middle(series, (run) => run.receiverMemory, 0, 1e-6)}`,
    ...(row.bound === null ? [] : [`${(median(series.runs.map((run) => run.seconds)) / row.bound).toFixed(2)} ×`]),
    ...row.columns.map(([key, , decimals]) => middle(series, (run) => run.extra[key], decimals)),
    String(series.runs.length),
  ];
}

/** The share of the machine that neither side used, percent, in the middle of all runs. */
function noise({ own, rivals, cores }: RowResult): string {
  const shares = [own, ...rivals].flatMap((series) => series.runs.flatMap((run) => (run.otherCpu === null || run.extra['done'] !== undefined || run.extra['fromStart'] !== undefined ? [] : [(100 * run.otherCpu) / (cores * run.seconds)])));
  return shares.length === 0 ? '' : ` Everything else on the machine took ${median(shares).toFixed(0)} % of it meanwhile (median).`;
}

/** One row: goal, table, what was left out and why. */
export function renderRow(row: Row, result: RowResult): string {
  const ran = [result.own, ...result.rivals].filter((series) => series.runs.length > 0).toSorted((one, other) => median(one.runs.map((run) => run.seconds)) - median(other.runs.map((run) => run.seconds)));
  const missing = [result.own, ...result.rivals].filter((series) => series.failures.length > 0).map(({ program, failures, runs }) => `${program} (${runs.length === 0 ? 'no result' : `${failures.length} failed`}: ${failures[0] ?? ''})`);
  const head = ['', 'median', 'min–max', 'ratio', 'CPU s', 'memory MB', ...(row.bound === null ? [] : ['of the bound']), ...row.columns.map(([, heading]) => heading), 'runs'];
  return [
    `### ${row.title}`, '', `Goal: ${row.goal} Measured ${result.date}.${noise(result)}`, '',
    ran.length === 0 ? 'No results.' : table([head, ...ran.map((series) => lineOf(row, result, series))]),
    ...(missing.length === 0 ? [] : ['', `Left out: ${missing.join('; ')}.`]),
  ].join('\n');
}

/** The generated part of the document: facts, how to read it, every row that has results. */
export function renderDocument(rows: readonly Row[], results: Readonly<Record<string, RowResult>>): string {
  const shown = rows.flatMap((row) => { const result = results[row.id]; return result === undefined ? [] : [{ row, result }]; });
  const facts = [...new Set(shown.flatMap(({ result }) => result.machine))];
  const versions = [...new Set(shown.flatMap(({ result }) => result.versions))];
  return [
    ...facts.map((fact) => `* ${fact}`), ...(versions.length === 0 ? [] : [`* Others: ${versions.join(', ')}`]), '',
    'Programs take turns (A B C A B C …), each run with fresh data, after `sync` and with memory already touched; every result is compared byte for byte.',
    'Figures are medians. MB are 10^6 bytes. Ratio: the time of the other program divided by ours, so more than 1 means that DistriShare is faster. CPU seconds',
    'and peak resident memory are those of the sender / the receivers (CPU of all, memory of the largest; anonymous memory for programs that map their files).',
    '🔒: encrypted. DistriShare is always encrypted, verifies every byte, and counts until all is durable (fsync).',
    ...shown.flatMap(({ row, result }) => ['', renderRow(row, result)]),
  ].join('\n');
}
