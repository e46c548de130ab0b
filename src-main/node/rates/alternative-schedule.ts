import type { Schedule } from '#shared/model/schedule.ts';
import type { Settings } from '#shared/settings.ts';
import { minute, second } from '#shared/units.ts';
import { isScheduled, minutesToChange, type WallClock } from '../../core/rate/schedule.ts';
import type { SettingsStore } from '../settings-store.ts';

/** The wall is looked at as often as this: it may be set, and the machine may sleep, while a timer runs. */
const lookEveryMs = 1 * minute;

export interface AlternativeScheduleOptions {
  readonly settings: Pick<SettingsStore, 'get' | 'set'>;
  /** The clock on the wall. */
  readonly wall: () => Date;
  /** Work nobody waits for; its failure goes to the log. */
  readonly background: (work: Promise<unknown>) => void;
}

const clockOf = (wall: Date): WallClock => ({ weekday: (wall.getDay() + 6) % 7, minute: wall.getHours() * 60 + wall.getMinutes() });

/**
 * Switches the alternative limits on and off at the schedule's times. Between them they can be switched by hand, and then
 * stay so until the schedule's next change.
 */
export class AlternativeSchedule {
  readonly #options: AlternativeScheduleOptions;
  #schedule: Schedule | null = null;
  #scheduled = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: AlternativeScheduleOptions) {
    this.#options = options;
  }

  /** Whether it is one of the schedule's times, as far as it was looked at. */
  get isTime(): boolean {
    return this.#scheduled;
  }

  /** At the start, and when settings have changed. */
  follow({ schedule }: Pick<Settings, 'schedule'>): void {
    const before = this.#schedule;
    if (before !== null && JSON.stringify(before) === JSON.stringify(schedule)) return;
    this.#schedule = schedule;
    // A schedule that was just made, or was there at the start, decides at once; one that was given up leaves nothing on.
    this.#look(schedule.on);
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#schedule = null;
  }

  #look(decide: boolean): void {
    const { settings, wall, background } = this.#options;
    const schedule = this.#schedule;
    if (schedule === null) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const now = wall();
    const scheduled = isScheduled(schedule, clockOf(now));
    const changed = scheduled !== this.#scheduled;
    this.#scheduled = scheduled;
    const left = minutesToChange(schedule, clockOf(now));
    if (left !== null) {
      const intoMinute = now.getSeconds() * second + now.getMilliseconds();
      this.#timer = setTimeout(() => { this.#look(false); }, Math.min(left * minute - intoMinute, lookEveryMs));
      this.#timer.unref();
    }
    if ((changed || decide) && settings.get().alternativeLimits !== scheduled) background(settings.set({ alternativeLimits: scheduled }));
  }
}
