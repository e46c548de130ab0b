import { expect, it } from 'vitest';
import { IncomingCalls } from '#main/net/control-calls.ts';
import { frameHeadBytes, frameType } from '#shared/protocol/frame-layout.ts';
import { encodeCall } from '#shared/protocol/frames.ts';
import { KiB } from '#shared/units.ts';

const turn = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

it('makes a long answer while much else waits for the other end, of which nobody is told when it has gone out', async () => {
  const asked: unknown[] = [];
  const calls = new IncomingCalls({
    send: () => undefined,
    queuedBytes: () => 512 * KiB,
    serve: (_method, params) => {
      asked.push(params);
      return Promise.reject(new Error('it is enough to be asked'));
    },
  });
  calls.request(encodeCall(frameType.request, 1, { method: 'browse', params: { path: 'Music', limit: 10 } }).subarray(frameHeadBytes));
  await turn();
  expect(asked).toMatchObject([{ path: 'Music', limit: 10 }]);
});
