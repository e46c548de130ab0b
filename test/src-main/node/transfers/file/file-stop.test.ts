import { expect, test } from 'vitest';
import { FileStop } from '#main/node/transfers/file/file-stop.ts';

test.each(['before', 'after'] as const)('its signal fires, asked for %s the stop', (when) => {
  const stop = new FileStop();
  const before = when === 'before' ? stop.signal : null;
  expect(stop.isStopped || before?.aborted === true).toBe(false);
  stop.stop();
  expect(stop.isStopped).toBe(true);
  expect((before ?? stop.signal).aborted).toBe(true);
  expect(stop.signal).toBe(before ?? stop.signal);
});
