import { expect, it } from 'vitest';
import { seeded, type SimulatedMachine } from '../simulated/simulated-world.ts';
import { checkCompletion } from './crash-check.ts';
import { assertClear, prepared } from './fault-explorer.ts';
import { lives } from './receive-lives.ts';
import { knowsNothing } from './receive-play.ts';

/** What somebody else does to our files while we write them, and what of it must be there afterwards. */
interface Trespass {
  /** False when there is nothing of ours yet. */
  readonly does: (machine: SimulatedMachine) => boolean;
  readonly leaves?: Readonly<Record<string, string>>;
}

const part = '/base/sub/file.part';
const ifThere = (path: string, does: (machine: SimulatedMachine) => void) => (machine: SimulatedMachine): boolean => {
  if (machine.disk.at('/base/sub') === undefined || machine.disk.at(path) === undefined) return false;
  does(machine);
  return true;
};
const trespasses: Readonly<Record<string, Trespass>> = {
  'the folder vanishes': { does: ifThere(part, (machine) => { machine.disk.remove('/base/sub'); }) },
  'the part file is deleted': { does: ifThere(part, (machine) => { machine.disk.remove(part); }) },
  'the part file is replaced by another': { does: ifThere(part, (machine) => { machine.disk.put(part, new TextEncoder().encode('of somebody else')); }), leaves: { [part]: 'of somebody else' } },
  'the journal is replaced by rubbish': { does: ifThere('/base/sub/file.progress', (machine) => { machine.disk.put('/base/sub/file.progress', new Uint8Array(200).fill(9)); }) },
  'the final name is taken': { does: ifThere(part, (machine) => { machine.disk.put('/base/sub/file', new TextEncoder().encode('of somebody else')); }), leaves: { '/base/sub/file': 'of somebody else' } },
};

/** Lets it happen just before the `at`-th operation; false when the life is over before that. */
async function happen(name: string, trespass: Trespass, at: number): Promise<boolean> {
  const { machine, play } = prepared(name, 1);
  const player = play();
  let count = 0;
  let hasHappened = false;
  machine.disk.fault = (operation, what, phase) => {
    player.begins(operation, what, phase);
    // Between our last look at the name and taking it away nobody can help it.
    if (phase === 'start' && count++ === at && !(operation === 'unlink' && what === 'file.part')) hasHappened = trespass.does(machine);
    return null;
  };
  await lives[name]?.run(player, seeded(1)).catch(assertClear);
  for (const error of await player.stop()) assertClear(error);
  expect(machine.disk.handles.size, 'nothing is left open').toBe(0);
  machine.disk.fault = () => null;
  await checkCompletion({ machine, ending: 'kill', known: knowsNothing, life: { run: () => Promise.resolve(), foreign: hasHappened ? (trespass.leaves ?? {}) : {} }, random: seeded(at), mayLeave: true });
  return count > at;
}

it.each(Object.keys(trespasses))('while we receive, %s: a clear error or none, and nothing of theirs is touched', { timeout: 60_000 }, async (what) => {
  const trespass = trespasses[what] ?? { does: () => false };
  let at = 50;
  try {
    while (await happen('written, closed, opened again, finished', trespass, at)) at++;
  } catch (error) {
    throw new Error(`before operation ${at}`, { cause: error });
  }
  expect(at).toBeGreaterThan(100);
});
