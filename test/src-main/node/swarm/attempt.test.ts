import { expect, it, vi } from 'vitest';
import { Attempt } from '#main/node/swarm/attempt.ts';
import { BufferPool } from '#main/node/swarm/buffer-pool.ts';
import { deviceIdOf } from '#shared/ids.ts';
import { MiB } from '#shared/units.ts';

const from = deviceIdOf(new Uint8Array(32).fill(1));

it('takes no memory for a piece before its first bytes come, then the same for all of them', () => {
  const pool = new BufferPool(MiB);
  const take = vi.spyOn(pool, 'take');
  const attempts = Array.from({ length: 3 }, () => new Attempt(pool, MiB, from));
  expect(take).not.toHaveBeenCalled();
  const [arriving, ...asked] = attempts;
  expect(arriving?.data).toHaveLength(MiB);
  expect(arriving?.data.buffer).toBe(arriving?.data.buffer);
  expect(take).toHaveBeenCalledTimes(1);
  for (const attempt of asked) attempt.end();
  expect(take).toHaveBeenCalledTimes(1);
});

it('gives its memory back, once, and takes no other', () => {
  const pool = new BufferPool(MiB);
  const attempt = new Attempt(pool, MiB, from);
  const { data } = attempt;
  attempt.end();
  const next = new Attempt(pool, MiB, from);
  expect(next.data.buffer).toBe(data.buffer);
  attempt.end();
  expect(new Attempt(pool, MiB, from).data.buffer).not.toBe(data.buffer);
  expect(() => attempt.data).toThrow();
});
