import { describe, expect, it } from 'vitest';
import { isGood, isWrong, feedbackOn } from '../../../src-renderer/components/rooms/invitation-feedback.ts';
import { endOf, localTime } from '../../../src-renderer/components/rooms/room-end.ts';
import { endText, membersInOrder, peopleText } from '../../../src-renderer/components/rooms/room-facts.ts';
import { useText } from '../../../src-renderer/composables/use-text.ts';
import { day, hour, minute } from '#shared/units.ts';
import { epoch } from '../fake/people.ts';
import { inventMember, inventRoom, invitationTo } from '../fake/rooms.ts';
import { mountComponent } from '../with-app.ts';

function textOf(): ReturnType<typeof useText> {
  let text: ReturnType<typeof useText> | undefined;
  mountComponent({ setup: () => { text = useText(); return () => null; } }, {});
  if (!text) throw new Error('not set up');
  return text;
}
const at = (hours: number, minutes = 0): number => new Date(2026, 4, 12, hours, minutes).getTime();

describe('when a room ends', () => {
  it('is counted from now, and never is a choice', () => {
    expect(endOf({ choice: 'never', own: '' }, epoch)).toBeNull();
    expect(endOf({ choice: 'hours', own: '' }, epoch)).toBe(epoch + 3 * hour);
    expect(endOf({ choice: 'days', own: '' }, epoch)).toBe(epoch + 3 * day);
  });
  it.each([[at(22), at(28)], [at(1), at(4)], [at(3, 30), at(28)], [at(12), at(28)]])('tonight goes until four in the morning, and is never nearly over', (now, end) => {
    expect(endOf({ choice: 'night', own: '' }, now)).toBe(end);
  });
  it('at a time of one’s own has to be ahead, and less than a year', () => {
    const own = (end: number) => endOf({ choice: 'own', own: localTime(end) }, epoch);
    expect(own(epoch + hour)).toBe(epoch + hour);
    expect([own(epoch - minute), own(epoch), own(epoch + 400 * day), endOf({ choice: 'own', own: '' }, epoch)]).toEqual([undefined, undefined, undefined, undefined]);
  });
  it('is told as what is left, further away as a time', () => {
    const text = textOf();
    expect(endText(null, epoch, text)).toBeNull();
    expect(endText(epoch + 2 * hour + 10 * minute, epoch, text)).toBe('Ends in 2 h 10 min');
    expect(endText(epoch + 3 * day, epoch, text)).toMatch(/^Ends .*2026/);
    expect(endText(epoch - 1, epoch, text)).toBe('Ends now');
  });
});

describe('the people of a room', () => {
  it('are counted without this device, and whoever is here stands first', () => {
    const text = textOf();
    const members = [inventMember('Plum Finch'), inventMember('Slate Lynx'), inventMember('Amber Falcon')];
    expect(membersInOrder(members).map((member) => member.name)).toEqual(['Amber Falcon', 'Slate Lynx', 'Plum Finch']);
    expect(peopleText({ members }, text)).toBe('You and 3 others, 2 online');
    expect(peopleText({ members: [inventMember('Plum Finch')] }, text)).toBe('You and 1 other, nobody else online');
    expect(peopleText({ members: [] }, text)).toBe('Only you so far');
  });
});

describe('an invitation while it is written', () => {
  const { words, link } = invitationTo(inventRoom({ name: 'Lisbon 2026', endsAt: epoch }), 'en');
  const list = words.split(' ');
  it.each([
    ['', 'empty'], ['  \n', 'empty'], [list.slice(0, 3).join(' '), 'words'], [list.join('\n').toUpperCase(), 'good-words'],
    [[...list.slice(0, 11), list[0] === 'zoo' ? 'zebra' : 'zoo'].join(' '), 'wrong-words'], [`${words} zoo`, 'too-many'], [link, 'good-link'], [`  ${link}\n`, 'good-link'], [link.slice(0, 40), 'wrong-link'], ['distrishare:search/x', 'wrong-link'],
  ])('%j is %s', (text, kind) => {
    const feedback = feedbackOn(text);
    expect(feedback.kind).toBe(kind);
    expect([isGood(feedback), isWrong(feedback)]).toEqual([kind.startsWith('good'), kind.startsWith('wrong') || kind === 'too-many']);
  });
  it('says which words are in no list, but not of the one that is being written', () => {
    expect(feedbackOn('abandon xyzzy ab')).toEqual({ kind: 'unknown', words: [{ place: 2, word: 'xyzzy' }] });
    expect(feedbackOn('abandon ab')).toEqual({ kind: 'words', count: 2 });
    expect(feedbackOn('abandon ab ')).toMatchObject({ kind: 'unknown' });
    expect(feedbackOn([...list.slice(0, 11), 'xyzzy'].join(' '))).toEqual({ kind: 'unknown', words: [{ place: 12, word: 'xyzzy' }] });
  });
  it('tells what the link says', () => {
    expect(feedbackOn(link)).toEqual({ kind: 'good-link', name: 'Lisbon 2026', endsAt: epoch });
    expect(feedbackOn(link.split('?')[0] ?? '')).toEqual({ kind: 'good-link', name: null, endsAt: null });
  });
});
