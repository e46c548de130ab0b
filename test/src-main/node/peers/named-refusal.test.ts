import { expect, it } from 'vitest';
import { namedRefusal } from '#main/node/peers/named-refusal.ts';
import { AppError } from '#shared/errors.ts';

it('names what a device does not show, and leaves every other refusal as it is', async () => {
  const told = (error: unknown) => Promise.reject(error).catch(namedRefusal('Musik/Live'));
  await expect(told(new AppError('not-found'))).rejects.toEqual(new AppError('not-found', { name: 'Musik/Live' }));
  for (const other of [new AppError('not-found', { name: 'a.txt' }), new AppError('refused', { name: 'Ann' }), new TypeError('x')]) await expect(told(other)).rejects.toBe(other);
});
