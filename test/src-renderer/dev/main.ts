import { config } from 'zod';
import { createDistriShareApp } from '../../../src-renderer/app.ts';
import { limits } from '#shared/limits.ts';
import { createFakeNode } from '../fake-node.ts';
import { inventedCrowd } from '../fake/rooms.ts';

config({ jitless: true });
const options = new URLSearchParams(window.location.search);
const pick = <Value extends string>(key: string, allowed: readonly Value[], otherwise: Value): Value => allowed.find((value) => value === options.get(key)) ?? otherwise;

const node = createFakeNode({
  empty: options.has('empty'),
  settings: { theme: pick('theme', ['light', 'dark', 'system'], 'system'), language: pick('lang', ['en', 'es', 'system'], 'en') },
});
if (options.has('quiet')) node.world.offers = [];
// A room that is as full as one can be.
if (options.has('crowd')) node.world.rooms = node.world.rooms.map((room, index) => (index === 0 ? { ...room, members: inventedCrowd(limits.rooms.members - 1) } : room));
window.fakeNode = node;
createDistriShareApp(node.api).mount('#app');
if (!options.has('still')) window.setInterval(() => node.advance(500), 500);
