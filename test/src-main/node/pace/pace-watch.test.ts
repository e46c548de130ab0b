import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { DownloadStanding, SourceStanding } from '#main/core/swarm/standing.ts';
import { PaceWatch } from '#main/node/pace/pace-watch.ts';
import { deviceIdSchema, transferIdSchema } from '#shared/model/ids.ts';
import { second } from '#shared/units.ts';

const id = transferIdSchema.parse('00'.repeat(8));
const peer = deviceIdSchema.parse('BH66XL3-JBV7LWF-BALPR2F-4CDSC5X-XJTP3IB-PMRIEQN-LG4FBTS-67DD3Q5');

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

/** A running download with one source that stands to it as the test says. */
function watched(): { stands(state: SourceStanding['state'], part?: Partial<DownloadStanding>): void; brake(): string | undefined; close(): void } {
  let standing: DownloadStanding = { behind: false, buffersWait: false, finishing: false, sources: [] };
  const watch = new PaceWatch({
    now: () => performance.now(), clock: () => Date.now(), links: () => ({ get: () => undefined }), downloads: () => [{ id, number: 1 }], uploads: () => [], reading: () => 0, boundBy: () => null,
    swarm: { standing: () => ({ ...standing, sources: standing.sources.map((source) => ({ ...source, id: peer })) }), servedStanding: () => null },
    machine: { start: () => undefined, read: () => ({ loop: 0.1, cores: 0.1 }) },
  });
  watch.wake();
  return {
    stands: (state, part) => { standing = { ...standing, ...part, sources: [{ peer: 7, state, until: null, rate: 0, late: 0 }] }; },
    brake: () => watch.brakeOfDownload(id)?.by,
    close: () => { watch.close(); },
  };
}

it.each([['stalled', 'no-answer'], ['idle', 'no-sources']] as const)('that nobody gives anything (%s) is not said any more once somebody does', (state, brake) => {
  const download = watched();
  download.stands(state);
  vi.advanceTimersByTime(10 * second);
  expect(download.brake()).toBe(brake);
  download.stands('feeding');
  vi.advanceTimersByTime(second / 4);
  expect(download.brake()).toBeUndefined();
  vi.advanceTimersByTime(second);
  expect(download.brake()).toBe('their-pace');
  download.close();
});

it('a verdict stands for a while when another one is seen for a moment', () => {
  const download = watched();
  download.stands('feeding');
  vi.advanceTimersByTime(10 * second);
  download.stands('stalled');
  vi.advanceTimersByTime(4 * second);
  expect(download.brake()).toBe('their-pace');
  download.close();
});
