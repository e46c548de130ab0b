import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RoundTrip } from '#main/core/link/round-trip.ts';
import { LineGuard, stepsMs } from '#main/core/rate/line-guard.ts';
import { RequestRate } from '#main/core/rate/request-rate.ts';
import { RateEstimator } from '#main/core/swarm/rate-estimator.ts';
import { minute, second } from '#shared/units.ts';

const tickMs = 100;
const budgetMs = 20;

interface LineOptions {
  /** What the bottleneck takes, bytes/ms. */
  readonly bytesPerMs: number;
  readonly baseMs?: number;
  /** What the transfer could use, bytes/ms. */
  readonly wanted?: number;
  /** Each block takes this long at the measured rate, as whoever asks for blocks sees to. */
  readonly blockMs?: number;
  /** What other programs of this machine put into the same queue, bytes/ms. */
  readonly others?: number;
  readonly unprotected?: boolean;
}

/** A line with a queue at its narrowest point, in virtual time: blocks and pings stand in it one after the other. */
class SlowLine {
  now = 0;
  bytesPerMs: number;
  others: number;
  wanted: number;
  readonly guard = new LineGuard();
  /** The queue at every millisecond since `measure`, ms. */
  queues: number[] = [];
  /** Steps of the measured time in which it yielded. */
  yielded = 0;
  sent = 0;
  readonly #options: Required<Pick<LineOptions, 'baseMs' | 'blockMs' | 'unprotected'>>;
  readonly #roundTrip = new RoundTrip();
  readonly #limit = new RequestRate(25);
  readonly #rate = new RateEstimator(second);
  readonly #pongs: { at: number; nonce: number }[] = [];
  #queuedBytes = 0;
  /** What the sender holds of blocks that it lets go evenly. */
  #leaving = 0;
  #sentAtTick = 0;
  #tickAt = 0;
  #steps = 0;
  /** What is still to be sent of the present block at the pace the transfer wants. */
  #credit = 0;

  constructor({ bytesPerMs, baseMs = 10, wanted = 1e9, blockMs = 25, others = 0, unprotected = false }: LineOptions) {
    this.bytesPerMs = bytesPerMs;
    this.wanted = wanted;
    this.others = others;
    this.#options = { baseMs, blockMs, unprotected };
    // Before anything moves the heartbeat has measured the path.
    this.#roundTrip.answered(baseMs, this.#roundTrip.sent(0));
  }

  get queueMs(): number {
    return this.#queuedBytes / this.bytesPerMs;
  }

