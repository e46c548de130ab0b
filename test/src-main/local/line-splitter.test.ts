import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineSplitter } from '#main/local/line-splitter.ts';

describe('line splitter', () => {
  it('gives the same lines however the bytes are cut', () => {
    fc.assert(fc.property(fc.array(fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', ''))), fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }), (lines, cuts) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      const splitter = new LineSplitter(1 << 20);
      const found: string[] = [];
      for (let at = 0, cut = 0; at < bytes.length; cut++) {
        const size = cuts[cut % cuts.length] ?? 1;
        found.push(...splitter.push(bytes.subarray(at, at + size)));
        at += size;
      }
      expect(found).toEqual(lines.map((line) => Buffer.from(line).toString()));
    }));
  });

  it('takes lines up to the limit and no longer, also in parts', () => {
    expect([...new LineSplitter(5).push(Buffer.from('12345\n'))]).toEqual(['12345']);
    expect(() => [...new LineSplitter(5).push(Buffer.from('123456\n'))]).toThrow(RangeError);
    const splitter = new LineSplitter(5);
    expect([...splitter.push(Buffer.from('123'))]).toEqual([]);
    expect(() => [...splitter.push(Buffer.from('456'))]).toThrow(RangeError);
  });
});
