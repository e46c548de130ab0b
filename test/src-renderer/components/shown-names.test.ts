import type { Component } from 'vue';
import { describe, expect, it } from 'vitest';
import BreadCrumbs from '../../../src-renderer/components/browse/BreadCrumbs.vue';
import EntryDetails from '../../../src-renderer/components/browse/EntryDetails.vue';
import EntryRow from '../../../src-renderer/components/browse/EntryRow.vue';
import PersonCard from '../../../src-renderer/components/people/PersonCard.vue';
import RoomPicker from '../../../src-renderer/components/rooms/RoomPicker.vue';
import HitRow from '../../../src-renderer/components/search/HitRow.vue';
import OfferedContent from '../../../src-renderer/components/search/OfferedContent.vue';
import { inventedPeople } from '../fake/people.ts';
import { inventedRooms } from '../fake/rooms.ts';
import { mountComponent } from '../with-app.ts';

const evil = 'photo\u202egpj.exe';
const path = `${evil}/${evil}`;
const invented = inventedPeople()[0];
if (invented === undefined) throw new Error('nobody was invented');
const peer = { ...invented, shares: { names: [evil], count: 2, bytes: 1 } };
const entry = { name: evil, kind: 'file', bytes: 1, files: 1, modifiedAt: 0, contentId: null, haveBytes: null } as const;
const hit = { key: 'a', name: evil, kind: 'file', type: 'program', bytes: 1, modifiedAt: 0, contentId: null, score: 1, here: false, sources: [{ peer: peer.id, path }] } as const;

describe('a name that turns itself around ends where it ends', () => {
  it.each<[string, Component, Record<string, unknown>]>([
    ['in a list', EntryRow, { entry, chosen: false, active: false, focused: false }],
    ['in what is known of it', EntryDetails, { entry, peer, path }],
    ['on the way to it', BreadCrumbs, { peer, path }],
    ['among results', HitRow, { hit, words: 'photo', person: () => peer }],
    ['in a link', OfferedContent, { name: evil, contentId: '' }],
    ['beside who shares it', PersonCard, { peer, now: 0, held: false, target: false, sendItems: [] }],
    ['of a room', RoomPicker, { rooms: inventedRooms().map((room) => ({ ...room, name: evil })), modelValue: null }],
  ])('%s', (_where, component, props) => {
    const shown = mountComponent(component, props).html();
    expect(shown).not.toContain('\u202e');
    expect(shown).toContain('photo_gpj.exe');
  });
});
