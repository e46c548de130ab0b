import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import { second } from '#shared/units.ts';
import { Counter, expose, Histogram, type Metric } from './metrics.ts';

/** What is only known where it is kept. */
export interface Gauges {
  readonly nodes: () => number;
  readonly rooms: () => number;
  readonly entries: () => number;
  readonly contents: () => number;
  readonly words: () => number;
  readonly connections: () => number;
  readonly webSockets: () => number;
  readonly storeFails: () => boolean;
  readonly eventMessages: () => number;
  readonly delivered: () => number;
  readonly undelivered: () => number;
  readonly relays: () => number;
  readonly relayedBytes: () => number;
}

/** What an operator watches. Names and labels are stable. */
export class ServerMetrics {
  readonly requestSeconds = new Histogram();
  readonly errors = new Counter();
  /** Connections that were cut before anything was asked, by why. */
  readonly refused = new Counter();
  readonly expired = new Counter();
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: 20 });
  readonly #metrics: readonly Metric[];

  constructor(gauges: Gauges) {
    this.#delay.enable();
    const gauge = (name: string, help: string, of: () => number): Metric => ({ name: `distrishare_bootstrap_${name}`, help, type: 'gauge', of });
    const counter = (name: string, help: string, of: Counter | (() => number)): Metric => ({ name: `distrishare_bootstrap_${name}_total`, help, type: 'counter', of });
    this.#metrics = [
      gauge('nodes', 'Registered nodes.', gauges.nodes), gauge('rooms', 'Rooms with a member.', gauges.rooms),
      gauge('entries', 'Announced entries.', gauges.entries), gauge('contents', 'Distinct announced contents.', gauges.contents), gauge('words', 'Distinct words in their names.', gauges.words),
      gauge('connections', 'Open connections.', gauges.connections), gauge('websockets', 'Open WebSockets that listen for changes.', gauges.webSockets),
      gauge('relays', 'Relayed connections, those that wait for their other end included.', gauges.relays),
      gauge('store_failing', '1 while the state cannot be stored.', () => Number(gauges.storeFails())),
      { name: 'distrishare_bootstrap_request_seconds', help: 'Time from a request to its answer.', type: 'histogram', of: this.requestSeconds },
      counter('errors', 'Answers that refuse, by code.', this.errors), counter('refused_connections', 'Connections that were cut.', this.refused),
      counter('expired_nodes', 'Nodes that fell silent.', this.expired), counter('event_messages', 'Messages about changes.', gauges.eventMessages),
      counter('signals_delivered', 'Signals that were handed to a device.', gauges.delivered), counter('signals_undelivered', 'Signals that were not: nobody there, or too many.', gauges.undelivered),
      counter('relayed_bytes', 'Bytes carried for others, in both directions.', gauges.relayedBytes),
      { name: 'process_cpu_seconds_total', help: 'Processor time.', type: 'counter', of: () => { const { user, system } = process.cpuUsage(); return (user + system) / 1e6; } },
      { name: 'process_resident_memory_bytes', help: 'Memory.', type: 'gauge', of: () => process.memoryUsage.rss() },
      gauge('event_loop_delay_seconds', '99th percentile of how late the process is, since it was asked last.', () => this.#delayNow()),
    ];
  }

  expose(): string {
    return expose(this.#metrics);
  }

  close(): void {
    this.#delay.disable();
  }

  #delayNow(): number {
    const nanoseconds = this.#delay.percentile(99);
    this.#delay.reset();
    return Number.isFinite(nanoseconds) ? nanoseconds / 1e6 / second : 0;
  }
}
