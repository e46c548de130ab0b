import { afterEach, expect, it } from 'vitest';
import { PairingService } from '#main/node/peers/pairing.ts';
import { limits } from '#shared/limits.ts';
import { second } from '#shared/units.ts';
import { linkedPair } from '../../net/test-nodes.ts';

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
