import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deviceIdOf } from '#shared/ids.ts';
import { routeOfLink } from '#main/electron/deep-link.ts';
import { readInvitation } from '#shared/room-invitation.ts';

const device = deviceIdOf(new Uint8Array(32).fill(7));
const content = 'ab'.repeat(32);
const secret = 'c7'.repeat(16);

describe('a distrishare: link', () => {
  it.each([
    ['distrishare:connect/192.168.1.7:47800', '/?connect=192.168.1.7%3A47800'],
    ['distrishare:connect/[fe80::1%25eth0]:47800', '/?connect=%5Bfe80%3A%3A1%25eth0%5D%3A47800'],
    [`distrishare:device/${device.toLowerCase()}`, `/?device=${device}`],
    ['distrishare://search/caf%C3%A9%20con%20leche/', '/search?prefill=caf%C3%A9+con+leche'],
    [`DISTRISHARE:content/${content}?name=film%20%26%20co`, `/search?content=${content}&name=film+%26+co`],
    [`distrishare:content/${content}`, `/search?content=${content}`],
    [`distrishare:room/${secret}?name=Ana%20%26%20co`, `/rooms?invitation=distrishare%3Aroom%2F${secret}%3Fname%3DAna%2520%2526%2520co`],
    [`DISTRISHARE://ROOM/${secret.toUpperCase()}/`, `/rooms?invitation=DISTRISHARE%3A%2F%2FROOM%2F${secret.toUpperCase()}%2F`],
  ])('%s fills in %s', (link, route) => {
    expect(routeOfLink(link)).toBe(route);
  });

  it.each([
    '', 'distrishare:', 'distrishare:connect/', 'distrishare:connect/a b', 'distrishare:connect/<script>', 'distrishare:device/not-a-device',
    'distrishare:search/%E0%A4%A', 'distrishare:search/%00', `distrishare:search/${'x'.repeat(201)}`, `distrishare:search/${'%20'.repeat(1000)}`,
    'distrishare:content/xyz', 'distrishare:accept/1', `distrishare:room/${secret.slice(1)}`, 'distrishare:room/twelve-words', `distrishare:room/${secret}#at=1`, 'https://example.org/', 'javascript:alert(1)', `distrishare:device/${device.replace(/.$/, 'A')}x`,
  ])('%j is not ours', (link) => {
    expect(routeOfLink(link)).toBeNull();
  });

  it('to a room keeps everything the invitation says', () => {
    const link = `distrishare:room/${secret}?id=${'0f'.repeat(16)}&name=Summer&owner=${device.replaceAll('-', '')}&at=192.168.1.7%3A47800`;
    const route = routeOfLink(link) ?? '';
    expect(readInvitation(new URLSearchParams(route.slice(route.indexOf('?'))).get('invitation') ?? '')).toEqual(readInvitation(link));
  });

  it('never leads out of the UI, whatever it says', () => {
    fc.assert(fc.property(fc.constantFrom('connect', 'device', 'search', 'content', 'room', ''), fc.string({ unit: 'binary' }), (verb, rest) => {
      const route = routeOfLink(`distrishare:${verb}/${rest}`);
      expect(route === null || /^\/(search|rooms)?\?(connect|device|prefill|content|invitation)=[\w.%*+&=-]*$/.test(route)).toBe(true);
    }));
  });
});
