import { setImmediate as turn } from 'node:timers/promises';
import { vi } from 'vitest';
import { RandomStream } from '#main/lab/engine/random-stream.ts';
import { RedisStore } from '#main/bootstrap/redis/redis-store.ts';
import { Registry } from '#main/bootstrap/registry/registry.ts';
import { stateOf, wide } from './registry/things.ts';
import { SimulatedDevice } from './simulated-device.ts';
import { SimulatedRedis } from './simulated-redis.ts';

interface Server {
  readonly registry: Registry;
  readonly store: RedisStore;
  /** Devices that go on saying that they are there: a part of its own of those it knows. */
  readonly hears: (number: number) => boolean;
}

const deviceCount = 6;
/** Rounds of rest, of which each is longer than Redis may be told of nothing, and longer than a session waits before it is opened again. */
const restRounds = 8;
const roundMs = 2500;
/** What comes to no rest after so many steps never will. */
const mostSteps = 50_000;

/** Servers on a simulated Redis, and devices. Timers of the process have to be simulated, too (`vi.useFakeTimers`). */
class Simulation {
  readonly redis: SimulatedRedis;
  readonly servers: Server[] = [];
  readonly devices: readonly SimulatedDevice[];
  readonly #random: RandomStream;
  #clock = 1_000_000;
  /** What Redis goes back to. */
  #saved: () => void;

  constructor(seed: number) {
    this.#random = new RandomStream(seed, 'changes');
    this.redis = new SimulatedRedis(new RandomStream(seed, 'redis'), () => this.#clock);
    this.devices = Array.from({ length: deviceCount }, (_, number) => new SimulatedDevice(number, new RandomStream(seed, `device ${number}`)));
    this.#saved = this.redis.copy();
  }

  async start(hears: Server['hears']): Promise<Server> {
    const registry: Registry = new Registry(wide, {
      nodeChanged: (node) => { store.nodeChanged(node); }, nodeGone: (node) => { store.nodeGone(node); },
      entryAdded: (node, entry) => { store.entryAdded(node, entry); }, entryRemoved: (node, contentId) => { store.entryRemoved(node, contentId); },
    });
    const store = new RedisStore({ url: 'redis://simulated', state: registry, now: () => this.#clock, silenceMs: wide.silenceMs, onProblem: () => undefined, onSkipped: () => undefined, open: this.redis.open });
    void store.loadNodes();
    await turn();
    const server = { registry, store, hears };
    this.servers.push(server);
    return server;
  }

  /** Something changes at a server, something arrives, something breaks. */
  async step(trouble: Trouble): Promise<void> {
    const random = this.#random;
    for (const { registry } of this.servers) {
      if (random.below(4) === 0) this.devices[random.below(deviceCount)]?.comeTo(registry, this.#clock);
      registry.sweep(random.below(50));
    }
    if (random.chance(trouble.breaks)) this.redis.break();
    if (random.chance(trouble.olderStates)) this.#saved = this.redis.copy();
    if (random.chance(trouble.olderStates)) this.#saved();
    if (random.below(30) === 0) await this.#pass(random.below(150));
    if (random.chance(trouble.silences)) await this.#pass(random.below(wide.silenceMs));
    for (let some = random.below(6); some > 0 && this.redis.step(); some--) await turn();
    await turn();
  }

  /** Until nothing is on its way, and nothing is to be tried again. */
  async rest(): Promise<void> {
    for (let round = 0; round < restRounds; round++) {
      await this.#arrive();
      this.#hear();
      await this.#pass(roundMs);
    }
    await this.#arrive();
    for (const { registry } of this.servers) registry.sweep(Infinity);
  }

  async #arrive(): Promise<void> {
    for (let steps = 0; this.redis.step(); steps++) {
      if (steps > mostSteps) throw new Error('it comes to no rest');
      await turn();
    }
  }

  #hear(): void {
    for (const { registry, hears } of this.servers) {
      for (const [number, { id }] of this.devices.entries()) {
        const node = hears(number) ? registry.node(id) : undefined;
        if (node !== undefined) registry.heartbeat(this.#clock, node.deviceId, node.outside);
      }
    }
  }

  async #pass(ms: number): Promise<void> {
    this.#clock += ms;
    vi.advanceTimersByTime(ms);
    for (const { store } of this.servers) store.expire(this.#clock, 10);
    await turn();
  }
}

/** How likely something is in a step. */
interface Trouble {
  /** A connection to Redis breaks. */
  readonly breaks: number;
  /** Nothing is heard for a long time. */
  readonly silences: number;
  /** What Redis has is kept, and comes back later: it was started again, or a replica took over. */
  readonly olderStates: number;
}

export const troubles: Readonly<Record<string, Trouble>> = {
  'and all goes well': { breaks: 0, silences: 0, olderStates: 0 },
  'while connections break': { breaks: 1 / 60, silences: 0, olderStates: 0 },
  'and fall silent': { breaks: 1 / 150, silences: 1 / 40, olderStates: 0 },
  'while Redis goes back to older states': { breaks: 1 / 150, silences: 1 / 200, olderStates: 1 / 50 },
};

/** What two servers and one that comes late say in the end, after changes at both: three times the same, if all is as it should be. Before that, lists that a server vouches for and that are others. */
async function runServers(seed: number, trouble: Trouble): Promise<string[]> {
  const simulation = new Simulation(seed);
  try {
    await simulation.start((number) => number % 3 === 0);
    await simulation.start((number) => number % 3 === 1);
    for (let step = 0; step < 150; step++) await simulation.step(trouble);
    await simulation.rest();
    await simulation.start(() => false);
    await simulation.rest();
    const wrong = simulation.servers.flatMap(({ registry }) => simulation.devices.map((device) => device.wrongIn(registry))).filter((each) => each !== null);
    return [...wrong, ...simulation.servers.map(({ registry, store }) => JSON.stringify({ problem: store.problem, state: stateOf(registry) }))];
  } finally {
    vi.clearAllTimers();
  }
}

/** The seeds of those of so many runs after which the servers do not know the same, or stand still. */
export async function differingRuns(trouble: string, firstSeed: number, runs: number): Promise<number[]> {
  const odds = troubles[trouble];
  if (odds === undefined) throw new RangeError('no such trouble');
  const differing: number[] = [];
  for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
    const [one, ...others] = await runServers(seed, odds);
    if (one?.startsWith('{"problem":null,') !== true || others.some((other) => other !== one)) differing.push(seed);
  }
  return differing;
}
