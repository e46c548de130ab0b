import { performance, type EventLoopUtilization } from 'node:perf_hooks';
import type { MachineFacts } from '../../core/pace/facts.ts';

/** How busy this thread and the whole program were between two readings. */
export class MachineMeter {
  #loop: EventLoopUtilization = performance.eventLoopUtilization();
  #cpu = process.cpuUsage();
  #at = performance.now();

  start(): void {
    this.#loop = performance.eventLoopUtilization();
    this.#cpu = process.cpuUsage();
    this.#at = performance.now();
  }

  /** Since the last reading, or the start. */
  read(): MachineFacts {
    const loop = performance.eventLoopUtilization();
    const cpu = process.cpuUsage();
    const at = performance.now();
    const { utilization } = performance.eventLoopUtilization(loop, this.#loop);
    const cores = (cpu.user + cpu.system - this.#cpu.user - this.#cpu.system) / 1000 / Math.max(1, at - this.#at);
    [this.#loop, this.#cpu, this.#at] = [loop, cpu, at];
    return { loop: utilization, cores };
  }
}
