import { describe, expect, it } from 'vitest';
import { audienceChoice, audienceOf } from '../../../src-renderer/components/shares/audience-choice.ts';
import { deviceIdFor } from '../fake/people.ts';

describe('choosing an audience', () => {
  const somebody = deviceIdFor('Amber Falcon');
  it('fails closed: chosen people without people is no choice, because no people would mean all trusted ones', () => {
    expect(audienceOf('chosen', [])).toBeNull();
    expect(audienceOf('chosen', [somebody])).toEqual({ kind: 'devices', devices: [somebody] });
    expect(audienceOf('trusted', [somebody])).toEqual({ kind: 'devices', devices: [] });
  });
  it.each(['everyone', 'public', 'nobody'] as const)('%s comes back as it was', (choice) => {
    const audience = audienceOf(choice, []);
    expect(audience && audienceChoice(audience)).toBe(choice);
  });
});
