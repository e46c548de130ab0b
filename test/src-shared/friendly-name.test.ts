import { describe, expect, it } from 'vitest';
import { friendlyNameOf, hueNames } from '#shared/friendly-name.ts';

describe('the first name of a device', () => {
  it('is a hue and an animal, from bytes 16 and 17 of the hash alone', () => {
    const hash = `${'00'.repeat(16)}0508${'ff'.repeat(14)}`;
    expect(friendlyNameOf(hash)).toBe('Jade Falcon');
    expect(friendlyNameOf(`${'ab'.repeat(16)}0508${'00'.repeat(14)}`)).toBe('Jade Falcon');
  });
  it('knows every hue', () => {
    const seen = new Set(Array.from({ length: 256 }, (_, byte) => friendlyNameOf(`${'00'.repeat(16)}${byte.toString(16).padStart(2, '0')}00`).split(' ')[0]));
    expect([...seen].sort()).toEqual([...hueNames].sort());
  });
});
