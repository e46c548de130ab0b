import { limits } from '#shared/limits.ts';
import { countedSeries, measuredSeries, type ActivitySeries } from '#shared/protocol/bootstrap-admin.ts';
import { second, type Millis } from '#shared/units.ts';

/** What was counted since the start, and what is measured now. */
export type Reading = Readonly<Record<ActivitySeries, number>>;

const hundredths = (value: number): number => Math.round(value * 100) / 100;

/**
 * What went on in the last minutes: made from what is counted anyway, so that no request costs more for being shown.
 * A reading now and then, of which the differences are kept.
 */
export class Activity {
  readonly #series: Readonly<Record<ActivitySeries, number[]>> = { requests: [], registrations: [], heartbeats: [], announcements: [], searches: [], errors: [], failures: [], refused: [], relayed: [], cpu: [], memory: [], delay: [] };
  #last: { readonly at: Millis; readonly reading: Reading } | null = null;

  take(at: Millis, reading: Reading): void {
    const last = this.#last;
    this.#last = { at, reading };
    if (last === null || at <= last.at) return;
    for (const name of countedSeries) this.#push(name, hundredths(Math.max(0, reading[name] - last.reading[name]) / ((at - last.at) / second)));
    for (const name of measuredSeries) this.#push(name, hundredths(reading[name]));
  }

  get steps(): number {
    return this.#series.cpu.length;
  }

  /** All of it, oldest first. */
  copy(): Record<ActivitySeries, number[]> {
    return structuredClone(this.#series);
  }

  /** Average of the last steps; 0 before the first. */
  recent(name: ActivitySeries, steps: number): number {
    const last = this.#series[name].slice(-steps);
    return last.length === 0 ? 0 : last.reduce((sum, value) => sum + value, 0) / last.length;
  }

  #push(name: ActivitySeries, value: number): void {
    const values = this.#series[name];
    values.push(value);
    if (values.length > limits.bootstrap.activitySteps) values.shift();
  }
}
