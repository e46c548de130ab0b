import { expect, it } from 'vitest';
import { Lookups } from '#main/node/serving/lookups.ts';
import { contentIdOf, deviceIdOf, type ContentId } from '#shared/ids.ts';

const contents = (count: number): ContentId[] => Array.from({ length: count }, (_, at) => contentIdOf(new Uint8Array(32).fill(at & 255).fill(at >> 8, 0, 1)));
const link = (number: number) => ({ remote: { id: deviceIdOf(new Uint8Array(32).fill(number)), name: 'x', platform: 'linux' as const, version: '1', listenPort: null } });

it('looks up few contents of a device at a time, whatever it asks at once, and answers each question in its order', async () => {
  let [underWay, most, asked] = [0, 0, 0];
  const lookups = new Lookups({
    library: {
      resolve: async (_viewer, id) => {
        most = Math.max(most, ++underWay);
        asked++;
        await new Promise((resolve) => { setImmediate(resolve); });
        underWay--;
        return id === contents(7)[6] ? { kind: 'folder', name: 'x', bytes: 1, files: 1 } : null;
      },
    },
    fetched: { has: (_viewer, id) => (id === contents(3)[2] ? 'p' : null) },
    fetchedSmall: { has: (_viewer, id) => Promise.resolve(id === contents(1)[0]) },
  });
  const [one, other] = [link(1), link(2)];
  const questions = Array.from({ length: 20 }, () => lookups.have(one, () => ({ kind: 'self' }), contents(100)));
  // Somebody else does not wait for all that.
  expect(await lookups.have(other, () => ({ kind: 'self' }), contents(8))).toBe('f-p---d-');
  expect(asked).toBeLessThan(200);
  expect(new Set(await Promise.all(questions))).toEqual(new Set([`f-p---d${'-'.repeat(93)}`]));
  expect(most).toBeLessThanOrEqual(64);
});
