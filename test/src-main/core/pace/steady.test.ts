import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Steady } from '#main/core/pace/steady.ts';

/** What is shown after each letter of a picture; a dot is a moment that tells nothing. */
function shown(picture: string): string {
  const steady = new Steady<string>((value) => value, { samples: 10, needed: 6 });
  return [...picture].map((value) => {
    steady.add(value === '.' ? null : value);
    return steady.shown ?? '-';
  }).join('');
}

describe('a steady verdict', () => {
  it('is not given before four moments agree', () => expect(shown('aaaaa')).toBe('---aa'));
  it('does not change for what is seen in passing', () => expect(shown('aaaaaaaaabbbaaaabbaaab')).toBe('---aaaaaaaaaaaaaaaaaaa'));
  it('changes when another one was seen most of the time', () => expect(shown('aaaaaaaaaabbbbbbb')).toBe('---aaaaaaaaaaaabb'));
  it('stays while nothing can be told', () => expect(shown('aaaa......')).toBe('---aaaaaaa'));
  it('stays between two that alternate', () => expect(shown('aaaaaaabababababababababab')).toBe('---aaaaaaaaaaaaaaaaaaaaaaa'));
  it('keeps what goes with the verdict up to date', () => {
    const steady = new Steady<{ by: string; have: number }>(({ by }) => by, { samples: 10, needed: 6 });
    for (let have = 0; have < 8; have++) steady.add({ by: 'few', have });
    expect(steady.shown).toEqual({ by: 'few', have: 7 });
  });

  it('never changes twice within six moments', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom('a', 'b', 'c', '.'), { maxLength: 200 }), (values) => {
      const seen = shown(values.join(''));
      const changes = [...seen].flatMap((value, at) => (at > 0 && value !== seen[at - 1] && seen[at - 1] !== '-' ? [at] : []));
      for (const [index, at] of changes.entries()) expect(at - (changes[index - 1] ?? -Infinity)).toBeGreaterThanOrEqual(6);
    }));
  });
});
