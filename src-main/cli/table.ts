import { printable } from './printable.ts';

/** East Asian wide and emoji ranges take two columns; marks that combine take none. Close enough to line tables up. */
const wide = /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const zero = /[\p{Mn}\p{Me}\u200b-\u200d\ufe0f]/u;

/** Columns a text takes on a terminal. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += zero.test(character) ? 0 : wide.test(character) ? 2 : 1;
  return width;
}

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** Lines of a table: a head and one line a row, columns as wide as their widest cell. Empty columns are left out. */
export function tableLines(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const cells = rows.map((row) => row.map(printable));
  const shown = columns.map((column, at) => ({ ...column, at })).filter(({ at }) => cells.some((row) => row[at] !== ''));
  const widths = shown.map(({ title, at }) => cells.reduce((width, row) => Math.max(width, textWidth(row[at] ?? '')), textWidth(title)));
  const line = (texts: readonly string[]): string => texts
    .map((text, index) => {
      const space = ' '.repeat((widths[index] ?? 0) - textWidth(text));
      return shown[index]?.align === 'right' ? space + text : text + space;
    })
    .join('  ')
    .trimEnd();
  return [line(shown.map(({ title }) => title)), ...cells.map((row) => line(shown.map(({ at }) => row[at] ?? '')))];
}
