import { mount } from '@vue/test-utils';
import { createPinia } from 'pinia';
import { TooltipProvider } from 'reka-ui';
import { describe, expect, it, vi } from 'vitest';
import { h } from 'vue';
import { RouterView } from 'vue-router';
import { eventually } from '../eventually.ts';
import { apiKey } from '../../../src-renderer/api.ts';
import { createTexts, setLanguage } from '../../../src-renderer/i18n.ts';
import { createAppRouter } from '../../../src-renderer/router.ts';
import { useLive } from '../../../src-renderer/stores/live.ts';
import { useNotices } from '../../../src-renderer/stores/notices.ts';
import { usePicker } from '../../../src-renderer/stores/picker.ts';
import { useSharing } from '../../../src-renderer/stores/sharing.ts';
import { createFakeNode } from '../fake-node.ts';
import type { FakeNode } from '../fake-node.ts';
import { deviceIdFor } from '../fake/people.ts';
import { inventedCrowd, inventRoom, invitationTo, roomIdFor } from '../fake/rooms.ts';
import { settled } from '../with-app.ts';

/** The page a route leads to, in a window that follows its node. */
async function at(path: string, node: FakeNode = createFakeNode(), language: 'en' | 'es' = 'en') {
  const pinia = createPinia();
  const texts = createTexts();
  setLanguage(texts, language);
  const router = createAppRouter();
  await router.push(path);
  mount({ setup: () => { useLive().start(); return () => h(TooltipProvider, null, { default: () => h(RouterView) }); } }, { global: { plugins: [pinia, texts, router], provide: { [apiKey]: node.api } }, attachTo: document.body });
  await settled();
  return { node, router, pinia };
}
const all = (selector: string): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(selector)];
const shown = (): string => document.body.textContent ?? '';
function button(name: string, within = ''): HTMLButtonElement {
  const found = all(`${within} button`).find((each) => (each.getAttribute('aria-label') ?? each.textContent ?? '').trim() === name);
  if (!(found instanceof HTMLButtonElement)) throw new Error(`no button ${name}`);
  return found;
}
async function press(name: string, within?: string): Promise<void> {
  button(name, within).click();
  await settled();
}
/** Opens the menu of something and takes a line of it. */
async function choose(menu: string, line: string): Promise<void> {
  button(menu).dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
  await eventually(() => expect(all('[role=menuitem]').length).toBeGreaterThan(0));
  all('[role=menuitem]').find((each) => each.textContent?.trim() === line)?.click();
  await settled();
}
async function write(selector: string, text: string): Promise<void> {
  const field = document.querySelector<HTMLInputElement | HTMLTextAreaElement>(selector);
  if (!field) throw new Error(`no field ${selector}`);
  field.value = text;
  field.dispatchEvent(new Event('input'));
  await settled();
}
const made = (node: FakeNode, name: string): unknown[] => node.calls.filter((call) => call.name === name).map((call) => call.args);
const dialog = '[role=dialog]';
const lisbon = roomIdFor('Lisbon 2026');

