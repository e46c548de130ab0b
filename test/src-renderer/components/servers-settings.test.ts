import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { VueWrapper } from '@vue/test-utils';
import { eventually } from '../eventually.ts';
import ServerRow from '../../../src-renderer/components/settings/ServerRow.vue';
import { feedbackOn, firstLine } from '../../../src-renderer/components/settings/server-feedback.ts';
import SettingsPage from '../../../src-renderer/pages/SettingsPage.vue';
import { useNode } from '../../../src-renderer/stores/node.ts';
import { deviceIdOf } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { ServerHealth } from '#shared/model/server.ts';
import { createFakeNode } from '../fake-node.ts';
import type { FakeNode } from '../fake-node.ts';
import { epoch } from '../fake/people.ts';
import { inventedServers } from '../fake/servers.ts';
import { mountComponent, settled } from '../with-app.ts';

const fingerprint = deviceIdOf(new Uint8Array(32).fill(5));
const url = `https://192.0.2.7:47900#${fingerprint}`;
const words = (text: string): string => text.replace(/\s+/g, ' ').trim();

describe('a server', () => {
  const health: ServerHealth = { url, state: 'connecting', since: epoch, error: null, nextAt: null, latencyMs: null, nodes: 0, relay: false, unknown: 0 };
  const row = (part: Partial<ServerHealth> | null, hidden = false) => mountComponent(ServerRow, { url, health: part === null ? null : { ...health, ...part }, hidden, now: epoch });
  const error = { code: 'not-reachable', params: { address: 'https://192.0.2.7:47900' } } as const;
  const facts = (wrapper: VueWrapper): string => words(wrapper.get('.server__facts').text());

  it.each([
    ['not tried yet', null, 'Connecting…'],
    ['connecting', {}, 'Connecting…'],
    ['online, before its first heartbeat', { state: 'online' }, 'OnlineNobody of your rooms'],
    ['online', { state: 'online', latencyMs: 24, nodes: 1 }, 'Online24 ms1 person of your rooms'],
    ['online and a relay', { state: 'online', latencyMs: 24, nodes: 2, relay: true }, 'Online24 ms2 people of your roomsCarries connections'],
    ['away', { state: 'waiting', error, nextAt: epoch + 84_000 }, 'Not online. https://192.0.2.7:47900 cannot be reached.Tried again in 1 min'],
    ['tried again', { state: 'connecting', error }, 'Not online. https://192.0.2.7:47900 cannot be reached.Being tried now'],
  ] as const)('that is %s is shown in words', (_, part, shown) => {
    expect(facts(row(part))).toBe(words(`192.0.2.7:47900: ${shown}`));
  });

  it('that is newer says what this version makes of it', () => {
    const said = (part: Partial<ServerHealth>): string => row(part).text();
    expect(said({ state: 'online', unknown: 3 })).toContain('speaks of 3 things that this version does not know');
    expect(said({ state: 'online' })).not.toContain('does not know');
    expect(said({ state: 'waiting', error: { code: 'server-newer', params: { detail: 'quota-of-tomorrow' } } })).toMatch(/this version does not know: quota-of-tomorrow Update DistriShare/);
  });

  it('tells whoever listens no seconds, and nothing new between two tries', () => {
    const told = (part: Partial<ServerHealth>): string => words(row({ error, ...part }).get('[role=status]').text());
    expect(told({ state: 'waiting', nextAt: epoch + 84_000 })).toBe(told({ state: 'connecting' }));
    expect(told({ state: 'waiting', nextAt: epoch + 84_000 })).not.toMatch(/84|1 min/);
  });

  it('with another key than its URL says is no matter of comparing codes', () => {
    const text = row({ state: 'waiting', error: { code: 'identity-changed', params: { name: 'https://192.0.2.7:47900' } } }).get('.server__reason').text();
    expect(text).toContain('Ask whoever runs it for the present URL.');
    // Nor a device, or one that was another before.
    expect(text).not.toMatch(/compare codes|device/);
  });

  it('is not used by somebody who is hidden, and the row says so', () => {
    expect(facts(row(null, true))).toBe('192.0.2.7:47900: Not used while you are hidden');
  });

  it('shows the beginning of its fingerprint, and all of it to who points there', () => {
    const key = row({}).get('.server__key');
    expect(key.text()).toContain(`${fingerprint.slice(0, 15)}…`);
    expect(key.attributes('title')).toBe(fingerprint);
  });
});

describe('what is said of a URL', () => {
  const full = Array.from({ length: limits.servers.used }, (_, index) => `https://s${index}.example.org`);
  it.each([
    ['', 'empty'], ['http', 'empty'], ['https://', 'empty'], ['https://share.', 'empty'], ['https://share.example.org:', 'empty'], [`${url.split('#')[0] ?? ''}#`, 'empty'],
    ['https://share.example.org', 'good'], ['share.example.org', 'good'], [url.toLowerCase(), 'good'], ['http://share.example.org', 'http'], ['https://share.example.org/path', 'wrong'], ['two words', 'wrong'],
    [url.slice(0, -1), 'wrong-key'], [` ${url} `, 'good'],
  ])('“%s” is %s', (text, kind) => {
    expect(feedbackOn(text, []).kind).toBe(kind);
  });

  it('minds the servers that are used', () => {
    expect(feedbackOn(url, [url]).kind).toBe('known');
    expect(feedbackOn('192.0.2.7:47900', [url])).toMatchObject({ kind: 'good', replaces: true });
    expect(feedbackOn(url, full).kind).toBe('full');
    expect(feedbackOn(`s3.example.org#${fingerprint}`, full)).toMatchObject({ kind: 'good', replaces: true });
  });

  it('comes from the first line of a file that holds anything', () => {
    expect(firstLine(`\uFEFF\r\n  ${url}\r\nkept by Ann\n`)).toBe(url);
    expect(firstLine(' \n')).toBe('');
  });
});

