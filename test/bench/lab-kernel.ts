/**
 * Rate of the simulator's event queue in the hold model: with N events pending, take the next one out and put another one
 * in, at a random distance. Run with `npm run bench -- lab-kernel [EVENTS]`; figures are medians of five runs of CPU time.
 */
import { EventWheel } from '#main/lab/engine/event-wheel.ts';

const events = Number(process.argv[2] ?? 5_000_000);
const runs = 5;
/** Distances in microseconds. `mixed` is what a swarm has: messages, transfers, timers. */
const mixes = {
  'uniform to 1 s': (random: number) => random * 1e6,
  'exponential, mean 1 s': (random: number) => -Math.log(1 - random) * 1e6,
  'mixed 1 ms to 100 s': (random: number) => 1e3 * 10 ** (5 * random),
};

function distances(mix: (random: number) => number): Int32Array {
  let state = 1;
  return new Int32Array(1 << 16).map(() => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.round(mix(state / 2 ** 32));
  });
}

/** Events per second of CPU time. */
function hold(pending: number, steps: Int32Array, cancelling: boolean): number {
  const wheel = new EventWheel(pending * 2);
  for (let event = 0; event < pending; event++) wheel.schedule(steps[event & 0xffff] ?? 0, 1, event, 0);
  const start = process.cpuUsage();
  for (let done = 0; done < events; done++) {
    wheel.next();
    const handle = wheel.schedule(wheel.now + (steps[done & 0xffff] ?? 0), 1, wheel.first, done);
    // Every fourth event replaces a timer, as a transfer does whose rate changes.
    if (cancelling && (done & 3) === 0 && wheel.cancel(handle)) wheel.schedule(wheel.now + (steps[(done + 7) & 0xffff] ?? 0), 1, wheel.first, done);
  }
  const used = process.cpuUsage(start);
  return events / ((used.user + used.system) / 1e6);
}

for (const [name, mix] of Object.entries(mixes)) {
  const steps = distances(mix);
  for (const pending of [1000, 100_000]) {
    for (const cancelling of [false, true]) {
      const rates = Array.from({ length: runs }, () => hold(pending, steps, cancelling)).sort((a, b) => a - b);
      const say = (rate: number | undefined): string => ((rate ?? 0) / 1e6).toFixed(2);
      console.log(`${name}, ${pending} pending${cancelling ? ', a quarter rescheduled' : ''}: ${say(rates[runs >> 1])} M events/s (${say(rates[0])} to ${say(rates[runs - 1])})`);
    }
  }
}
