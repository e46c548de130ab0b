import { afterEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { PairingService } from '#main/node/peers/pairing.ts';
import { limits } from '#shared/limits.ts';
import { second } from '#shared/units.ts';
import { linkedPair } from '../../net/test-nodes.ts';

const pairParams = z.object({ commitment: z.string().optional(), nonce: z.string().optional() });

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => { for (const close of closing.splice(0)) await close(); });

it('lets a device try a code only so often, and again after a while, whatever other devices do', async () => {
  const { a, b, ab, ba } = await linkedPair();
  closing.push(() => a.links.close(), () => b.links.close());
  let now = 1_000_000_000;
  const pairing = new PairingService({ ownId: a.identity.id, now: () => 0, elapsed: () => now, onChange: () => undefined, onPaired: () => Promise.resolve() });
  const tryOnce = (link = ab): void => {
    pairing.committed(link, '0'.repeat(64));
    pairing.linkDown(link);
  };
  for (let tries = 0; tries < limits.pairing.tries; tries++) tryOnce();
  expect(() => { tryOnce(); }).toThrow(expect.objectContaining({ code: 'rate-limited' }));
  expect(() => { tryOnce(ba); }).not.toThrow();
  now += limits.pairing.expiresMs / limits.pairing.tries - second;
  expect(() => { tryOnce(); }).toThrow(expect.objectContaining({ code: 'rate-limited' }));
  now += 2 * second;
  expect(() => { tryOnce(); }).not.toThrow();
  expect(() => { tryOnce(); }).toThrow(expect.objectContaining({ code: 'rate-limited' }));
});

it('pairs with nobody whose answer comes after the code has expired', async () => {
  const { a, b, ab, ba } = await linkedPair();
  closing.push(() => a.links.close(), () => b.links.close());
  let now = 0;
  const paired: string[] = [];
  const serviceOf = (ownId: typeof a.identity.id): PairingService =>
    new PairingService({ ownId, now: () => 0, elapsed: () => now, onChange: () => undefined, onPaired: (id) => { paired.push(id); return Promise.resolve(); } });
  const [ours, theirs] = [serviceOf(a.identity.id), serviceOf(b.identity.id)];
  b.handler.answer = (method, params) => {
    const { commitment = '', nonce = '' } = pairParams.parse(params);
    return Promise.resolve(method === 'pairCommit' ? theirs.committed(ba, commitment) : theirs.revealed(ba, nonce));
  };
  await ours.start(ab);
  expect(await ours.answer(ab, true)).toMatchObject({ state: 'waiting-for-them' });
  now += limits.pairing.expiresMs;
  await ours.answered(ab, true);
  expect([paired, ours.list()]).toEqual([[], []]);
});

describe('a comparison that somebody does not want to wait for', () => {
  async function compared() {
    const { a, b, ab, ba } = await linkedPair();
    closing.push(() => a.links.close(), () => b.links.close());
    const told: string[] = [];
    const clock = { elapsed: 0 };
    const serviceOf = (who: string, ownId: typeof a.identity.id): PairingService =>
      new PairingService({ ownId, now: () => 0, elapsed: () => clock.elapsed, onChange: ({ state }) => { told.push(`${who} ${state}`); }, onPaired: () => expect.fail('nobody pairs') });
    const [ours, theirs] = [serviceOf('ours', a.identity.id), serviceOf('theirs', b.identity.id)];
    b.handler.answer = (method, params) => {
      const { commitment = '', nonce = '' } = pairParams.parse(params);
      return Promise.resolve(method === 'pairCommit' ? theirs.committed(ba, commitment) : theirs.revealed(ba, nonce));
    };
    return { ours, theirs, ab, ba, told, clock };
  }

  it('ends at both when it is taken back after a yes, and a yes that comes then counts for nothing', async () => {
    const { ours, theirs, ab, ba, told } = await compared();
    await ours.start(ab);
    await ours.answer(ab, true);
    expect(await ours.answer(ab, false)).toMatchObject({ state: 'failed' });
    await theirs.answered(ba, true);
    await theirs.answered(ba, false);
    await ours.answered(ab, true);
    expect([told, ours.list(), theirs.list()]).toEqual([['theirs compare', 'ours compare', 'ours waiting-for-them', 'ours failed', 'theirs failed'], [], []]);
  });

  it('ends at both while the codes are still exchanged', async () => {
    const { ours, theirs, ab, ba, told } = await compared();
    const started = ours.start(ab);
    await ours.answer(ab, false);
    await expect(started).rejects.toMatchObject({ code: 'cancelled' });
    await theirs.answered(ba, false);
    expect([told.filter((each) => each !== 'theirs compare'), ours.list(), theirs.list()]).toEqual([['ours failed', 'theirs failed'], [], []]);
  });

  it('says that its time is over, without being asked', async () => {
    const { ours, ab, told, clock } = await compared();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      await ours.start(ab);
      clock.elapsed = limits.pairing.expiresMs - 1;
      vi.advanceTimersByTime(limits.pairing.expiresMs);
      expect(told).not.toContain('ours failed');
      clock.elapsed++;
      vi.advanceTimersByTime(1);
      expect(told).toContain('ours failed');
    } finally {
      vi.useRealTimers();
    }
  });
});
