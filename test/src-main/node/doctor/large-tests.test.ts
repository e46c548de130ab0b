import { expect, it } from 'vitest';
import { largeTest } from '#main/node/doctor/large-tests.ts';
import type { Link, Links } from '#main/node/ports/links.ts';
import { AppError, type ErrorCode } from '#shared/errors.ts';
import { deviceIdOf } from '#shared/ids.ts';
import type { ControlMethod, ControlParams } from '#shared/protocol/control.ts';

/** What such a device does with a question: answers it, loses it or the answer, or says so. */
type Fate = 'answers' | ErrorCode;
interface Path {
  readonly name: string;
  readonly small: Fate;
  readonly largeAnswer: Fate;
  readonly largeQuestion: Fate;
  /** Bytes of files that come with each question. */
  readonly payload: number;
}
const path = (name: string, fates: Partial<Path> = {}): Path => ({ name, small: 'answers', largeAnswer: 'answers', largeQuestion: 'answers', payload: 0, ...fates });

function linksTo(paths: readonly Path[]): Pick<Links, 'all' | 'get' | 'dial'> {
  const down = paths.map(() => 0);
  const links = paths.map(({ name, ...fates }, at): Pick<Link, 'remote' | 'request' | 'moved'> => ({
    get moved() { return { down: down[at] ?? 0, up: 0 }; },
    remote: { id: deviceIdOf(new Uint8Array(32).fill(at)), name, platform: 'linux', version: '1', listenPort: null },
    request: <Method extends ControlMethod>(_method: Method, params: ControlParams<Method>) => {
      down[at] = (down[at] ?? 0) + fates.payload;
      const { bytes = 0, padding = '' } = params as Partial<ControlParams<'probe'>>;
      const fate = padding !== '' ? fates.largeQuestion : bytes > 0 ? fates.largeAnswer : fates.small;
      return fate === 'answers' ? Promise.resolve({ padding: '' } as never) : Promise.reject(new AppError(fate));
    },
  }));
  return { all: () => links as Link[], get: () => undefined, dial: () => expect.fail('nobody is called') };
}
const findings = async (paths: readonly Path[], peer: Parameters<typeof largeTest>[1] = null): Promise<unknown[]> =>
  (await largeTest({ links: () => linksTo(paths) }, peer).run(new AbortController().signal)).map(({ finding, state, params }) => [finding, state, params]);

it.each<[string, Partial<Path>, unknown[]]>([
  ['loses nothing', {}, ['large-passes', 'ok', { names: 'Ann' }]],
  ['loses large packets from there', { largeAnswer: 'timeout' }, ['large-lost-in', 'failed', { name: 'Ann' }]],
  ['loses large packets on the way there', { largeQuestion: 'timeout' }, ['large-lost-out', 'failed', { name: 'Ann' }]],
  ['loses everything', { small: 'timeout' }, ['large-quiet', 'warning', { name: 'Ann' }]],
  ['is full of a download', { largeAnswer: 'timeout', payload: 1000 }, ['large-quiet', 'warning', { name: 'Ann' }]],
  ['has just ended', { largeAnswer: 'link-closed' }, ['large-quiet', 'warning', { name: 'Ann' }]],
  ['leads to a version that does not know the question', { small: 'unknown-command', largeAnswer: 'timeout' }, ['large-unknown', 'skipped', { names: 'Ann' }]],
  ['leads to somebody who was asked too often', { largeAnswer: 'rate-limited' }, ['large-later', 'skipped', { names: 'Ann' }]],
])('a path that %s', async (_what, fates, expected) => {
  expect(await findings([path('Ann', fates)])).toEqual([expected]);
});

it('says of each device what is wrong, and of the others together that nothing is; and nothing when nobody is linked', async () => {
  const paths = [path('Ann'), path('Ben', { largeAnswer: 'timeout' }), path('Cy'), path('Dan', { largeQuestion: 'timeout' })];
  expect(await findings(paths)).toEqual([['large-lost-in', 'failed', { name: 'Ben' }], ['large-lost-out', 'failed', { name: 'Dan' }], ['large-passes', 'ok', { names: 'Ann, Cy' }]]);
  expect(await findings(paths, deviceIdOf(new Uint8Array(32).fill(1)))).toEqual([['large-lost-in', 'failed', { name: 'Ben' }]]);
  expect(await findings([])).toEqual([]);
});

it('ends when it is cancelled', async () => {
  const cancel = new AbortController();
  cancel.abort();
  await expect(largeTest({ links: () => linksTo([path('Ann', { small: 'cancelled' })]) }, null).run(cancel.signal)).rejects.toMatchObject({ code: 'cancelled' });
});
