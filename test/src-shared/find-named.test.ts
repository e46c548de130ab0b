import { describe, expect, it } from 'vitest';
import { AppError } from '#shared/errors.ts';
import { findMember, findPeer, findPeerToAsk, findRoom } from '#shared/find-named.ts';
import { deviceIdOf } from '#shared/ids.ts';
import type { Trust } from '#shared/model/peer.ts';

const idOf = (seed: number) => deviceIdOf(new Uint8Array(32).fill(seed));
const device = (seed: number, name: string, trust: Trust = 'seen', online = false) => ({ id: idOf(seed), name, trust, online });
const [amber, moss] = [device(1, 'Amber Falcon'), device(2, 'Moss')];
const thrown = (work: () => unknown): AppError | null => {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
};
/** The code of what is thrown, or else what is found. */
const failing = (work: () => unknown): unknown => thrown(work)?.code ?? work();

describe('somebody is found', () => {
  it.each([
    ['by name', 'amber FALCON'], ['by id', amber.id], ['by id without dashes', amber.id.replaceAll('-', '').toLowerCase()], ['by the beginning of the id', amber.id.slice(0, 9)], ['by four characters of it', amber.id.slice(0, 4)],
    ['by its first word', 'Amber'], ['by the beginning of another word', 'falc'], ['by all but the end', 'amber-fal'],
  ])('%s', (_how, written) => { expect(findPeerToAsk([moss, amber], written)).toBe(amber); });

  it.each([['nothing', ''], ['a beginning too short', amber.id.slice(0, 3)], ['another name', 'Amber Fox'], ['what is inside of a word', 'alcon'], ['dashes alone', '----']])('but not by %s', (_how, written) => {
    expect(failing(() => findPeerToAsk([amber, moss], written))).toBe('peer-unknown');
  });

  it.each<[string, [Trust, boolean], [Trust, boolean], 'first' | 'ambiguous']>([
    ['whom one trusts, also while a stranger of that name is here', ['paired', false], ['seen', true], 'first'],
    ['who is here, of two strangers', ['seen', true], ['seen', false], 'first'],
    ['who is not blocked', ['seen', false], ['blocked', true], 'first'],
    ['nobody, where nothing tells them apart', ['verified', true], ['verified', true], 'ambiguous'],
  ])('of two with one name: %s', (_who, [trustA, onlineA], [trustB, onlineB], outcome) => {
    const [first, second] = [device(1, 'Moss', trustA, onlineA), device(2, 'moss', trustB, onlineB)];
    for (const order of [[first, second], [second, first]]) expect(failing(() => findPeer(order, 'Moss'))).toBe(outcome === 'first' ? first : 'ambiguous');
  });

  it('and never whoever calls himself like the id of another', () => {
    const mallory = device(3, amber.id.slice(0, 7), 'paired', true);
    expect(failing(() => findPeer([mallory, amber], amber.id.slice(0, 7)))).toBe('ambiguous');
    expect(findPeer([device(3, amber.id), amber], amber.id)).toBe(amber);
  });

  it('and by a part of the name only where it fits nobody else, whoever they are; else those are named', () => {
    const [paired, fox] = [device(1, 'Amber Falcon', 'paired', true), device(3, 'Amber Fox')];
    expect(thrown(() => findPeerToAsk([paired, fox, moss], 'amber'))).toEqual(new AppError('ambiguous', { name: 'amber', fits: `Amber Falcon (${paired.id.slice(0, 15)}), Amber Fox (${fox.id.slice(0, 15)})` }));
    expect(findPeerToAsk([amber, fox, device(4, 'Amber')], 'amber').name).toBe('Amber');
    // Whoever made an id that begins like a name is not taken for whom the name belongs to.
    expect(failing(() => findPeerToAsk([device(5, amber.id.slice(0, 4) + ' Hare'), amber], amber.id.slice(0, 4)))).toBe('ambiguous');
    const many = Array.from({ length: 7 }, (_, at) => device(at, `Amber ${at}`));
    expect(thrown(() => findPeerToAsk(many, 'amber'))?.params['fits']).toMatch(/^Amber 0 .*, Amber 4 \([^)]*\), …$/);
  });

  it('to be given something by a part of the name only if the user trusts them, and no stranger takes that from them', () => {
    const [paired, fox] = [device(1, 'Amber Falcon', 'paired'), device(3, 'Amber Fox', 'seen', true)];
    expect(failing(() => findPeer([fox, moss], 'amber'))).toBe('peer-unknown');
    expect(findPeer([fox, moss], 'amber fox')).toBe(fox);
    expect(findPeer([fox, paired, moss], 'amber')).toBe(paired);
    // Whoever writes the short name each time must not reach a stranger who has called himself so.
    for (const find of [findPeer, findPeerToAsk]) expect(failing(() => find([paired, device(4, 'Amber', 'seen', true)], 'amber'))).toBe('ambiguous');
    expect(findPeer([paired, device(4, 'Amber', 'verified')], 'amber').name).toBe('Amber');
  });

  it('to be removed only where nobody else can be meant', () => {
    expect(failing(() => findMember([amber, { ...moss, name: 'Amber Falcon' }], 'Amber Falcon'))).toBe('ambiguous');
    expect(failing(() => findMember([moss], 'Amber Falcon'))).toBe('member-unknown');
  });
});

it('rooms are found in the same way', () => {
  const rooms = [{ id: 'ab12cd34', name: 'Choir' }, { id: 'ab12ffff', name: '' }];
  expect(findRoom(rooms, 'choir')).toBe(rooms[0]);
  expect(findRoom(rooms, 'AB12F')).toBe(rooms[1]);
  expect(failing(() => findRoom(rooms, ''))).toBe('room-unknown');
  expect([failing(() => findRoom(rooms, 'ab12')), failing(() => findRoom(rooms, 'ab1')), failing(() => findRoom(rooms, 'Moss'))]).toEqual(['ambiguous', 'room-unknown', 'room-unknown']);
});
