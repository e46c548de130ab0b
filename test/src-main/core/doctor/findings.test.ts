import { describe, expect, it } from 'vitest';
import { addressFinding, deviceFinding, type AddressFacts, type DeviceFacts } from '#main/core/doctor/device-findings.ts';
import { found, inOrder } from '#main/core/doctor/found.ts';
import { listenerFinding, mappingFinding, networksFinding, othersFinding, portFinding, visibleFinding, wayFinding, type FindingWay, type Hearing } from '#main/core/doctor/own-findings.ts';
import type { ErrorCode } from '#shared/errors.ts';
import type { Network } from '#shared/model/network.ts';

const askedAt = 1_000_000;
const network = (name: string, change: Partial<Network> = {}): Network => ({ name, key: name, vpn: null, addresses: ['192.168.1.2'], used: true, ...change });

/** `eth0 o-x`: on eth0 nothing of others; `o` our own came back, `h` others were heard, `x` failed, `.` nothing. One letter a channel. */
function hearings(picture: string): Hearing[] {
  return picture.split(' ').filter((word) => word !== '').flatMap((word) => {
    const [name = '', letters = ''] = word.split(':');
    return Array.from(letters, (letter): Hearing => ({
      network: name, state: letter === 'x' ? 'failed' : 'open', reason: letter === 'x' ? 'EACCES' : '', ownAt: letter === 'o' ? askedAt + 5 : null, othersAt: letter === 'h' ? askedAt - 60_000 : letter === 'l' ? askedAt - 400_000 : null,
    }));
  });
}
const way = (picture: string, change: Partial<FindingWay> = {}): FindingWay => ({ way: 'multicast', isOn: true, speaks: true, askedAt, hearings: hearings(picture), ...change });

it.each([['everyone', 'visible-everyone', 'ok'], ['paired', 'visible-trusted', 'warning'], ['hidden', 'visible-hidden', 'failed']] as const)('visible to %s: %s', (visibility, finding, state) => {
  expect(visibleFinding(visibility)).toMatchObject({ step: 'visible', finding, state });
});

it.each<[string, Network[], string, string]>([
  ['none', [], 'networks-none', ''],
  ['all off', [network('eth0', { used: false }), network('wg0', { vpn: 'wireguard', used: false })], 'networks-off', 'eth0, wg0'],
  ['only a VPN left', [network('eth0', { used: false }), network('wg0', { vpn: 'wireguard' })], 'networks-vpn-only', 'wg0'],
  ['a LAN and a VPN', [network('eth0'), network('wg0', { vpn: 'wireguard' })], 'networks-there', 'eth0, wg0'],
])('networks: %s', (_, networks, finding, names) => {
  expect(networksFinding(networks)).toMatchObject({ finding, params: names === '' ? {} : { names } });
});

it.each([[47_800, 47_800, 'port-usual'], [50_123, 0, 'port-usual'], [47_801, 47_800, 'port-other']])('port %i where %i is wanted: %s', (port, wanted, finding) => {
  expect(portFinding(port, wanted)).toMatchObject({ finding });
});

it.each([
  [{ state: 'off' }, 'mapping-off', 'skipped'], [{ state: 'unneeded' }, 'mapping-unneeded', 'skipped'], [{ state: 'no-router' }, 'mapping-no-router', 'skipped'],
  [{ state: 'none', router: 'r', nextAt: 1 }, 'mapping-none', 'warning'], [{ state: 'failed', router: 'r', reason: 'PCP 2', nextAt: 1 }, 'mapping-refused', 'warning'],
  [{ state: 'mapped', method: 'upnp', router: 'r', network: 'eth0', address: '10.0.0.1:1', isPublic: false, until: 1 }, 'mapping-inner', 'warning'],
  [{ state: 'mapped', method: 'pcp', router: 'r', network: 'eth0', address: '5.5.5.1:1', isPublic: true, until: 1 }, 'mapping-there', 'ok'],
] as const)('the router, %j: %s', (mapping, finding, state) => {
  expect(mappingFinding(mapping)).toMatchObject({ finding, state });
});

it.each([['', 'listener-skipped', undefined], ['++', 'listener-answers', 'a0, a1'], ['+-', 'listener-part', 'a1'], ['--', 'listener-deaf', 'a0, a1']])('own door “%s”: %s', (picture, finding, addresses) => {
  expect(listenerFinding(Array.from(picture, (letter, at) => ({ address: `a${at}`, answered: letter === '+' })))).toMatchObject({ finding, params: addresses === undefined ? {} : { addresses } });
});

describe('a way of finding people', () => {
  it.each<[string, string, Partial<FindingWay>, string, string]>([
    ['is off', 'eth0:oo', { isOn: false }, 'multicast-off', ''],
    ['has no network', '', {}, 'multicast-skipped', ''],
    ['carries our own on both families', 'eth0:oo', {}, 'multicast-works', 'eth0'],
    ['carries our own on one family', 'eth0:o.', {}, 'multicast-works', 'eth0'],
    ['carries others', 'eth0:h.', {}, 'multicast-heard', 'eth0'],
    ['carried others long ago, and now not even our own', 'eth0:l.', {}, 'multicast-blocked', 'eth0'],
    ['gives nothing back', 'eth0:..', {}, 'multicast-blocked', 'eth0'],
    ['gives nothing back on one of two networks', 'eth0:.. wlan0:o', {}, 'multicast-part', 'eth0'],
    ['fails on every network', 'eth0:xx', {}, 'multicast-failed', 'eth0'],
    ['fails on one of two networks', 'eth0:xx wlan0:h', {}, 'multicast-part', 'eth0'],
    ['fails on one family', 'eth0:xo', {}, 'multicast-works', 'eth0'],
    ['says nothing and hears nothing', 'eth0:..', { speaks: false }, 'multicast-skipped', ''],
    ['says nothing and hears others', 'eth0:.h', { speaks: false }, 'multicast-heard', 'eth0'],
  ])('%s', (_, picture, change, finding, names) => {
    expect(wayFinding(way(picture, change))).toMatchObject({ finding, params: names === '' ? {} : { names } });
    expect(wayFinding(way(picture, { ...change, way: 'mdns' })).finding).toBe(finding.replace('multicast', 'mdns'));
  });
});

