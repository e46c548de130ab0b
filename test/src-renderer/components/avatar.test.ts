import { describe, expect, it } from 'vitest';
import { friendlyNameOf, hueNameOf } from '#shared/friendly-name.ts';
import { avatarTiles } from '../../../src-renderer/components/people/avatar.ts';
import { hexOf } from '../fake/seeded.ts';

describe('the picture of a device', () => {
  it('is the same for the same id and differs for others', () => {
    const one = hexOf('one', 64);
    expect(avatarTiles(one)).toEqual(avatarTiles(one));
    const pictures = new Set(Array.from({ length: 200 }, (_, index) => JSON.stringify(avatarTiles(hexOf(`device ${index}`, 64)))));
    expect(pictures.size).toBe(200);
  });
  it('never draws a shape in the tone of its ground', () => {
    for (let index = 0; index < 300; index++) for (const tile of avatarTiles(hexOf(`tone ${index}`, 64))) expect(tile.tone).not.toBe(tile.ground);
  });
  it('has the hue that the first name says', () => {
    const hash = hexOf('jade', 64);
    expect(friendlyNameOf(hash).split(' ')[0]).toBe(hueNameOf(hash));
  });
  it('survives an empty hash', () => {
    expect(avatarTiles('')).toHaveLength(4);
  });
});
