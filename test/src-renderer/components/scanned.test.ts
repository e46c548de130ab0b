import { describe, expect, it } from 'vitest';
import { refuseInvitation } from '../../../src-renderer/components/rooms/scanned-invitation.ts';
import { refuseServer } from '../../../src-renderer/components/settings/scanned-server.ts';
import { inventedServers } from '../fake/servers.ts';
import { inventRoom, invitationTo } from '../fake/rooms.ts';

const { link, words } = invitationTo(inventRoom({ name: 'Choir' }), 'en');
const server = inventedServers[0] ?? '';

describe('what a QR code holds is checked as if it had been typed', () => {
  it.each([
    [link, null], [` ${link}\n`, null], [words, null], [link.slice(0, 40), 'ui.roomJoin.wrongLink'], [server, 'ui.scan.serverNotRoom'], ['https://example.org', 'ui.scan.serverNotRoom'],
    ['https://example.org/a/page', 'ui.scan.notRoom'], ['WIFI:S:cafe;;', 'ui.scan.notRoom'], ['hello', 'ui.scan.notRoom'], ['', 'ui.scan.notRoom'],
  ])('%j as an invitation: %s', (text, refusal) => { expect(refuseInvitation(text)).toBe(refusal); });

  it.each([
    [server, null], ['https://example.org', null], [link, 'ui.scan.roomNotServer'], ['http://example.org', 'ui.servers.http'], ['https://example.org#ABC', 'ui.servers.wrongKey'],
    ['https://example.org/a/page', 'ui.scan.notServer'], [words, 'ui.scan.notServer'], ['', 'ui.scan.notServer'],
  ])('%j as a server: %s', (text, refusal) => { expect(refuseServer(text)).toBe(refusal); });
});
