import { expect, test } from 'vitest';
import { defaultServeSettings } from '#main/core/serve/events.ts';
import type { Link } from '#main/node/ports/links.ts';
import { straightOut } from '#main/node/ports/outgoing.ts';
import { Conduct } from '#main/node/transfers/conduct.ts';
import { SwarmDriver } from '#main/node/transfers/swarm-driver.ts';
import type { FileListener } from '#main/node/transfers/swarm-ports.ts';
import { deviceIdOf } from '#shared/ids.ts';
import { MiB } from '#shared/units.ts';

const root = new Uint8Array(32).fill(7);
const about = { bytes: 2 * MiB, pieceBytes: MiB, root, priority: 1, isGrowing: false } as const;
const everything = new Uint8Array([0b1100_0000]);

const listener: FileListener = {
  write: () => Promise.resolve({ kind: 'written' }), pieceWritten: () => undefined, complete: () => undefined, starved: () => undefined, sourceLost: () => undefined,
  corrupt: () => undefined, saved: () => undefined, about: () => ({ file: 'film', contentId: null, expected: null }), diskFailed: () => undefined,
};

/** A device that notes what it is told of a swarm. */
function neighbour(): { readonly link: Link; readonly told: string[] } {
  const told: string[] = [];
  const link: Link = {
    remote: { id: deviceIdOf(new Uint8Array(32).fill(1)), name: 'Ana', platform: 'linux', version: '1', listenPort: null },
    address: { host: '127.0.0.1', port: 1 }, path: 'lan', dialled: true, isClosed: false, latencyMs: null, queueMs: null, risingMs: null, probe: () => undefined, pace: () => undefined, moved: { down: 0, up: 0 }, rates: { down: 0, up: 0 }, knowsCompression: false, knowsBatches: false, arrivalRate: null,
    request: () => Promise.reject(new Error('not used')), notify: () => undefined, requestBlock: () => 0, blockProgress: () => ({ moved: 0, kept: 0 }), cancelBlock: () => undefined, sendBlock: () => Promise.resolve(), rejectBlock: () => undefined,
    join: (_key, pieces) => { told.push(pieces === 'all' ? 'join with all' : 'join with a part'); }, has: () => undefined, leave: () => { told.push('leave'); },
    choke: () => undefined, wantLanes: () => undefined, exportKey: () => new Uint8Array(), close: () => undefined,
  };
  return { link, told };
}

test('a file that was complete, is lost and fetched again has a swarm again', async () => {
  let number = 10;
  const driver = new SwarmDriver({
    receiveBudgetBytes: 32 * MiB, requestWindowBytes: 16 * MiB, outgoing: straightOut, serving: defaultServeSettings, now: () => 0, takesCompressed: () => false, nextNumber: () => number++,
    conduct: new Conduct({ now: () => 0, onChange: () => undefined, save: () => undefined }),
  });
  driver.serveWith({ serve: () => undefined, refuse: () => undefined, piecesFor: () => Promise.resolve(2) });
  const { link, told } = neighbour();
  driver.linkUp(link);

  // Both had it, and both still serve it.
  driver.addDownload(1, 1, false);
  driver.openFile(1, 1, { ...about, have: everything }, listener);
  driver.share(1, 2);
  driver.addMember(1, link.remote.id, root);
  await driver.joined(link, root, everything);
  driver.closeFile(1);
  driver.removeDownload(1);
  expect(told).toContain('join with all');
  told.length = 0;

  // Here it is gone, and fetched anew.
  driver.addDownload(2, 1, false);
  driver.openFile(2, 2, { ...about, have: null }, listener);
  driver.addMember(2, link.remote.id, root);
  expect(told).toEqual(['leave', 'join with a part']);
  await driver.joined(link, root, everything);
  expect(driver.standing(2)?.sources).toMatchObject([{ id: link.remote.id, state: 'asked' }]);
  driver.close();
});
