import { describe, expect, it } from 'vitest';
import { Simulation } from '#main/lab/engine/simulation.ts';

/** A world that makes events out of chance. */
function walk(seed: number, steps: number): Simulation {
  const simulation = new Simulation(seed);
  const random = simulation.random('walk');
  const step = simulation.on((left) => {
    if (left > 0) simulation.after(random.below(1000), step, left - 1, random.below(100));
  });
  for (let walker = 0; walker < 5; walker++) simulation.at(0, step, steps, walker);
  simulation.run();
  return simulation;
}

describe('a simulation', () => {
  it('has one history for one seed', () => {
    const first = walk(4, 500);
    const again = walk(4, 500);
    expect([again.history.toString(), again.events, again.now]).toEqual([first.history.toString(), first.events, first.now]);
    expect(first.events).toBe(5 * 501);
    expect(first.history.toString()).toMatch(/^[0-9a-f]{16}$/);
    for (const other of [walk(5, 500), walk(4, 499)]) expect(other.history.toString()).not.toBe(first.history.toString());
  });

  it('stops when it is told to and goes on from there', () => {
    const simulation = new Simulation(1);
    const seen: number[] = [];
    const note = simulation.on((id) => { seen.push(id); });
    for (const id of [1, 2, 3]) simulation.at(id * 10, note, id);
    simulation.run(15);
    expect([seen, simulation.now]).toEqual([[1], 15]);
    simulation.run(Infinity, () => seen.length === 2);
    expect(seen).toEqual([1, 2]);
    expect(simulation.pending).toBe(1);
  });
});
