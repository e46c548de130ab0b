import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { startNode } from '#main/node/node.ts';
import { startNode as startTestNode } from '../net/test-nodes.ts';

const toClose: (() => Promise<unknown>)[] = [];
afterEach(async () => { for (const close of toClose.splice(0).toReversed()) await close(); });

it('whoever says all the time that its list has changed is asked what it has now and then, and what it said last counts', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'listing-news-'));
  toClose.push(() => rm(folder, { recursive: true }));
  const node = await startNode({ dataDir: join(folder, 'data'), listen: '127.0.0.1', overrides: { port: 0, multicast: false, mdns: false, downloadDir: join(folder, 'to') } });
  toClose.push(() => node.close());
  const told: string[] = [];
  node.api.subscribe((event) => { if (event.type === 'listing') told.push(event.share); });

  const restless = await startTestNode('Restless');
  let asked = 0;
  restless.handler.answer = (method) => {
    if (method === 'shares') asked++;
    return Promise.resolve({ names: [], count: asked, bytes: 0 });
  };
  const link = await restless.links.dial({ host: '127.0.0.1', port: node.port }, {});
  await expect.poll(() => asked).toBe(1);
  for (let at = 0; at < 1000; at++) link.notify({ kind: 'listing', share: `Share ${at}` });
  // Messages are read in their order: with the answer all of these were.
  await link.request('shares', {});
  expect(asked).toBeLessThan(10);
  expect(told[0]).toBe('Share 0');
  // What came together is news of several shares.
  await expect.poll(() => told.at(-1)).toBe('');
});
