import fc from 'fast-check';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packOutcomes, packSmallFiles, packTargets, unpackOutcomes, unpackSmallFiles, unpackTargets } from '#main/disk/receive/packed-files.ts';
import type { FileTarget, SmallOutcome } from '#main/node/ports/receiver.ts';

const name = fc.string({ minLength: 1, maxLength: 8 }).filter((text) => !/[/\0]/.test(text) && text !== '.' && text !== '..');
const root = fc.uint8Array({ minLength: 32, maxLength: 32 });
const target: fc.Arbitrary<FileTarget> = fc.record({
  base: fc.constantFrom('/a', '/b/c'), path: fc.array(name, { maxLength: 3 }), bytes: fc.nat(), pieceBytes: fc.constantFrom(1 << 20, 1 << 21),
  root: fc.option(root), layer: fc.option(root), modifiedAt: fc.double({ noNaN: true }), executable: fc.boolean(),
});
const outcome = (at: string): fc.Arbitrary<SmallOutcome> => fc.oneof(
  fc.record({ kind: fc.constant('done' as const), path: fc.constantFrom(join('/real', at), join('/real', `${at} (2)`), join('/other', at)), existed: fc.boolean() }),
  fc.constant({ kind: 'corrupt' as const }),
  fc.constant({ kind: 'error' as const, error: { code: 'disk-full' as const } }),
);

describe('packed files', () => {
  it('come out as they went in', () => {
    fc.assert(fc.property(fc.array(target, { maxLength: 12 }), (targets) => {
      expect(unpackTargets(structuredClone(packTargets(targets)))).toEqual(targets);
    }));
  });

  it('keep a root that is none one that is refused', () => {
    const [first] = fc.sample(target, 1);
    if (first === undefined) throw new Error('no sample');
    expect(unpackTargets(packTargets([{ ...first, root: new Uint8Array(31) }]))[0]?.root).toHaveLength(0);
  });

  it('speak of bytes where they lie in shared memory, not of copies', () => {
    const [first] = fc.sample(target, 1);
    if (first === undefined) throw new Error('no sample');
    const [one, two] = [new SharedArrayBuffer(100), new SharedArrayBuffer(50)];
    const data = [new Uint8Array(one, 10, 20), new Uint8Array(two, 0, 0), new Uint8Array(one, 30, 70)];
    const files = unpackSmallFiles(structuredClone(packSmallFiles(data.map((bytes) => ({ target: first, data: bytes })))));
    new Uint8Array(one).fill(7);
    expect(files.map((file) => file.data)).toEqual([new Uint8Array(20).fill(7), new Uint8Array(0), new Uint8Array(70).fill(7)]);
  });

  it('have outcomes that come back for each name', () => {
    fc.assert(fc.property(fc.array(name, { maxLength: 12 }).chain((names) => fc.tuple(fc.constant(names), fc.tuple(...names.map(outcome)))), ([names, outcomes]) => {
      expect(unpackOutcomes(structuredClone(packOutcomes(outcomes, names)), names)).toEqual(outcomes);
    }));
  });
});
