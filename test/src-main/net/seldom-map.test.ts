import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeldomMap } from '#main/net/seldom-map.ts';

describe('a map that is seldom used', () => {
  it('answers as a map of the language does', () => {
    const step = fc.record({ act: fc.constantFrom('set' as const, 'delete' as const, 'clear' as const), key: fc.integer({ min: 0, max: 4 }), value: fc.integer() });
    fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const [seldom, usual] = [new SeldomMap<number, number>(), new Map<number, number>()];
      for (const { act, key, value } of steps) {
        if (act === 'set') [seldom, usual].forEach((map) => { map.set(key, value); });
        else if (act === 'delete') expect(seldom.delete(key)).toBe(usual.delete(key));
        else [seldom, usual].forEach((map) => { map.clear(); });
        expect(seldom.size).toBe(usual.size);
        expect(seldom.entries()).toEqual([...usual]);
        expect([seldom.get(key), seldom.has(key)]).toEqual([usual.get(key), usual.has(key)]);
      }
    }));
  });

  it('gives entries that do not change while they are looked at', () => {
    const map = new SeldomMap<string, number>();
    map.set('a', 1);
    map.set('b', 2);
    const seen = map.entries().map(([key]) => {
      map.delete(key);
      return key;
    });
    expect(seen).toEqual(['a', 'b']);
    expect(map.size).toBe(0);
  });
});
