import { expect, it } from 'vitest';
import { outsideFinding, relayFinding, serversFinding, throughFinding, type ServerFacts } from '#main/core/doctor/server-findings.ts';

const server = (name: string, change: Partial<ServerFacts> = {}): ServerFacts => ({ name, isOnline: true, reason: '', relays: false, unknown: 0, ...change });
const away = (name: string): ServerFacts => server(name, { isOnline: false, reason: 'timeout', relays: true });

it.each<[string, ServerFacts[], boolean, string, object]>([
  ['there are none', [], false, 'servers-none', {}],
  ['this device is hidden', [], true, 'servers-hidden', {}],
  ['all answer', [server('a'), server('b')], false, 'servers-online', { names: 'a, b' }],
  ['one is newer than we are', [server('a'), server('b', { unknown: 3 })], false, 'servers-newer', { names: 'b', n: 3 }],
  ['one is newer and another away', [server('a', { unknown: 3 }), away('b')], false, 'servers-part', { names: 'b' }],
  ['one is away', [server('a'), away('b')], false, 'servers-part', { names: 'b', reason: 'timeout' }],
  ['all are away', [away('a'), away('b')], false, 'servers-away', { names: 'a, b', reason: 'timeout' }],
])('servers: %s', (_, servers, isHidden, finding, params) => {
  expect(serversFinding(servers, isHidden)).toMatchObject({ step: 'servers', finding, params });
});

it.each<[string, [string, number][], string]>([
  ['nobody answers', [], 'outside-skipped'],
  ['it is seen as it is', [['198.51.100.7', 1]], 'outside-direct'],
  ['one server sees a router', [['203.0.113.9', 4000]], 'outside-router'],
  ['two see the same port', [['203.0.113.9', 4000], ['203.0.113.9', 4000]], 'outside-steady'],
  ['each sees another port', [['203.0.113.9', 4000], ['203.0.113.9', 4001]], 'outside-shifting'],
  ['each sees another address', [['203.0.113.9', 4000], ['203.0.113.10', 4000]], 'outside-shifting'],
])('outside: %s', (_, seen, finding) => {
  expect(outsideFinding(seen.map(([host, port]) => ({ host, port })), ['192.168.1.2', '198.51.100.7'])).toMatchObject({ step: 'outside', finding });
});

it.each<[string, ServerFacts[], string, object]>([
  ['no server is there, though one that is away would', [away('a')], 'relay-skipped', {}],
  ['none carries', [server('a'), away('b')], 'relay-none', { names: 'a' }],
  ['one carries', [server('a'), server('b', { relays: true })], 'relay-there', { names: 'b' }],
])('relay: %s', (_, servers, finding, params) => {
  expect(relayFinding(servers)).toMatchObject({ step: 'relay', finding, params });
});

it('says by which way a device came, or that none led there', () => {
  expect(throughFinding('Ann', { path: 'relay', relay: 'https://a' })).toMatchObject({ finding: 'through-linked', state: 'ok', params: { name: 'Ann', path: 'relay', relay: 'https://a' } });
  expect(throughFinding('Ann', null)).toMatchObject({ finding: 'through-failed', state: 'failed', params: { name: 'Ann' } });
});
