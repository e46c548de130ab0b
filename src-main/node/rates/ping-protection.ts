import type { Direction } from '#shared/model/limit.ts';
import { second, type Millis } from '#shared/units.ts';
import { bulkBytesPerSecond, LineGuard, stepsMs } from '../../core/rate/line-guard.ts';
import type { Line } from '../../core/rate/rate-gate.ts';
import type { Link } from '../ports/links.ts';
import { lineTo, type SwarmDriver } from '../transfers/swarm-driver.ts';

/** Of so many links of a line the round trip is measured, those that move the most: their shortest queue is the line's. */
const measuredLinks = 4;
/** When this program was that late itself, what it measured is not the line's. */
const lateMs = 50;

const lines = ['near', 'far'] as const satisfies readonly Line[];
const directions = ['down', 'up'] as const satisfies readonly Direction[];

/** A block goes out a little faster than the limit for all has it, so that this alone decides how much goes out. */
const paceFor = (cap: number | null): number | null => (cap === null ? null : 1.2 * cap);

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
  readonly #capped = new Set<`${Line} ${Direction}`>();
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
    this.#plan();
  }

  /** The strictest rate that holds for a line now, bytes/s; null when none does. */
  cap(direction: Direction): number | null {
    const caps = [...this.#guards.values()].flatMap((guard) => guard.cap(direction) ?? []);
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
    this.#capped.clear();
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
        return { queueMs: measured.has(link) ? link.queueMs : null, down: moved.down - before.down, up: moved.up - before.up };
      });
      guard.step(now, budgetMs, traffic);
      for (const direction of directions) {
        const cap = guard.cap(direction);
        if (cap === null && !this.#capped.has(`${line} ${direction}`)) continue;
        this.#ports.swarm.setLimit(direction, cap, line);
        if (direction === 'up') for (const link of over) link.pace(paceFor(cap));
        if (cap === null) this.#capped.delete(`${line} ${direction}`);
        else this.#capped.add(`${line} ${direction}`);
      }
    }
  }
}
