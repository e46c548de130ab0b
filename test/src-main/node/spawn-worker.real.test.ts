import { expect, it, onTestFinished } from 'vitest';
import type { HashCalls } from '#main/disk/hash/hash-calls.ts';
import { WorkerCaller } from '#main/disk/workers/worker-calls.ts';
import { aroundThreadStarts, spawnWorker } from '#main/node/spawn-worker.ts';

it('tells before the first of several threads starts, and when each of them has answered or ended', async () => {
  const told: string[] = [];
  aroundThreadStarts(() => {
    told.push('starting');
    return () => { told.push('started'); };
  });
  onTestFinished(() => { aroundThreadStarts(() => () => undefined); });
  const hash = (): WorkerCaller<HashCalls> => new WorkerCaller<HashCalls>(spawnWorker('hash'), () => undefined);
  const params = { data: new Uint8Array(10), pieceBytes: 1 << 20, wholeFile: true };

  const [answers, ends] = [hash(), hash()];
  onTestFinished(() => answers.close());
  expect(told).toEqual(['starting']);
  await answers.call('piece', params);
  expect(told).toEqual(['starting']);
  await ends.close();
  expect(told).toEqual(['starting', 'started']);
  // What happens to them later is no start.
  await answers.call('piece', params);
  expect(told).toEqual(['starting', 'started']);

  const later = hash();
  onTestFinished(() => later.close());
  expect(told).toEqual(['starting', 'started', 'starting']);
  await later.call('piece', params);
  expect(told).toEqual(['starting', 'started', 'starting', 'started']);
});