describe('the page of rooms', () => {
  it('says in a sentence what rooms are for when there is none, with both ways to get one', async () => {
    await at('/rooms', createFakeNode({ empty: true }));
    expect(shown()).toContain('In a room, what you share is seen by its members and by nobody else.');
    expect([button('Make a room').disabled, button('Join a room').disabled]).toEqual([false, false]);
  });

  it('shows of each room who is here, when it ends, and what to do while nobody was found', async () => {
    vi.useFakeTimers({ now: Date.UTC(2026, 4, 12, 14, 32), toFake: ['Date'] });
    await at('/rooms');
    const text = (name: string): string => document.querySelector(`[aria-label="${name}"]`)?.textContent ?? '';
    expect(text('Lisbon 2026')).toContain('You and 4 others, 2 online');
    expect(text('Lisbon 2026')).toContain('Made by you');
    expect(text('Moss’s birthday')).toContain('Ends in 2 h 10 min');
    expect(text('Design team')).toContain('Looking for members…');
    expect(text('Design team')).toContain('same network');
    expect(text('Design team')).not.toContain('Invite');
  });

  it('makes a room and shows how others get in, in the language of the page; nothing of it is left after that', async () => {
    const { node } = await at('/rooms', createFakeNode({ empty: true }), 'es');
    await press('Crear una sala');
    expect(button('Crear', dialog).disabled).toBe(true);
    await write('#room-name', '  Verano ');
    document.querySelector('#room-form')?.dispatchEvent(new Event('submit'));
    await settled();
    expect(made(node, 'rooms.create')).toEqual([{ name: 'Verano', lastsMs: null }]);
    const room = node.world.rooms[0];
    if (!room) throw new Error('no room was made');
    const { words, link } = invitationTo(room, 'es');
    expect(all(`${dialog} ol li`).map((each) => each.lastElementChild?.textContent)).toEqual(words.split(' '));
    expect(document.querySelector(`${dialog} svg[role=img]`)?.getAttribute('aria-label')).toBe('Código QR del enlace de invitación');
    await press('Cerrar', dialog);
    expect(document.documentElement.outerHTML).not.toContain(words.split(' ')[0]);
    expect(document.documentElement.outerHTML).not.toContain(link.slice(0, 49));
  });

  it('asks about an invitation that came with a link, joins only then, and does not keep it in the history', async () => {
    const node = createFakeNode();
    const { link } = invitationTo(inventRoom({ name: 'Choir' }), 'en');
    const { router } = await at(`/rooms?${new URLSearchParams({ invitation: link }).toString()}`, node);
    await eventually(() => expect(all(dialog)).toHaveLength(1));
    expect(router.currentRoute.value.fullPath).toBe('/rooms');
    expect(shown()).toContain('An invitation to “Choir”.');
    expect(made(node, 'rooms.join')).toEqual([]);
    await press('Cancel', dialog);
    expect(made(node, 'rooms.join')).toEqual([]);
    // The same link again, while the page is already there.
    await router.push({ name: 'rooms', query: { invitation: link } });
    await eventually(() => expect(all(dialog)).toHaveLength(1));
    document.querySelector('#join-form')?.dispatchEvent(new Event('submit'));
    await settled();
    expect(made(node, 'rooms.join')).toEqual([{ invitation: link }]);
    await eventually(() => expect(router.currentRoute.value.params['room']).toBe(roomIdFor('Choir')));
    await eventually(() => expect(shown()).toContain('Looking for members…'));
    expect(all(dialog)).toEqual([]);
  });

  it('says what is wrong with an invitation, and why it could not be joined', async () => {
    vi.useFakeTimers({ now: Date.UTC(2026, 4, 12, 14, 32), toFake: ['Date'] });
    const { node } = await at('/rooms');
    await press('Join a room');
    await write('#invitation', 'abandon xyzzy able ');
    expect(shown()).toContain('“xyzzy” in place 2');
    expect(button('Join', dialog).disabled).toBe(true);
    await write('#invitation', invitationTo(inventRoom({ name: 'Choir', endsAt: 5 }), 'en').link);
    expect(shown()).toContain('It has ended, going by the clock of this device.');
    document.querySelector('#join-form')?.dispatchEvent(new Event('submit'));
    await settled();
    expect(document.querySelector(`${dialog} [role=alert]`)?.textContent).toContain('The room “Choir” has ended.');
    expect(made(node, 'rooms.join')).toHaveLength(1);
    expect(node.world.rooms).toHaveLength(3);
  });

  it('leaves a room only after it said what that means, and offers what belongs to its maker to nobody else', async () => {
    const { node, pinia } = await at('/rooms');
    const share = node.world.shares[0];
    if (!share) throw new Error('nothing is shared');
    node.emit({ type: 'share', share: { ...share, audience: { kind: 'room', room: lisbon } } });
    await settled();
    await choose('More about Lisbon 2026', 'Leave…');
    expect(document.querySelector('[role=alertdialog]')?.textContent).toContain(`What you share with it is visible to nobody then: ${share.name}.`);
    expect(document.querySelector('[role=alertdialog]')?.textContent).toContain('You made it');
    expect(made(node, 'rooms.leave')).toEqual([]);
    await press('Leave', '[role=alertdialog]');
    expect(made(node, 'rooms.leave')).toEqual([{ room: lisbon }]);
    expect(document.querySelector('[aria-label="Lisbon 2026"]')).toBeNull();
    expect(useNotices(pinia).history).toEqual([]);
    button('More about Moss’s birthday').dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
    await eventually(() => expect(all('[role=menuitem]').map((each) => each.textContent?.trim())).toEqual(['Leave…']));
  });
});

