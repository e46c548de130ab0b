import { describe, expect, test } from 'vitest';
import { maySee, type Looker } from '#main/core/access/audience.ts';
import { deviceIdOf } from '#shared/ids.ts';
import type { PathKind, Trust } from '#shared/model/peer.ts';
import type { Audience } from '#shared/model/share.ts';

const ann = deviceIdOf(new Uint8Array(32).fill(1));
const bob = deviceIdOf(new Uint8Array(32).fill(2));
const paths: PathKind[] = ['loopback', 'lan', 'overlay', 'internet'];
const trusts: Trust[] = ['seen', 'verified', 'paired', 'blocked'];

/** One row a trust, one column a path (loopback, lan, overlay, internet): `y` may see, `.` may not. */
const cases: [string, Audience, string[]][] = [
  ['nobody', { kind: 'nobody' }, ['....', '....', '....', '....']],
  ['all paired devices', { kind: 'devices', devices: [] }, ['....', '....', 'yyyy', '....']],
  ['listed devices, this one among them', { kind: 'devices', devices: [bob, ann] }, ['yyyy', 'yyyy', 'yyyy', '....']],
  ['listed devices, this one not', { kind: 'devices', devices: [bob] }, ['....', '....', '....', '....']],
  ['a room it is in', { kind: 'room', room: 'kitchen' }, ['yyyy', 'yyyy', 'yyyy', '....']],
  ['another room', { kind: 'room', room: 'cellar' }, ['....', '....', '....', '....']],
  ['everyone on this network', { kind: 'everyone' }, ['yy..', 'yy..', 'yy..', '....']],
  ['public', { kind: 'public' }, ['yyyy', 'yyyy', 'yyyy', '....']],
];

describe.each(cases)('%s', (_name, audience, rows) => {
  test.each(trusts.map((trust, row) => [trust, rows[row] ?? ''] as const))('seen by a device that is %s', (trust, expected) => {
    const lookers = paths.map((path): Looker => ({ kind: 'device', id: ann, trust, path, rooms: new Set(['kitchen', 'attic']) }));
    expect(lookers.map((looker) => (maySee(audience, looker) ? 'y' : '.')).join('')).toBe(expected);
  });

  test('seen by oneself', () => expect(maySee(audience, { kind: 'self' })).toBe(true));
});

test('an audience of a kind this version does not know is seen by nobody', () => {
  const audience: Audience = { kind: 'public' };
  Object.assign(audience, { kind: 'everybody-and-their-dog' });
  expect(maySee(audience, { kind: 'device', id: ann, trust: 'paired', path: 'loopback', rooms: new Set() })).toBe(false);
});
