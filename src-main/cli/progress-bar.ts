import { textWidth } from './table.ts';
import { printable } from './printable.ts';

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar of `width` columns, filled from 0 to 1. */
export function bar(fraction: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, fraction)) * width * 8);
  const text = '█'.repeat(Math.floor(filled / 8)) + (eighths[filled % 8] ?? '');
  return text + '░'.repeat(width - textWidth(text));
}

/** Cut to `columns`, with `…` in the middle: the end of a file name tells most. */
export function fit(text: string, columns: number): string {
  const characters = Array.from(text);
  if (textWidth(text) <= columns) return text;
  if (columns < 2) return '';
  let head = '';
  let tail = '';
  for (let front = 0, back = characters.length - 1; front < back;) {
    const takeFront = textWidth(head) <= textWidth(tail);
    const next = takeFront ? characters[front++] ?? '' : characters[back--] ?? '';
    if (textWidth(head + tail) + textWidth(next) > columns - 1) break;
    if (takeFront) head += next;
    else tail = next + tail;
  }
  return `${head}…${tail}`;
}

/** `████▌░░░  45 %  details  name`, cut to the width of the terminal. */
export function progressLine(fraction: number, details: string, name: string, columns: number): string {
  const percent = `${Math.floor(Math.min(1, Math.max(0, fraction)) * 100)}`.padStart(3);
  const start = `${bar(fraction, Math.max(8, Math.min(24, columns - 60)))} ${percent} %  ${details}`;
  return `${start}  ${fit(printable(name), columns - textWidth(start) - 3)}`;
}
