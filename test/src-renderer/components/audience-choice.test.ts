import { describe, expect, it, vi } from 'vitest';
import { nextTick } from 'vue';
import AudienceBadge from '../../../src-renderer/components/shares/AudienceBadge.vue';
import AudienceDialog from '../../../src-renderer/components/shares/AudienceDialog.vue';
import { audienceChoice, audienceOf } from '../../../src-renderer/components/shares/audience-choice.ts';
import type { Audience } from '#shared/model/share.ts';
import { deviceIdFor } from '../fake/people.ts';
import { inventRoom, inventedRooms } from '../fake/rooms.ts';
import { mountComponent } from '../with-app.ts';

describe('choosing an audience', () => {
  const somebody = deviceIdFor('Amber Falcon');
  it('fails closed: chosen people without people is no choice, because no people would mean all trusted ones', () => {
    expect(audienceOf('chosen', [], null)).toBeNull();
    expect(audienceOf('chosen', [somebody], null)).toEqual({ kind: 'devices', devices: [somebody] });
    expect(audienceOf('trusted', [somebody], null)).toEqual({ kind: 'devices', devices: [] });
  });
  it('needs a room where a room is meant', () => {
    expect(audienceOf('room', [somebody], null)).toBeNull();
    expect(audienceOf('room', [somebody], 'ab')).toEqual({ kind: 'room', room: 'ab' });
  });
  it.each(['everyone', 'public', 'nobody'] as const)('%s comes back as it was', (choice) => {
    const audience = audienceOf(choice, [], null);
    expect(audience && audienceChoice(audience)).toBe(choice);
  });
});

describe('a room as an audience', () => {
  const button = (text: string): HTMLButtonElement | undefined => [...document.querySelectorAll('button')].find((each) => each.textContent?.trim() === text);
  const radio = (text: string): HTMLButtonElement | undefined => [...document.querySelectorAll<HTMLButtonElement>('[role=radio]')].find((each) => each.textContent?.includes(text));
  const rooms = inventedRooms();
  async function opened(props: Record<string, unknown>) {
    const onChoose = vi.fn();
    mountComponent(AudienceDialog, { paths: ['/home/jade/Film'], people: [], current: null, rooms, onChoose, ...props });
    await nextTick();
    return onChoose;
  }

  it('is one whose members are known, and which one is chosen by the user', async () => {
    const onChoose = await opened({});
    radio('A room')?.click();
    await nextTick();
    expect(radio('Design team')).toBeUndefined();
    expect(button('Share')?.disabled).toBe(true);
    radio('Moss’s birthday')?.click();
    await nextTick();
    button('Share')?.click();
    expect(onChoose).toHaveBeenCalledWith({ kind: 'room', room: rooms[1]?.id });
  });

  it('is marked beforehand where the user shares in a room, and still asked about', async () => {
    const onChoose = await opened({ suggested: { kind: 'room', room: rooms[0]?.id } });
    expect(onChoose).not.toHaveBeenCalled();
    button('Share')?.click();
    expect(onChoose).toHaveBeenCalledWith({ kind: 'room', room: rooms[0]?.id });
  });

  it('cannot be kept when it is gone', async () => {
    await opened({ current: { kind: 'room', room: '00' } });
    expect(button('Save')?.disabled).toBe(true);
  });

  it.each([[[], 'You are in no room yet'], [rooms.slice(2), 'found a member yet']])('says why there is none to choose', async (some, text) => {
    await opened({ rooms: some });
    radio('A room')?.click();
    await nextTick();
    expect(document.body.textContent).toContain(text);
    expect(button('Share')?.disabled).toBe(true);
  });

  it('is shown by its name, and as ended when there is none of that id', () => {
    const audience: Audience = { kind: 'room', room: 'ab' };
    expect(mountComponent(AudienceBadge, { audience, room: inventRoom({ name: 'Choir' }) }).text()).toBe('Choir');
    expect(mountComponent(AudienceBadge, { audience, room: inventRoom({ name: '' }) }).text()).toBe('A room without a name yet');
    expect(mountComponent(AudienceBadge, { audience, room: undefined }).text()).toBe('A room that has ended');
  });
});

it('says plainly of what is for nobody that nobody sees it', () => {
  const badge = mountComponent(AudienceBadge, { audience: { kind: 'nobody' }, room: undefined });
  expect([badge.text(), badge.get('button').attributes('aria-label')]).toEqual(['Nobody sees it', 'Nobody sees it. Change']);
});