  run(ms: number): this {
    for (const end = this.now + ms; this.now < end; this.now++) {
      this.#queuedBytes = Math.max(0, this.#queuedBytes + this.others - this.bytesPerMs);
      const block = Math.max(16_384, this.#rate.rate(this.now) / second * this.#options.blockMs);
      // What it could not send at once it does not send all the faster later.
      this.#credit = Math.min(this.#credit + this.wanted, 1e7, Math.max(this.wanted, 2 * block));
      // A window as TCP has it: no more than 2 s of the line's rate stands in the queue.
      while (this.#credit >= block && this.queueMs < 2000 && this.#leaving <= 0 && this.#limit.mayAsk(this.now)) {
        this.#limit.pay(block);
        this.#credit -= block;
        this.#leaving += block;
        this.#rate.add(this.now, block);
        this.sent += block;
      }
      const cap = this.guard.cap('up');
      const leaves = this.#options.unprotected ? this.#leaving : Math.min(this.#leaving, 1.2 * cap / second);
      this.#leaving -= leaves;
      this.#queuedBytes += leaves;
      for (let pong = this.#pongs[0]; pong !== undefined && pong.at <= this.now; pong = this.#pongs[0]) {
        this.#pongs.shift();
        this.#roundTrip.answered(this.now, pong.nonce);
      }
      this.queues.push(this.queueMs);
      if (this.now === this.#tickAt) this.#tick();
    }
    return this;
  }

  /** What is measured begins now. */
  measure(): this {
    this.queues = [];
    this.sent = 0;
    this.#sentAtTick = 0;
    this.yielded = 0;
    return this;
  }

  get meanQueueMs(): number {
    return this.queues.reduce((sum, ms) => sum + ms, 0) / this.queues.length;
  }

  #tick(): void {
    this.#tickAt = this.now + (stepsMs[this.#steps++ % stepsMs.length] ?? tickMs);
    const traffic = { queueMs: this.#roundTrip.queueMs(this.now), risingMs: this.#roundTrip.risingMs(this.now), latencyMs: this.#roundTrip.smoothedMs, down: 0, up: this.sent - this.#sentAtTick };
    this.#sentAtTick = this.sent;
    this.guard.step(this.now, budgetMs, [traffic]);
    const cap = this.guard.cap('up');
    if (this.guard.yields('up')) this.yielded++;
    this.#limit.set(this.now, this.#options.unprotected ? null : cap);
    if (this.#roundTrip.waitingMs(this.now) !== null) return;
    this.#pongs.push({ at: this.now + this.#options.baseMs + this.queueMs, nonce: this.#roundTrip.sent(this.now) });
  }
}

describe('on a line with a deep queue', () => {
  // The smallest block fills a line of 1 Mbit/s for 131 ms: there it is the one or the other.
  it.each([{ bytesPerMs: 125, blockMs: 100, used: 0.45 }, { bytesPerMs: 1250, blockMs: 100 }, { bytesPerMs: 1250, blockMs: 25 }, { bytesPerMs: 6250, blockMs: 25, baseMs: 80 }, { bytesPerMs: 62_500, blockMs: 25, baseMs: 1 }])('the round trip stays near its budget, and most of the line is used: %j', ({ used = 0.85, ...options }: LineOptions & { used?: number }) => {
    const line = new SlowLine(options).run(20 * second);
    line.measure().run(1 * minute);
    expect(line.meanQueueMs).toBeLessThan(1.5 * budgetMs);
    expect(line.sent / (options.bytesPerMs * minute)).toBeGreaterThan(used);
    expect(new SlowLine({ ...options, unprotected: true }).run(20 * second).measure().run(20 * second).meanQueueMs).toBeGreaterThan(1 * second);
  });

  // Before the line is known: what began at full speed filled the queue for two seconds.
  it.each([{ bytesPerMs: 625 }, { bytesPerMs: 1250 }, { bytesPerMs: 6250, baseMs: 80 }, { bytesPerMs: 62_500, baseMs: 1 }])('a transfer that begins is no spike, and has most of the line soon: %j', (options) => {
    const begin = (unprotected: boolean): SlowLine => {
      const line = new SlowLine({ ...options, unprotected, wanted: 0 }).run(3 * second);
      line.wanted = 1e9;
      return line.measure().run(6 * second);
    };
    const line = begin(false);
    expect(Math.max(...line.queues)).toBeLessThan(12 * budgetMs);
    expect(line.meanQueueMs).toBeLessThan(3 * budgetMs);
    expect(Math.max(...begin(true).queues)).toBeGreaterThan(1 * second);
    expect(line.measure().run(10 * second).sent / (options.bytesPerMs * 10 * second)).toBeGreaterThan(0.7);
  });

  it('is calm within seconds', () => {
    const line = new SlowLine({ bytesPerMs: 1250 }).run(10 * second).measure().run(10 * second);
    expect(line.meanQueueMs).toBeLessThan(3 * budgetMs);
  });

  it('follows when the line gets slower, and faster again', () => {
    const line = new SlowLine({ bytesPerMs: 4000 }).run(20 * second);
    line.bytesPerMs = 1000;
    line.run(15 * second).measure().run(20 * second);
    expect(line.meanQueueMs).toBeLessThan(2 * budgetMs);
    line.bytesPerMs = 8000;
    line.run(30 * second).measure().run(20 * second);
    expect(line.sent / (8000 * 20 * second)).toBeGreaterThan(0.7);
  });

  it('yields to what other programs send, and takes the line back', () => {
    const line = new SlowLine({ bytesPerMs: 1250 }).run(20 * second);
    line.others = 900;
    line.run(15 * second).measure().run(20 * second);
    expect(line.meanQueueMs).toBeLessThan(3 * budgetMs);
    expect(line.sent / (350 * 20 * second)).toBeGreaterThan(0.4);
    line.others = 0;
    line.run(20 * second).measure().run(20 * second);
    expect(line.sent / (1250 * 20 * second)).toBeGreaterThan(0.7);
  });

  it('keeps on even while the queue is not ours', () => {
    const guard = new LineGuard();
    for (let now = 0; now <= 2 * minute; now += tickMs) guard.step(now, budgetMs, [{ queueMs: 400, risingMs: 400, latencyMs: 10, down: 0, up: guard.cap('up') * tickMs / second }]);
    expect(guard.cap('up')).toBe(16_384);
  });
});

describe('with bandwidth to spare', () => {
  // One of the smallest blocks takes less than the budget: slower lines are never without a queue.
  it('nothing is throttled, whatever is asked of the line below its rate', () => {
    fc.assert(fc.property(fc.integer({ min: 1000, max: 100_000 }), fc.double({ min: 0.05, max: 0.85, noNaN: true }), (bytesPerMs, share) => {
      const line = new SlowLine({ bytesPerMs, baseMs: 1, wanted: bytesPerMs * share, blockMs: 10 });
      line.run(8 * second).measure().run(10 * second);
      expect(line.yielded).toBe(0);
      expect(line.sent / (line.wanted * 10 * second)).toBeGreaterThan(0.97);
    }), { numRuns: 10 });
  });

  it('what is in nobody’s way any more is not held on to', () => {
    const line = new SlowLine({ bytesPerMs: 1250 }).run(20 * second);
    expect(line.guard.yields('up')).toBe(true);
    line.wanted = 200;
    line.run(1 * minute);
    expect(line.guard.yields('up')).toBe(false);
  });
});

describe('who yields', () => {
  const steps = (guard: LineGuard, links: Parameters<LineGuard['step']>[2], ms = 5 * second): void => { for (let now = 0; now <= ms; now += tickMs) guard.step(now, budgetMs, links); };

  it('the direction in which we move something', () => {
    const guard = new LineGuard();
    steps(guard, [{ queueMs: 200, risingMs: 200, latencyMs: 10, down: 5e5, up: 10 }]);
    expect(guard.cap('down')).toBeLessThan(5e6);
    expect([guard.yields('down'), guard.yields('up')]).toEqual([true, false]);
  });

  it('nobody, when only one link of several has a queue: it is not in our line', () => {
    const guard = new LineGuard();
    steps(guard, [{ queueMs: 400, risingMs: 400, latencyMs: 10, down: 0, up: 1e5 }, { queueMs: 2, risingMs: 2, latencyMs: 10, down: 0, up: 1e5 }]);
    expect(guard.yields('up')).toBe(false);
  });

  it('everybody, when all have', () => {
    const guard = new LineGuard();
    steps(guard, [{ queueMs: 400, risingMs: 400, latencyMs: 10, down: 0, up: 1e5 }, { queueMs: 90, risingMs: 90, latencyMs: 10, down: 0, up: 1e5 }]);
    expect(guard.yields('up')).toBe(true);
    expect(guard.cap('up')).toBeLessThan(1e6);
  });

  it('nobody for a link that was not measured', () => {
    const guard = new LineGuard();
    steps(guard, [{ queueMs: null, risingMs: null, latencyMs: 10, down: 0, up: 1e5 }]);
    expect([guard.yields('up'), guard.queueMs]).toEqual([false, null]);
  });
});

describe('the queue', () => {
  it('is what the round trip takes longer than its shortest of ten minutes', () => {
    const trip = new RoundTrip();
    const measure = (at: number, ms: number): void => { trip.answered(at + ms, trip.sent(at)); };
    expect(trip.queueMs(0)).toBeNull();
    measure(0, 12);
    for (const at of [1000, 1250, 1500, 1750]) measure(at, 50);
    expect(trip.queueMs(1800)).toBe(38);
    // One that slipped through decides nothing, nor do two that waited.
    for (const [at, ms] of [[2000, 12], [2250, 60], [2500, 500], [3000, 62]] as const) measure(at, ms);
    expect(trip.queueMs(3100)).toBe(48);
    expect(trip.queueMs(6000)).toBeNull();
    // The path has changed: after ten minutes that is what is measured against.
    for (let at = 1 * minute; at < 13 * minute; at += 15 * second) measure(at, 40);
    expect(trip.queueMs(13 * minute - 14 * second)).toBe(0);
  });

  it('is at least as long as a ping has waited', () => {
    const trip = new RoundTrip();
    trip.answered(10, trip.sent(0));
    trip.answered(260, trip.sent(250));
    trip.answered(510, trip.sent(500));
    trip.sent(750);
    expect(trip.queueMs(2700)).toBe(1940);
  });
});
