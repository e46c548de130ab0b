import { describe, expect, it } from 'vitest';
import { Disks, type DiskOptions } from '#main/lab/engine/disk.ts';
import { Simulation } from '#main/lab/engine/simulation.ts';

const plain: DiskOptions = { bytesPerSecond: 1e6, latency: 50, jitter: 0, repeats: 0, fails: 0 };

interface Answer { node: number; at: number; id: number; failed?: boolean }

function disks(options: Partial<DiskOptions> = {}): { simulation: Simulation; disks: Disks; answers: Answer[] } {
  const simulation = new Simulation(5);
  const answers: Answer[] = [];
  return {
    simulation, answers,
    disks: new Disks(simulation, { ...plain, ...options }, {
      written: (node, failed, id) => { answers.push({ node, at: simulation.now, id, failed }); },
      read: (node, id) => { answers.push({ node, at: simulation.now, id }); },
    }),
  };
}

const jobs = Array.from({ length: 300 }, (_, id) => id);

describe('a simulated disk', () => {
  it('does one job after the other, and every node has its own', () => {
    const { simulation, disks: made, answers } = disks();
    made.write(0, 100, 1, 0, 0, 0);
    made.read(0, 100, false, 2, 0, 0, 0);
    made.write(1, 100, 3, 0, 0, 0);
    simulation.run();
    expect(answers).toEqual([{ node: 0, at: 150, id: 1, failed: false }, { node: 1, at: 150, id: 3, failed: false }, { node: 0, at: 250, id: 2 }]);
  });

  it('has at hand what comes next, while it is idle, and not faster than its rate', () => {
    const { simulation, disks: made, answers } = disks();
    expect(made.read(0, 100, false, 1, 0, 0, 0)).toBe(false);
    simulation.run(200);
    expect(made.read(0, 100, true, 2, 0, 0, 0)).toBe(true);
    // It is busy with that until 300.
    expect(made.read(0, 100, true, 3, 0, 0, 0)).toBe(false);
    simulation.run();
    expect(answers).toEqual([{ node: 0, at: 150, id: 1 }, { node: 0, at: 450, id: 3 }]);
  });

  it('has nothing at hand where answers come out of order', () => {
    const { simulation, disks: made, answers } = disks({ jitter: 5000 });
    expect(made.read(0, 100, true, 1, 0, 0, 0)).toBe(false);
    simulation.run();
    expect(answers.map(({ id }) => id)).toEqual([1]);
  });

  it('answers out of order where it is told to', () => {
    const { simulation, disks: made, answers } = disks({ jitter: 5000 });
    for (const id of jobs) made.write(0, 10, id, 0, 0, 0);
    simulation.run();
    const order = answers.map(({ id }) => id);
    expect(order).not.toEqual(jobs);
    expect(order.toSorted((a, b) => a - b)).toEqual(jobs);
  });

  it('answers twice, with the same word, and fails, as often as it is told to', () => {
    const { simulation, disks: made, answers } = disks({ repeats: 0.5, fails: 0.2 });
    for (const id of jobs) made.write(0, 10, id, 0, 0, 0);
    simulation.run();
    expect(answers.length).toBeGreaterThan(400);
    expect(answers.length).toBeLessThan(500);
    for (const id of jobs) expect(new Set(answers.filter((answer) => answer.id === id).map(({ failed }) => failed)).size).toBe(1);
    expect(answers.filter(({ failed }) => failed === true).length).toBeGreaterThan(50);
  });
});
