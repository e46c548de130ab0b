import { LabViolation } from '#main/lab/engine/swarm-checker.ts';
import type { SwarmOptions } from '#main/lab/engine/swarm-options.ts';
import { reportSwarm, type SwarmReport } from '#main/lab/engine/swarm-report.ts';
import { SwarmWorld } from '#main/lab/engine/swarm-world.ts';
import { swarmCommand } from '#main/lab/swarm-flags.ts';

/** Of 100,000 tiny swarms one needed more than a million; one that needs this many does not come to rest. */
const mostEvents = 3_000_000;

/** Runs a swarm to its end. What goes wrong is told with the command that repeats it. */
export function trySwarm(options: SwarmOptions): SwarmReport {
  try {
    const world = new SwarmWorld(options);
    if (!world.advance(mostEvents)) throw new LabViolation(`the swarm does not come to rest in ${mostEvents} events`);
    return reportSwarm(world);
  } catch (error) {
    throw new Error(`${String(error)}\nRepeat it: ${swarmCommand(options)}`, { cause: error });
  }
}
