import { describe, expect, it } from 'vitest';
import { Conduct, type HeldRecord } from '#main/node/swarm/conduct.ts';
import { deviceIdOf, type DeviceId } from '#shared/ids.ts';
import { day, hour } from '#shared/units.ts';

const device = (number: number) => deviceIdOf(new Uint8Array(32).fill(number));
const evidence = (piece: number) => ({ file: 'film.bin', contentId: null, piece, expected: null });

/** Conduct with a clock that the test sets, and what it saved. */
function world(saved = new Map<DeviceId, HeldRecord>(), now = 1000) {
  /** What passed since, and what was added to the clock on the wall. */
  const clock = { passed: 0, setBy: 0 };
  const changed: DeviceId[] = [];
  const conduct = new Conduct({
    now: () => now + clock.passed + clock.setBy,
    elapsed: () => 50 + clock.passed,
    onChange: (id) => { changed.push(id); },
    save: (id, held) => { if (held === null) saved.delete(id); else saved.set(id, held); },
  }, [...saved]);
  return { conduct, clock, changed, saved };
}

it('bans at the second wrong piece, with the evidence, until an hour after the last one', () => {
  const { conduct, clock, changed } = world();
  conduct.note(device(1), evidence(4));
  expect(conduct.isBanned(device(1))).toBe(false);
  clock.passed += 500;
  conduct.note(device(1), evidence(7));
  expect(conduct.of(device(1))).toEqual({ count: 2, banned: true, until: 1500 + hour, latest: [{ ...evidence(4), at: 1000 }, { ...evidence(7), at: 1500 }] });
  expect(conduct.of(device(2))).toBeUndefined();
  clock.passed += hour - 1;
  expect(conduct.forgiveInTime()).toEqual([]);
  clock.passed++;
  expect(conduct.isBanned(device(1))).toBe(false);
  expect(conduct.forgiveInTime()).toEqual([device(1)]);
  expect(changed).toEqual([device(1), device(1), device(1)]);
});

it('bans for an hour, however the clock on the wall is set meanwhile', () => {
  for (const setBy of [365 * day, day, hour, -hour, -day, -365 * day]) {
    const { conduct, clock } = world(undefined, 500 * day);
    conduct.note(device(1), evidence(1));
    conduct.note(device(1), evidence(2));
    clock.setBy = setBy;
    clock.passed = hour - 1;
    expect([conduct.isBanned(device(1)), conduct.forgiveInTime()]).toEqual([true, []]);
    clock.passed++;
    expect([conduct.isBanned(device(1)), conduct.forgiveInTime()]).toEqual([false, [device(1)]]);
  }
});

it('keeps the latest evidence only, and of a bounded number of devices', () => {
  const { conduct, saved } = world();
  for (let piece = 0; piece < 20; piece++) conduct.note(device(1), evidence(piece));
  expect(conduct.of(device(1))).toMatchObject({ count: 20 });
  expect(conduct.of(device(1))?.latest.map(({ piece }) => piece)).toEqual([12, 13, 14, 15, 16, 17, 18, 19]);
  for (let count = 0; count < 1024; count++) {
    const id = new Uint8Array(32).fill(9);
    id[0] = count >> 8;
    id[1] = count & 0xff;
    conduct.note(deviceIdOf(id), evidence(0));
  }
  expect(conduct.of(device(1))).toBeUndefined();
  expect(saved.size).toBe(1024);
});

describe('a restart', () => {
  it('forgives nobody whose time is not over', () => {
    const before = world();
    before.conduct.note(device(1), evidence(1));
    before.conduct.note(device(1), evidence(2));
    before.conduct.note(device(2), evidence(3));
    const after = world(before.saved, 5000);
    expect(after.conduct.of(device(1))).toEqual(before.conduct.of(device(1)));
    expect([after.conduct.isBanned(device(1)), after.conduct.isBanned(device(2)), after.conduct.strikes(device(2))]).toEqual([true, false, 1]);
    after.clock.passed = hour - 4000;
    expect(after.conduct.forgiveInTime()).toEqual([device(1), device(2)]);
    expect(after.saved.size).toBe(0);
  });

  it('bans nobody for longer because a clock was wrong', () => {
    const before = world(undefined, 1000 * hour);
    before.conduct.note(device(1), evidence(1));
    before.conduct.note(device(1), evidence(2));
    const after = world(before.saved, hour);
    expect(after.conduct.of(device(1))).toMatchObject({ banned: true, until: 2 * hour });
  });
});

it('holds nothing against whom the user forgave, also after a restart', () => {
  const { conduct, saved } = world();
  conduct.note(device(1), evidence(1));
  conduct.note(device(1), evidence(2));
  conduct.forgive(device(1));
  expect(conduct.of(device(1))).toBeUndefined();
  expect(world(saved).conduct.of(device(1))).toBeUndefined();
});
