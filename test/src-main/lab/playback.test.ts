import { expect, it } from 'vitest';
import { MiB } from '#shared/units.ts';
import { meanPlayback, playback } from '#main/lab/engine/playback.ts';

/** Pieces of 1 MiB that came at these seconds, played at one a second; whoever watches arrived after ten. */
const play = (...seconds: number[]) => playback(seconds.map((at) => (10 + at) * 1e6), 10e6, { bytes: seconds.length * MiB, pieceBytes: MiB, playRate: MiB });

it('a film begins with four pieces in order, and does not stall while each is there in time', () => {
  expect(play(1, 3, 2, 4, 5, 6, 7, 8)).toEqual({ begins: 4, first16MiB: 8, stalls: 0, stalled: 0 });
});

it('a film that stalls goes on with four more pieces, or with its end', () => {
  // It plays from 1 to 5, stalls until 12 for pieces that came at 9 to 12, and then for the last two until 20.
  expect(play(1, 1, 1, 1, 9, 10, 11, 12, 20, 19)).toEqual({ begins: 1, first16MiB: 20, stalls: 2, stalled: 7 + 4 });
});

it('several who watch are told of on average, and nobody by nothing', () => {
  expect(meanPlayback([play(1, 1, 1, 1), play(3, 3, 3, 5)])).toEqual({ begins: 3, first16MiB: 3, stalls: 0, stalled: 0 });
  expect(meanPlayback([])).toBeNull();
});
