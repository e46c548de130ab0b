import { setImmediate } from 'node:timers/promises';
import { reportSwarm, type SwarmReport } from './engine/swarm-report.ts';
import type { SwarmOptions } from './engine/swarm-options.ts';
import { SwarmWorld } from './engine/swarm-world.ts';

/** Events between two looks at the signal: about a tenth of a second. */
const eventsAtOnce = 20_000;

export interface SwarmRun extends SwarmReport {
  /** Seconds of one core, and events in each of them. */
  readonly cpuSeconds: number;
  readonly eventsPerSecond: number;
}

/** Simulates a swarm to its end. Throws `LabViolation` when a check fails, and the signal's reason. */
export async function runSwarm(options: SwarmOptions, { signal, onProgress }: { signal?: AbortSignal; onProgress?: (done: number, of: number, virtualSeconds: number) => void } = {}): Promise<SwarmRun> {
  const began = process.cpuUsage();
  const world = new SwarmWorld(options);
  const of = world.unfinished;
  while (!world.advance(eventsAtOnce)) {
    onProgress?.(of - world.unfinished, of, world.simulation.now / 1e6);
    await setImmediate();
    signal?.throwIfAborted();
  }
  const report = reportSwarm(world);
  const used = process.cpuUsage(began);
  const cpuSeconds = (used.user + used.system) / 1e6;
  return { ...report, cpuSeconds, eventsPerSecond: Math.round(report.events / cpuSeconds) };
}
