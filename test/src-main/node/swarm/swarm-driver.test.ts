import { expect, test } from 'vitest';
import { defaultServeSettings } from '#main/core/serve/events.ts';
import type { BlockSink, Link } from '#main/node/ports/links.ts';
import { straightOut } from '#main/node/ports/outgoing.ts';
import { Conduct } from '#main/node/swarm/conduct.ts';
import { SwarmDriver } from '#main/node/swarm/swarm-driver.ts';
import type { FileListener } from '#main/node/swarm/swarm-ports.ts';
import { deviceIdOf } from '#shared/ids.ts';
import type { BlockWanted } from '#shared/protocol/hot-frames.ts';
import { KiB, MiB } from '#shared/units.ts';

const root = new Uint8Array(32).fill(7);
const about = { bytes: 2 * MiB, pieceBytes: MiB, root, priority: 1, isGrowing: false, isContinuable: true } as const;
const everything = new Uint8Array([0b1100_0000]);

const listener: FileListener = {
  write: () => Promise.resolve({ kind: 'written' }), pieceWritten: () => undefined, complete: () => undefined, starved: () => undefined, sourceLost: () => undefined,
  corrupt: () => undefined, saved: () => undefined, about: () => ({ file: 'film', contentId: null, expected: null }), diskFailed: () => undefined,
};

interface Asked {
  readonly request: BlockWanted;
  readonly sink: BlockSink;
}

/** A device that notes what it is told of a swarm, and what it is asked for. */
function neighbour(): { readonly link: Link; readonly told: string[]; readonly asked: Asked[] } {
  const told: string[] = [];
  const asked: Asked[] = [];
  const link: Link = {
    remote: { id: deviceIdOf(new Uint8Array(32).fill(1)), name: 'Ana', platform: 'linux', version: '1', listenPort: null },
    address: { host: '127.0.0.1', port: 1 }, path: 'lan', rank: 'near', vpn: null, relay: null, takesLinks: null, dialled: true, isClosed: false, latencyMs: null, queueMs: null, risingMs: null, probe: () => undefined, pace: () => undefined, moved: { down: 0, up: 0 }, rates: { down: 0, up: 0 }, knowsCompression: false, knowsBatches: false, arrivalRate: null,
    request: () => Promise.reject(new Error('not used')), notify: () => undefined, requestBlock: (request, sink) => asked.push({ request, sink }), blockProgress: () => ({ moved: 0, quietMs: 0, kept: 0 }), cancelBlock: () => undefined, sendBlock: () => Promise.resolve(true), rejectBlock: () => undefined,
    join: (_key, pieces) => { told.push(pieces === 'all' ? 'join with all' : 'join with a part'); }, has: () => undefined, leave: () => { told.push('leave'); },
    choke: () => undefined, wantLanes: () => undefined, exportKey: () => new Uint8Array(), close: () => undefined,
  };
  return { link, told, asked };
}

function startDriver(): SwarmDriver {
  let number = 10;
  const driver = new SwarmDriver({
    receiveBudgetBytes: 32 * MiB, requestWindowBytes: 16 * MiB, outgoing: straightOut, serving: defaultServeSettings, now: () => 0, takesCompressed: () => false, nextNumber: () => number++,
    conduct: new Conduct({ now: () => 0, elapsed: () => 0, onChange: () => undefined, save: () => undefined }),
  });
  driver.serveWith({ serve: () => undefined, refuse: () => undefined, piecesFor: () => Promise.resolve({ count: 2, here: 'all' }) });
  return driver;
}

test('a file that was complete, is lost and fetched again has a swarm again', async () => {
  const driver = startDriver();
  const { link, told } = neighbour();
  driver.linkUp(link);

  // Both had it, and both still serve it.
  driver.addDownload(1, 1, false);
  driver.openFile(1, 1, { ...about, have: everything }, listener);
  driver.contents.share(1, 2, everything);
  driver.addMember(1, link.remote.id, root);
  await driver.contents.joined(link, root, everything);
  driver.closeFile(1);
  driver.removeDownload(1);
  expect(told).toContain('join with all');
  told.length = 0;

  // Here it is gone, and fetched anew.
  driver.addDownload(2, 1, false);
  driver.openFile(2, 2, { ...about, have: null }, listener);
  driver.addMember(2, link.remote.id, root);
  expect(told).toEqual(['leave', 'join with a part']);
  await driver.contents.joined(link, root, everything);
  expect(driver.standing(2)?.sources).toMatchObject([{ id: link.remote.id, state: 'asked' }]);
  driver.close();
});

test.each([
  ['is gone on with where it has the same key again', 1, 32 * KiB],
  ['is begun anew where it has another key: it may be another version', 2, 0],
])('half a piece of a file without a root %s', (_what, key, begin) => {
  const driver = startDriver();
  const { link, asked } = neighbour();
  driver.addDownload(1, 1, false);
  driver.openFile(1, 1, { ...about, root: null, have: null }, listener);
  driver.linkUp(link);
  driver.addSource(1, link.remote.id, new Uint8Array(32).fill(1));
  expect(asked[0]?.request).toMatchObject({ piece: 0, begin: 0, length: MiB });
  asked.forEach(({ sink }, at) => { sink.lost(at === 0 ? 40_000 : 0); });
  driver.linkDown(link.remote.id);
  asked.length = 0;
  driver.linkUp(link);
  driver.addSource(1, link.remote.id, new Uint8Array(32).fill(key));
  expect(asked[0]?.request).toMatchObject({ piece: 0, begin });
  driver.close();
});
