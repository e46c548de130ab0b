import { cutStyles, type CutStyle } from '../simulated/power-cut.ts';
import type { Operation } from '../simulated/simulated-files.ts';
import { SimulatedMachine, seeded } from '../simulated/simulated-world.ts';
import { checkAftermath, anyStyle, type Ending } from './crash-check.ts';
import { file, lives, type Life } from './receive-lives.ts';
import { Play, type Known } from './receive-play.ts';

/** What kind of machine and volume a round happens on. */
export interface Surroundings {
  readonly name: string;
  readonly prepare: (machine: SimulatedMachine) => void;
  /** Errors that this volume always gives. */
  readonly refuses?: (operation: Operation) => string | null;
  readonly namesMayBeLost?: boolean;
}

export const surroundings: readonly Surroundings[] = [
  { name: 'an ordinary volume', prepare: () => undefined },
  { name: 'a system without boot ids', prepare: (machine) => { machine.hasBootId = false; } },
  { name: 'a volume that knows no holes', prepare: (machine) => { machine.disk.hasHoles = false; } },
  { name: 'a volume that is written past the cache', prepare: (machine) => { machine.policy = { ...machine.policy, directFromBytes: 0 }; } },
  {
    name: 'a volume without links, folder sync and lasting inodes',
    prepare: (machine) => { machine.disk.kind = 'loose-inodes'; },
    refuses: (operation) => (operation === 'link' ? 'EPERM' : operation === 'syncFolder' ? 'EINVAL' : null),
    namesMayBeLost: true,
  },
];

const changing: ReadonlySet<Operation> = new Set(['create', 'write', 'writeLater', 'truncate', 'setModified', 'syncData', 'sync', 'syncFolder', 'link', 'rename', 'unlink', 'makeFolder']);

/** A moment of a life at which it may end. */
interface Moment {
  readonly at: number;
  readonly operation: string;
  readonly machine: SimulatedMachine;
  readonly known: Known;
}

/** Lives through a life undisturbed and keeps every moment just before something changes, and the end. */
async function momentsOf(life: Life, seed: number, where: Surroundings): Promise<Moment[]> {
  const machine = new SimulatedMachine(seed);
  where.prepare(machine);
  for (const [path, text] of Object.entries(life.foreign ?? {})) {
    if (path.startsWith('/base/sub/') && machine.disk.at('/base/sub') === undefined) machine.disk.putFolder('/base/sub');
    machine.disk.put(path, new TextEncoder().encode(text));
  }
  life.prepare?.(machine);
  const play = new Play(machine, file, life.there);
  const moments: Moment[] = [];
  const keep = (operation: string): void => {
    moments.push({ at: moments.length, operation, machine: machine.fork(seed), known: play.known });
  };
  machine.disk.fault = (operation, name, phase) => {
    if (changing.has(operation)) keep(`${operation} ${name}, ${phase}`);
    play.begins(operation, name, phase);
    return where.refuses?.(operation) ?? null;
  };
  await life.run(play, seeded(seed));
  keep('the end');
  return moments;
}

export interface Exploration {
  /** States of the disk after a crash that differ in names or contents. */
  readonly states: Set<string>;
  /** States with what was known of them; each is checked once. */
  readonly checked: Set<string>;
  crashes: number;
}

export const nothingExplored = (): Exploration => ({ states: new Set(), checked: new Set(), crashes: 0 });

const textOf = (known: Known): string => JSON.stringify(known, (_, value: unknown) => (value instanceof Set ? [...value] : value));

const fixedStyles = ['nothing', 'everything', 'names', 'data'] as const;

/** How the moments of one seed are ended: each by a kill, by the extreme power cuts and by `random` cuts at random. */
function endings(random: () => number, randomCuts: number): { ending: Ending; style: CutStyle | null }[] {
  const cuts = fixedStyles.map((name) => cutStyles[name] ?? null);
  for (let more = 0; more < randomCuts; more++) cuts.push(anyStyle(random));
  return [{ ending: 'kill', style: null }, ...cuts.map((style) => ({ ending: 'power cut' as const, style }))];
}

/**
 * Ends one life at each of its moments in several ways and checks what is found afterwards. Throws at the first state
 * in which a promise is broken, and says how to get there again.
 */
export async function exploreCrashes(name: string, seed: number, where: Surroundings, randomCuts: number, found: Exploration): Promise<void> {
  const life = lives[name];
  if (life === undefined) throw new Error(`no life ${name}`);
  for (const moment of await momentsOf(life, seed, where)) {
    const random = seeded(seed * 100_003 + moment.at);
    for (const { ending, style } of endings(random, randomCuts)) {
      const machine = moment.machine.fork(Math.floor(random() * 2 ** 31));
      if (style === null) machine.kill();
      else machine.cutPower(style);
      machine.disk.fault = (operation) => where.refuses?.(operation) ?? null;
      const state = `${where.name} ${ending} ${machine.disk.digest()}`;
      const stateAndKnown = `${state} ${name} ${textOf(moment.known)}`;
      found.crashes++;
      found.states.add(state);
      if (found.checked.has(stateAndKnown)) continue;
      found.checked.add(stateAndKnown);
      try {
        await checkAftermath({ machine, ending, known: moment.known, life, random, ...(where.namesMayBeLost === true ? { namesMayBeLost: true } : {}) });
      } catch (error) {
        throw new Error(`seed ${seed}, “${name}” on ${where.name}, ${ending} ${JSON.stringify(style)} at ${moment.at} (${moment.operation}), known ${textOf(moment.known)}`, { cause: error });
      }
    }
  }
}
