import type { Direction } from '#shared/model/limit.ts';
import { second, type Millis } from '#shared/units.ts';
import { bulkBytesPerSecond, LineGuard, stepsMs } from '../../core/rate/line-guard.ts';
import type { Line } from '../../core/rate/rate-gate.ts';
import type { Link } from '../ports/links.ts';
import { lineTo } from '../swarm/line-to.ts';
import type { SwarmDriver } from '../swarm/swarm-driver.ts';

/** Of so many links of a line the round trip is measured, those that move the most: their shortest queue is the line's. */
const measuredLinks = 4;
/** When this program was that late itself, what it measured is not the line's. */
const lateMs = 50;

const lines = ['near', 'far'] as const satisfies readonly Line[];
const directions = ['down', 'up'] as const satisfies readonly Direction[];

/** A block goes out a little faster than the limit for all has it, so that this alone decides how much goes out. */
const paceFor = (cap: number): number => 1.2 * cap;

export interface PingProtectionPorts {
  readonly links: () => Iterable<Link>;
  readonly swarm: Pick<SwarmDriver, 'setLimit'>;
  readonly now: () => Millis;
}

/** Measures what transfers add to the round trip, and has them yield when it is more than the budget. */
export class PingProtection {
  readonly #ports: PingProtectionPorts;
  #budgetMs: Millis | null = null;
  #guards = new Map<Line, LineGuard>();
  /** Bytes each link had moved at the last step. */
  readonly #moved = new WeakMap<Link, Link['moved']>();
  /** What was told to the swarm, and to the links. */
  readonly #caps = new Map<`${Line} ${Direction}`, number>();
  #paces = new WeakMap<Link, number>();
  #timer: NodeJS.Timeout | null = null;
  #tickAt: Millis = 0;
  #steps = 0;

  constructor(ports: PingProtectionPorts) {
    this.#ports = ports;
  }

  /** Null switches it off. */
  setBudget(budgetMs: Millis | null): void {
    if (budgetMs === this.#budgetMs) return;
    this.#budgetMs = budgetMs;
    if (budgetMs === null) return this.close();
    if (this.#timer !== null) return;
    this.#guards = new Map(lines.map((line) => [line, new LineGuard()]));
    // Before anything moves: how much a line takes is found out from below.
    for (const [line, guard] of this.#guards) this.#limit(line, guard);
    this.#plan();
  }

  /** The strictest rate to which transfers over a line yield now, bytes/s; null when none does. */
  cap(direction: Direction): number | null {
    const caps = [...this.#guards.values()].flatMap((guard) => (guard.yields(direction) ? [guard.cap(direction)] : []));
    return caps.length === 0 ? null : Math.min(...caps);
  }

  /** What transfers add to the round trip of a line now; null while that is not measured. */
  get queueMs(): Millis | null {
    const queues = [...this.#guards.values()].flatMap((guard) => guard.queueMs ?? []);
    return queues.length === 0 ? null : Math.max(...queues);
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (const line of this.#guards.keys()) {
      for (const direction of directions) this.#ports.swarm.setLimit(direction, null, line);
      for (const link of this.#over(line)) link.pace(null);
    }
    this.#guards.clear();
    this.#caps.clear();
    this.#paces = new WeakMap();
  }

  #over(line: Line): Link[] {
    return [...this.#ports.links()].filter(({ path }) => lineTo(path) === line);
  }

  #plan(): void {
    const waitMs = stepsMs[this.#steps++ % stepsMs.length] ?? second;
    this.#tickAt = this.#ports.now() + waitMs;
    this.#timer = setTimeout(() => { this.#tick(); }, waitMs);
    this.#timer.unref();
  }

  #tick(): void {
    const now = this.#ports.now();
    const late = now - this.#tickAt;
    this.#plan();
    const budgetMs = this.#budgetMs;
    if (budgetMs === null) return;
    for (const [line, guard] of this.#guards) {
      const over = this.#over(line);
      const links = over.filter(({ rates }) => Math.max(rates.down, rates.up) >= bulkBytesPerSecond);
      const measured = new Set(links.toSorted((a, b) => b.rates.down + b.rates.up - a.rates.down - a.rates.up).slice(0, measuredLinks));
      for (const link of measured) link.probe();
      if (late > lateMs) continue;
      const traffic = links.map((link) => {
        const { moved } = link;
        const before = this.#moved.get(link) ?? moved;
        this.#moved.set(link, moved);
        return { queueMs: measured.has(link) ? link.queueMs : null, risingMs: measured.has(link) ? link.risingMs : null, latencyMs: link.latencyMs, down: moved.down - before.down, up: moved.up - before.up };
      });
      guard.step(now, budgetMs, traffic);
      this.#limit(line, guard);
      const pace = paceFor(guard.cap('up'));
      for (const link of over) {
        if (this.#paces.get(link) === pace) continue;
        this.#paces.set(link, pace);
        link.pace(pace);
      }
    }
  }

  #limit(line: Line, guard: LineGuard): void {
    for (const direction of directions) {
      const cap = guard.cap(direction);
      if (this.#caps.get(`${line} ${direction}`) === cap) continue;
      this.#caps.set(`${line} ${direction}`, cap);
      this.#ports.swarm.setLimit(direction, cap, line);
    }
  }
}
