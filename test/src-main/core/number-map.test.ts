import fc from 'fast-check';
import { expect, it } from 'vitest';
import { NumberMap } from '#main/core/number-map.ts';

/** Few of the first kind, so that they come again, and some that meet in the same slots. */
const keys = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 40 }).map((times) => times * 4096), fc.integer({ min: 0, max: 2 ** 53 - 2 }));
const values = fc.integer({ min: 0, max: 2 ** 53 - 2 });

it('holds what a map of the language holds', () => {
  fc.assert(fc.property(fc.array(fc.tuple(keys, values), { maxLength: 300 }), fc.array(keys), (entries, others) => {
    const [map, model] = [new NumberMap(), new Map<number, number>()];
    for (const [key, value] of entries) {
      map.set(key, value);
      model.set(key, value);
      expect(map.size).toBe(model.size);
    }
    for (const key of [...model.keys(), ...others]) expect(map.get(key)).toBe(model.get(key));
  }));
});
