import { describe, expect, it } from 'vitest';
import { DownloadIndex } from '#main/node/transfers/download-index.ts';
import { transferIdSchema } from '#shared/model/ids.ts';
import type { TransferId } from '#shared/ids.ts';

const idOf = (number: number): TransferId => transferIdSchema.parse(number.toString(16).padStart(16, '0'));
const states = { d: 'done', c: 'cancelled', f: 'failed', a: 'active', p: 'paused' } as const;

/** One character a download, from the first to the last. */
function indexOf(picture: string): DownloadIndex {
  const index = new DownloadIndex();
  [...picture].forEach((letter, at) => {
    for (const key of ['d', 'c', 'f', 'a', 'p'] as const) if (key === letter) index.note({ id: idOf(at + 1), number: at + 1, state: states[key] });
  });
  return index;
}
const numbers = (ids: readonly TransferId[]): number[] => ids.map((id) => parseInt(id, 16));

describe('the index of downloads', () => {
  it('pages those that are finished and the others, newest first; a failed one waits for the user', () => {
    const index = indexOf('dafcpd');
    expect(numbers(index.page(true, undefined, 10).ids)).toEqual([6, 4, 1]);
    expect(numbers(index.page(false, undefined, 10).ids)).toEqual([5, 3, 2]);
    expect(index.page(undefined, undefined, 4)).toMatchObject({ total: 6, next: '3' });
    expect(numbers(index.page(undefined, '3', 4).ids)).toEqual([2, 1]);
    expect(index.page(undefined, '3', 2).next).toBeNull();
  });

  it('shows each once, whatever comes, ends or is forgotten between two pages', () => {
    const index = indexOf('ddddda');
    const first = index.page(true, undefined, 2);
    expect(numbers(first.ids)).toEqual([5, 4]);
    index.note({ id: idOf(6), number: 6, state: 'done' });
    index.forget(idOf(5));
    expect(numbers(index.page(true, first.next ?? '', 10).ids)).toEqual([3, 2, 1]);
    expect(numbers(index.ids((state) => state === 'done'))).toEqual([6, 4, 3, 2, 1]);
  });
});