describe('the servers in the settings', () => {
  let wrapper: VueWrapper;
  let node: FakeNode;
  async function open(options: Parameters<typeof createFakeNode>[0] = {}): Promise<void> {
    node = createFakeNode(options);
    wrapper = mountComponent({ components: { SettingsPage }, setup: () => void useNode().load(), template: '<SettingsPage />' }, {}, node);
    await settled();
  }
  beforeEach(() => { vi.useFakeTimers({ toFake: ['Date'] }); });
  afterEach(() => { vi.useRealTimers(); });
  const changes = (): unknown[] => node.calls.filter(({ name }) => name === 'settings.set').map(({ args }) => args);
  const rows = (): string[] => wrapper.findAll('.server').map((row) => words(row.text()));
  const field = () => wrapper.get<HTMLInputElement>('#server-url');
  const says = (): string => words(wrapper.get('#server-says').text());

  it('are listed with how they are; without any it is said that none is needed', async () => {
    await open();
    expect(rows()).toEqual([expect.stringMatching(/^share\.example\.org.*Online.*24 ms3 people of your roomsCarries connections$/), expect.stringMatching(/^192\.0\.2\.7:47900.*Not online.*cannot be reached.*Tried again in 1 min.*Fingerprint/)]);
    await open({ empty: true });
    expect(rows()).toEqual([]);
    expect(wrapper.text()).toContain('None is needed: without one everything on your own networks works.');
  });

  it('get one more by its URL, which stays in the field until the settings have it', async () => {
    await open({ empty: true });
    expect(wrapper.get('.add [type=submit]').attributes('disabled')).toBeDefined();
    await field().setValue(url.slice(0, -3));
    expect([says(), field().attributes('aria-invalid')]).toEqual(['The fingerprint after # is not whole. Copy all of the URL.', 'true']);
    await field().setValue(url.toLowerCase());
    expect([says(), field().attributes('aria-invalid')]).toEqual(['It must prove the key with this fingerprint.', 'false']);
    node.connection.value = 'lost';
    await wrapper.get('.add').trigger('submit');
    await settled();
    expect(field().element.value).toBe(url.toLowerCase());
    node.connection.value = 'connected';
    await wrapper.get('.add').trigger('submit');
    await settled();
    expect(changes()).toEqual([{ patch: { servers: [url] } }]);
    expect(field().element.value).toBe('');
    expect(rows()).toEqual([expect.stringContaining('Connecting…')]);
    expect(wrapper.text()).toContain('192.0.2.7:47900 is used from now on.');
  });

  it('take a URL from a file into the field', async () => {
    await open({ empty: true });
    const picker = wrapper.get<HTMLInputElement>('.add [type=file]');
    Object.defineProperty(picker.element, 'files', { value: [new File([`${url}\nkept by Ann\n`], 'server.txt')] });
    await picker.trigger('change');
    await eventually(() => expect(field().element.value).toBe(url));
    expect(document.activeElement).toBe(field().element);
    expect(changes()).toEqual([]);
  });

  it('lose one when the user means it, after which the next button has the focus, and at last the field', async () => {
    await open();
    const question = (): HTMLElement | null => document.querySelector('[role=alertdialog]');
    const remove = async (name: string, answer: string): Promise<void> => {
      const button = wrapper.get<HTMLElement>(`[aria-label="Remove ${name}"]`);
      button.element.focus();
      await button.trigger('click');
      expect(question()?.textContent).toContain(`Remove ${name}?`);
      expect(question()?.textContent).toContain('you need all of its URL');
      [...(question()?.querySelectorAll('button') ?? [])].find((each) => each.textContent?.trim() === answer)?.click();
      await eventually(() => expect(question()).toBeNull());
      await settled();
    };
    await remove('share.example.org', 'Keep');
    expect(changes()).toEqual([]);
    await eventually(() => expect(document.activeElement).toBe(wrapper.get('[aria-label="Remove share.example.org"]').element));
    await remove('share.example.org', 'Remove');
    expect(changes()).toEqual([{ patch: { servers: [inventedServers[1]] } }]);
    expect(wrapper.text()).toContain('share.example.org is used no longer.');
    await eventually(() => expect(document.activeElement).toBe(wrapper.get('[aria-label="Remove 192.0.2.7:47900"]').element));
    await remove('192.0.2.7:47900', 'Remove');
    await eventually(() => expect(document.activeElement).toBe(field().element));
  });

  it('are shown to others as a QR code of all of the URL', async () => {
    await open();
    await wrapper.get('[aria-label="QR code of 192.0.2.7:47900"]').trigger('click');
    await settled();
    const dialog = document.querySelector('[role=dialog]');
    expect(dialog?.querySelector('[role=img]')?.getAttribute('aria-label')).toBe('QR code of the server’s URL');
    expect(dialog?.querySelector('.url')?.textContent).toBe(inventedServers[1]);
  });
});