describe('others', () => {
  const both = (multicast: string, mdns: string, isOn = true): FindingWay[] => [way(multicast, { isOn }), way(mdns, { way: 'mdns', isOn })];
  it.each<[string, FindingWay[], number, number, string, string]>([
    ['are linked', both('eth0:.', 'eth0:.'), 2, 1, 'others-linked', 'ok'],
    ['announce themselves and are not linked', both('eth0:o', 'eth0:o'), 0, 1, 'others-heard', 'ok'],
    ['are not looked for', both('', '', false), 0, 0, 'others-not-looked-for', 'failed'],
    ['run other programs', both('eth0:o', 'eth0:h'), 0, 0, 'others-other-programs', 'warning'],
    ['are not heard', both('eth0:o', 'eth0:o'), 0, 0, 'others-silent', 'warning'],
  ])('%s', (_, ways, linked, unlinked, finding, state) => {
    expect(othersFinding({ ways, linked, unlinked })).toMatchObject({ finding, state });
  });
});

describe('one device', () => {
  const now = 10_000_000;
  const link = { address: '192.168.1.5:47800', path: 'lan', vpn: '', relay: '', latencyMs: 1.5, since: now - 60_000 } as const;
  it.each<[string, Partial<DeviceFacts>, string, object]>([
    ['is blocked, whatever else', { isBlocked: true, announcedAt: now }, 'device-blocked', {}],
    ['is linked', { link }, 'device-linked', { path: 'lan', latencyMs: 1.5, seconds: 60 }],
    ['announces itself', { announcedAt: now - 20_000 }, 'device-heard', { seconds: 20 }],
    ['announced itself long ago', { announcedAt: now - 200_000 }, 'device-quiet', { seconds: 3600 }],
    ['was never at an address', { addresses: 0 }, 'device-no-address', {}],
  ])('%s', (_, change, finding, params) => {
    expect(deviceFinding({ name: 'Ann', isBlocked: false, link: null, addresses: 1, announcedAt: null, lastSeen: now - 3_600_000, ...change }, now)).toMatchObject({ finding, params: { name: 'Ann', ...params } });
  });
});

describe('an address', () => {
  it.each<[ErrorCode, string, boolean | null, boolean, string]>([
    ['timeout', '', true, false, 'address-silent'],
    ['timeout', '', null, false, 'address-silent'],
    ['timeout', '', false, false, 'address-far'],
    ['timeout', '', true, true, 'address-firewall'],
    ['not-reachable', 'ETIMEDOUT', true, false, 'address-silent'],
    ['not-reachable', 'ECONNREFUSED', true, true, 'address-closed'],
    ['not-reachable', 'EHOSTUNREACH', true, false, 'address-unreachable'],
    ['not-reachable', 'EHOSTUNREACH', true, true, 'address-firewall'],
    ['not-reachable', 'EHOSTUNREACH', false, false, 'address-far'],
    ['not-reachable', 'ENETUNREACH', false, false, 'address-no-route'],
    ['not-reachable', 'ENOTFOUND', null, false, 'address-name-unknown'],
    ['network-off', '', true, false, 'address-network-off'],
    ['refused', '', true, false, 'address-refuses'],
    ['blocked', '', true, false, 'address-blocks-us'],
    ['version-mismatch', '', true, false, 'address-version'],
    ['identity-changed', '', true, false, 'address-somebody-else'],
    ['protocol-error', '', true, false, 'address-stranger'],
    ['too-many', '', true, false, 'address-full'],
    ['self-dial', '', true, false, 'address-own'],
    ['link-closed', '', true, false, 'address-failed'],
  ])('%s %s, near %s, heard %s: %s', (code, system, isNear, isHeard, finding) => {
    const facts: AddressFacts = { address: '192.168.1.5:1', isNear, isHeard, network: 'eth0', outcome: { ok: false, code, system } };
    expect(addressFinding(facts)).toMatchObject({ finding, state: 'failed', params: { address: '192.168.1.5:1' } });
  });
});

describe('the order', () => {
  it('begins with the likeliest of the worst, and ends with what could not be tested', () => {
    const steps = [found('listener-skipped'), found('visible-everyone'), found('others-silent'), found('multicast-blocked'), found('networks-off'), found('port-other')];
    expect(inOrder(steps).map(({ finding }) => finding)).toEqual(['networks-off', 'multicast-blocked', 'others-silent', 'port-other', 'visible-everyone', 'listener-skipped']);
  });

  it('holds nothing against a device that is reached after all', () => {
    const steps = [found('address-silent', { address: 'old:1' }), found('address-linked', { address: 'new:1', name: 'Ann' })];
    expect(inOrder(steps).map(({ finding, state }) => [finding, state])).toEqual([['address-silent', 'warning'], ['address-linked', 'ok']]);
  });

  it('begins with what a link itself loses', () => {
    const steps = [found('device-linked', { name: 'Ann' }), found('large-lost-in', { name: 'Ann' })];
    expect(inOrder(steps).map(({ finding, state }) => [finding, state])).toEqual([['large-lost-in', 'failed'], ['device-linked', 'ok']]);
  });
});
