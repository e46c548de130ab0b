import { expect, it } from 'vitest';
import { alertsOf, type AlertFacts } from '#main/bootstrap/dashboard/alerts.ts';
import { day } from '#shared/units.ts';

const calm: AlertFacts = {
  health: { status: 'ok', version: '1', problems: [] }, counts: { nodes: 900, rooms: 5, entries: 0, contents: 0, connections: 10, webSockets: 0, relays: 0 }, limits: { nodes: 1000, entries: 0, connections: 100, memory: 1000 },
  memory: 500, certificateEndsInMs: 15 * day, refused: 59, failures: 0, delayMs: 99,
};

it('says nothing while nothing needs anybody', () => {
  expect(alertsOf(calm)).toEqual([]);
  expect(alertsOf({ ...calm, certificateEndsInMs: null })).toEqual([]);
});

it.each<[string, Partial<AlertFacts>, object]>([
  ['a limit that is near', { counts: { ...calm.counts, nodes: 901 } }, { code: 'near-limit', level: 'warn', limit: 'nodes', used: 901, most: 1000 }],
  ['a limit that is reached', { counts: { ...calm.counts, connections: 100 } }, { code: 'near-limit', level: 'danger', limit: 'connections', used: 100, most: 100 }],
  ['memory that runs out', { memory: 950 }, { code: 'near-limit', level: 'warn', limit: 'memory', used: 950, most: 1000 }],
  ['a store that fails', { health: { status: 'degraded', version: '1', problems: ['store-disk-full'] } }, { code: 'store-failing', level: 'danger', problem: 'disk-full' }],
  ['a start that is not done', { health: { status: 'degraded', version: '1', problems: ['starting'] } }, { code: 'starting', level: 'warn' }],
  ['a server that stops', { health: { status: 'draining', version: '1', problems: [] } }, { code: 'draining', level: 'warn' }],
  ['a certificate that ends within two weeks', { certificateEndsInMs: 13.9 * day }, { code: 'certificate-ends', level: 'warn', days: 13 }],
  ['one that has ended', { certificateEndsInMs: -1 }, { code: 'certificate-ends', level: 'danger', days: -1 }],
  ['connections refused by the dozen', { refused: 60 }, { code: 'connections-refused', level: 'warn', perMinute: 60 }],
  ['mistakes of its own', { failures: 1 }, { code: 'own-errors', level: 'danger', count: 1 }],
  ['a process that is late', { delayMs: 100.4 }, { code: 'slow', level: 'warn', delayMs: 100 }],
])('tells of %s', (_, facts, alert) => {
  expect(alertsOf({ ...calm, ...facts })).toEqual([alert]);
});

it('begins with what cannot wait', () => {
  const alerts = alertsOf({ ...calm, refused: 100, failures: 2, certificateEndsInMs: day, health: { status: 'degraded', version: '1', problems: ['starting'] } });
  expect(alerts.map(({ level }) => level)).toEqual(['danger', 'warn', 'warn', 'warn']);
});
