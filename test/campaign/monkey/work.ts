import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '#shared/errors.ts';
import type { NamedOperation } from './operations.ts';
import { isOrdinary, type Inhabitant, type World } from './world.ts';

/** One hand of somebody: what is drawn by weight from `operations`, one after the other, until `isOver`. `pauseMs`: the longest pause between two. */
export async function work(world: World, who: Inhabitant, options: { operations: readonly NamedOperation[]; isOver: () => boolean; pauseMs: number }): Promise<void> {
  const { operations, isOver, pauseMs } = options;
  const totalWeight = operations.reduce((sum, { weight }) => sum + weight, 0);
  while (!isOver()) {
    let at = who.random() * totalWeight;
    const operation = operations.find(({ weight }) => (at -= weight) < 0) ?? operations[0];
    await sleep(who.random() * pauseMs);
    if (operation === undefined || (who.isBusy && operation.name !== 'work in shares')) continue;
    const outcome = await (async () => operation.does(world, who))().catch((error: unknown) => {
      if (error instanceof AppError) return `error ${error.code} ${JSON.stringify(error.params)}`;
      if (isOrdinary(error) || (error instanceof Error && error.message.endsWith(' hangs'))) return String(error);
      throw error;
    });
    if (outcome === '') continue;
    world.counts.set(operation.name, (world.counts.get(operation.name) ?? 0) + 1);
    world.log(`${who.person.name} ${operation.name}: ${outcome}`);
  }
}
