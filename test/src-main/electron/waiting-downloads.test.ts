import { expect, it } from 'vitest';
import { WaitingDownloads } from '#main/electron/waiting-downloads.ts';
import type { NodeEvent } from '#shared/api/events.ts';
import { transferSchema } from '#shared/model/transfer.ts';
import type { Transfer } from '#shared/model/transfer.ts';

const transfer = (digit: string, change: Partial<Transfer>): NodeEvent => ({
  type: 'transfer',
  transfer: {
    ...transferSchema.parse({
      id: digit.repeat(16), direction: 'down', name: 'film.mkv', kind: 'file', state: 'running', reason: null, bytes: 100, doneBytes: 0, files: 1, doneFiles: 0, reusedBytes: 0, rate: 0,
      etaSeconds: null, priority: 'normal', inOrder: false, peers: [], path: '/d/film.mkv', contentId: null, addedAt: 1, finishedAt: null,
    }),
    ...change,
  },
});
const forAnna = { state: 'waiting', reason: { code: 'no-sources', params: { who: 'Anna’s laptop', n: 0 } } } as const;

it('names whom a single download waits for, and counts several', () => {
  const waiting = new WaitingDownloads();
  expect([waiting.step(transfer('a', {})), waiting.text('en')]).toEqual([false, '']);
  expect([waiting.step(transfer('a', forAnna)), waiting.text('en')]).toEqual([true, 'Waits for Anna’s laptop.']);
  expect(waiting.text('es')).toBe('Esperando a Anna’s laptop.');
  waiting.step(transfer('b', { ...forAnna, reason: { code: 'disk-full' } }));
  expect(waiting.text('en')).toBe('2 downloads wait');
  expect([waiting.step(transfer('a', {})), waiting.text('en')]).toEqual([true, 'The disk is full.']);
  expect([waiting.step(transfer('b', { ...forAnna, direction: 'up' })), waiting.text('en')]).toEqual([true, '']);
});
