import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AlternativeSchedule } from '#main/node/rates/alternative-schedule.ts';
import { defaultSettings, type Settings, type SettingsPatch } from '#shared/settings.ts';
import { hour, minute, second } from '#shared/units.ts';

/** A node's settings and a clock on its wall, which may be set. */
class World {
  settings: Settings = { ...defaultSettings, name: 'A', downloadDir: '/d', schedule: { on: true, days: ['wed'], from: '08:00', to: '20:00' } };
  shift = 0;
  readonly schedule = new AlternativeSchedule({
    settings: { get: () => this.settings, set: (patch) => { this.set(patch); return Promise.resolve(this.settings); } },
    wall: () => new Date(Date.now() + this.shift), background: () => undefined,
  });

  set(patch: SettingsPatch): void {
    this.settings = { ...this.settings, ...patch } as Settings;
    this.schedule.follow(this.settings);
  }
}

let world: World;
// A Wednesday, by local time.
const start = new Date(2026, 10, 18, 7, 58, 30);
beforeEach(() => {
  vi.useFakeTimers({ now: start });
  world = new World();
});
afterEach(() => {
  world.schedule.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe('the alternative limits', () => {
  it('are switched at the times of the schedule, to the second', () => {
    world.schedule.follow(world.settings);
    vi.advanceTimersByTime(89 * second);
    expect(world.settings.alternativeLimits).toBe(false);
    vi.advanceTimersByTime(1 * second);
    expect(world.settings.alternativeLimits).toBe(true);
    expect(world.schedule.isTime).toBe(true);
    vi.advanceTimersByTime(12 * hour);
    expect(world.settings.alternativeLimits).toBe(false);
  });

  it('stay as they were switched by hand until the next change', () => {
    world.schedule.follow(world.settings);
    vi.advanceTimersByTime(2 * hour);
    world.set({ alternativeLimits: false });
    vi.advanceTimersByTime(9 * hour);
    expect(world.settings.alternativeLimits).toBe(false);
    world.set({ alternativeLimits: true });
    vi.advanceTimersByTime(3 * hour);
    expect(world.settings.alternativeLimits).toBe(false);
    world.set({ alternativeLimits: true });
    vi.advanceTimersByTime(6 * hour);
    expect(world.settings.alternativeLimits).toBe(true);
  });

  it('are right from the start, whatever they were when the program ended', () => {
    vi.setSystemTime(new Date(2026, 10, 18, 12));
    world.schedule.follow(world.settings);
    expect(world.settings.alternativeLimits).toBe(true);
  });

  it('follow the clock on the wall when it jumps', () => {
    world.schedule.follow(world.settings);
    // Summer time begins: it is nine instead of eight.
    world.shift = 1 * hour;
    vi.advanceTimersByTime(1 * minute);
    expect(world.settings.alternativeLimits).toBe(true);
    // And ends: it is before eight again.
    world.shift = 0;
    vi.setSystemTime(new Date(2026, 10, 18, 7));
    vi.advanceTimersByTime(1 * minute);
    expect(world.settings.alternativeLimits).toBe(false);
    vi.advanceTimersByTime(59 * minute);
    expect(world.settings.alternativeLimits).toBe(true);
  });

  it('go with a schedule that is given up, and are left alone without one', () => {
    world.schedule.follow(world.settings);
    vi.advanceTimersByTime(2 * hour);
    world.set({ schedule: { ...world.settings.schedule, on: false } });
    expect(world.settings.alternativeLimits).toBe(false);
    world.set({ alternativeLimits: true });
    vi.advanceTimersByTime(13 * hour);
    expect(world.settings.alternativeLimits).toBe(true);
  });
});
