import type { Direction } from '#shared/model/limit.ts';
import type { Millis } from '#shared/units.ts';
import { bulkBytesPerSecond, LineGuard } from '../../core/rate/line-guard.ts';
import type { Line } from '../../core/rate/rate-gate.ts';
import type { Link } from '../ports/links.ts';
import { lineTo, type SwarmDriver } from '../transfers/swarm-driver.ts';

/** So often the round trip is measured and the rates are set. */
const everyMs = 250;
/** When this program was that late itself, what it measured is not the line's. */
const lateMs = 50;

const lines = ['near', 'far'] as const satisfies readonly Line[];
const directions = ['down', 'up'] as const satisfies readonly Direction[];

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
  readonly #capped = new Set<`${Line} ${Direction}`>();
  #timer: NodeJS.Timeout | null = null;
  #tickAt: Millis = 0;

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
    this.#tickAt = this.#ports.now() + everyMs;
    this.#timer = setInterval(() => { this.#tick(); }, everyMs);
    this.#timer.unref();
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
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    for (const line of this.#guards.keys()) for (const direction of directions) this.#ports.swarm.setLimit(direction, null, line);
    this.#guards.clear();
    this.#capped.clear();
  }

  #tick(): void {
    const now = this.#ports.now();
    const late = now - this.#tickAt;
    this.#tickAt = now + everyMs;
    const budgetMs = this.#budgetMs;
    if (budgetMs === null) return;
    for (const [line, guard] of this.#guards) {
      const links = [...this.#ports.links()].filter(({ path }) => lineTo(path) === line);
      const traffic = links.map((link) => {
        const { down, up } = link.rates;
        if (down >= bulkBytesPerSecond || up >= bulkBytesPerSecond) link.probe();
        return { queueMs: link.queueMs, down, up };
      });
      if (late > lateMs) continue;
      guard.step(now, budgetMs, traffic);
      for (const direction of directions) {
        const cap = guard.cap(direction);
        if (cap !== null || this.#capped.has(`${line} ${direction}`)) this.#ports.swarm.setLimit(direction, cap, line);
        if (cap === null) this.#capped.delete(`${line} ${direction}`);
        else this.#capped.add(`${line} ${direction}`);
      }
    }
  }
}
