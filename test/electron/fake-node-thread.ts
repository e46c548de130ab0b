/**
 * Stands in for the node's thread, so that the shell can be tested alone: answers the few calls the window makes at its
 * start, and says as an event whatever a test sends it as a text.
 */
import { parentPort } from 'node:worker_threads';
import { nodeEventSchema } from '#shared/api/events.ts';
import { defaultSettings } from '#shared/settings.ts';
import { invariant } from '#shared/assert.ts';
import type { ToNodeThread } from '#main/electron/node-thread-messages.ts';
import { serveThread } from '#main/electron/serve-thread.ts';
import { FakeNode, statusOf } from '../contract/fake-node.ts';

invariant(parentPort !== null, 'this module is the entry of a thread');
const node = new FakeNode();
Object.assign(node.handlers, {
  'node.status': () => statusOf(),
  'settings.get': () => ({ ...defaultSettings, name: 'Jade Otter', downloadDir: '/downloads', language: 'en' as const }),
  'peers.list': () => [],
  'shares.list': () => [],
  'offers.list': () => [],
  'pairing.list': () => [],
  'transfers.list': () => ({ transfers: [], total: 0, next: null }),
} satisfies FakeNode['handlers']);
node.handlers['offers.sendText'] = ({ text }) => {
  node.emit(nodeEventSchema.parse(JSON.parse(text)));
  throw new Error('said');
};

// What a node says in its last moment reaches a shell that has begun to end.
parentPort.on('message', ({ kind }: ToNodeThread) => { if (kind === 'close') node.emit({ type: 'status', status: statusOf({ downRate: 5_000_000 }) }); });
serveThread(parentPort, { api: node }, () => Promise.resolve());
