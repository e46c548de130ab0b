import { expect, it } from 'vitest';
import { parseSabotage } from '#main/node/serving/sabotage.ts';

it('reads what shall go wrong', () => {
  expect(parseSabotage('corrupt=0.5,lie=1,slow=20000,seed=9')).toEqual({ corrupt: 0.5, bomb: 0, stall: 0, drop: 0, lie: 1, disconnect: 0, slow: 20_000, seed: 9 });
});

it.each(['', 'corrupt', 'corrupt=', 'corrupt=2', 'corrupt=-1', 'slow=0', 'burn=1', 'corrupt=0.5,,lie=1', 'seed=0.5'])('refuses “%s”', (text) => {
  expect(() => parseSabotage(text)).toThrow(expect.objectContaining({ code: 'bad-argument' }));
});