describe('the page of one room', () => {
  it('says so when it is gone', async () => {
    const { node } = await at(`/rooms/${lisbon}`);
    await eventually(() => expect(document.querySelector('h1')?.textContent).toBe('Lisbon 2026'));
    node.emit({ type: 'room-gone', id: lisbon, name: 'Lisbon 2026', why: 'ended', became: null });
    await settled();
    expect(shown()).toContain('This room is not here any more.');
  });

  it('leads back to the list after it was left', async () => {
    const { node, router } = await at(`/rooms/${lisbon}`);
    await eventually(() => expect(document.querySelector('h1')?.textContent).toBe('Lisbon 2026'));
    await choose('More about Lisbon 2026', 'Leave…');
    await press('Leave', '[role=alertdialog]');
    await eventually(() => expect(router.currentRoute.value.fullPath).toBe('/rooms'));
    expect(made(node, 'rooms.leave')).toHaveLength(1);
  });

  it.each([['one that was not known', 'Choir'], ['one that is known already', 'Lisbon 2026']])('stays on what was looked for when a member tells that it is %s', async (_which, name) => {
    const looking = roomIdFor('Design team');
    const { node, router } = await at(`/rooms/${looking}`);
    await eventually(() => expect(document.querySelector('h1')?.textContent).toBe('Design team'));
    const became = inventRoom({ name });
    node.emit({ type: 'room-gone', id: looking, name: '', why: 'left', became: became.id });
    await settled();
    expect(shown()).not.toContain('This room is not here any more.');
    node.emit({ type: 'room', room: became });
    await eventually(() => expect(document.querySelector('h1')?.textContent).toBe(name));
    await eventually(() => expect(router.currentRoute.value.params['room']).toBe(became.id));
  });

  it('shows another passphrase as soon as there is one', async () => {
    const { node } = await at(`/rooms/${lisbon}`);
    await eventually(() => expect(document.querySelector('h1')?.textContent).toBe('Lisbon 2026'));
    await press('Invite');
    const words = (): string => all(`${dialog} ol li`).map((each) => each.lastElementChild?.textContent).join(' ');
    const before = words();
    await node.api.call('rooms.removeMember', { room: lisbon, member: deviceIdFor('Plum Finch') });
    await settled();
    expect(words()).not.toBe(before);
    expect(words()).toBe(invitationTo(node.world.rooms[0] ?? inventRoom({ name: '' }), 'en').words);
  });

  it('shares with it what is chosen, after the same question as everywhere, with this room marked', async () => {
    const { pinia } = await at(`/rooms/${lisbon}`);
    await eventually(() => expect(document.querySelector('h1')?.textContent).toBe('Lisbon 2026'));
    await press('Share something');
    usePicker(pinia).close(['/home/jade/Photos']);
    await settled();
    const sharing = useSharing(pinia);
    expect([sharing.waiting, sharing.suggested]).toEqual([['/home/jade/Photos'], { kind: 'room', room: lisbon }]);
  });

  it('holds a thousand members without drawing them all', async () => {
    const node = createFakeNode();
    node.world.rooms = [inventRoom({ name: 'Lisbon 2026', isMine: true, members: inventedCrowd(1000) })];
    await at(`/rooms/${lisbon}`, node);
    await eventually(() => expect(shown()).toContain('You and 1,000 others, 334 online'));
    expect(all('[role=listitem]').length).toBeLessThan(100);
    await write('input[type=search]', 'GUEST 9999');
    expect(shown()).toContain('Nobody in the room has such a name.');
  });
});
