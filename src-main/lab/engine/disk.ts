import type { Bytes } from '#shared/units.ts';
import type { Micros } from './event-wheel.ts';
import { perMicro } from './fair-share.ts';
import { Parcels } from './parcels.ts';
import type { RandomStream } from './random-stream.ts';
import type { EventKind, Simulation } from './simulation.ts';

export interface DiskOptions {
  readonly bytesPerSecond: number;
  /** From the moment the last byte is handed over to the answer. */
  readonly latency: Micros;
  /** Answers come up to this much later than they might, each by its own chance: their order is not that of the jobs. */
  readonly jitter: Micros;
  /** Chance of an answer that comes twice. */
  readonly repeats: number;
  /** Chance that a write fails. */
  readonly fails: number;
}

export interface DiskSink {
  /** `failed`: nothing was written. The numbers are those of the job. */
  written(node: number, failed: boolean, a: number, b: number, c: number, d: number): void;
  read(node: number, a: number, b: number, c: number, d: number): void;
}

const writing = 0;
const reading = 1;
const failing = 2;

/** One disk for each node: jobs one after the other at its rate, answers some time later, but for what it has read ahead. */
export class Disks {
  readonly #simulation: Simulation;
  readonly #options: DiskOptions;
  readonly #sink: DiskSink;
  readonly #random: RandomStream;
  readonly #jobs = new Parcels();
  readonly #answers: EventKind;
  readonly #busyUntil: Micros[] = [];

  constructor(simulation: Simulation, options: DiskOptions, sink: DiskSink) {
    this.#simulation = simulation;
    this.#options = options;
    this.#sink = sink;
    this.#random = simulation.random('disk');
    this.#answers = simulation.on((job) => this.#answer(job));
  }

  write(node: number, bytes: Bytes, a: number, b: number, c: number, d: number): void {
    const type = this.#random.chance(this.#options.fails) ? failing : writing;
    this.#start(type, node, bytes, a, b, c, d);
    // The second answer to a job is as late as the first, and either may be the earlier one.
    if (this.#random.chance(this.#options.repeats)) this.#start(type, node, 0, a, b, c, d);
  }

  /**
   * `isNext`: it goes on where an earlier read ended. Returns true when the bytes are at hand, because an idle disk has read
   * them ahead; else they come later, through the sink.
   */
  read(node: number, bytes: Bytes, isNext: boolean, a: number, b: number, c: number, d: number): boolean {
    const { now } = this.#simulation;
    if (!isNext || this.#options.jitter > 0 || (this.#busyUntil[node] ?? 0) > now) {
      this.#start(reading, node, bytes, a, b, c, d);
      return false;
    }
    this.#busyUntil[node] = now + bytes / perMicro(this.#options.bytesPerSecond);
    return true;
  }

  #start(type: number, node: number, bytes: Bytes, a: number, b: number, c: number, d: number): void {
    const { bytesPerSecond, latency, jitter } = this.#options;
    const done = Math.max(this.#busyUntil[node] ?? 0, this.#simulation.now) + bytes / perMicro(bytesPerSecond);
    this.#busyUntil[node] = done;
    const extra = jitter > 0 ? this.#random.below(jitter) : 0;
    this.#simulation.at(Math.ceil(done) + latency + extra, this.#answers, this.#jobs.take(type, node, 0, a, b, c, d));
  }

  #answer(job: number): void {
    const jobs = this.#jobs;
    const type = jobs.type(job);
    const node = jobs.route(job);
    if (type === reading) this.#sink.read(node, jobs.a(job), jobs.b(job), jobs.c(job), jobs.d(job));
    else this.#sink.written(node, type === failing, jobs.a(job), jobs.b(job), jobs.c(job), jobs.d(job));
    jobs.release(job);
  }
}
