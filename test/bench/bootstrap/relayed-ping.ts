import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeIdentity, type Identity } from '#main/net/identity.ts';
import { createLinks } from '#main/net/links.ts';
import { ServerClient } from '#main/net/servers/server-client.ts';
import type { Link, LinkHandler, Links } from '#main/node/ports/links.ts';
import { AppError } from '#shared/errors.ts';
import { parseServerUrl } from '#shared/server-url.ts';
import { KiB } from '#shared/units.ts';
import { percentiles, row } from './figures.ts';

const measuredMs = 10_000;
/** A block takes about 100 ms on a line of 50 Mbit/s, and the next one is asked for before it has come. */
const blocksAtOnce = 2;
const blockBytes = 512 * KiB;
/** So that questions come at all moments of a block. */
const betweenMs = 17;

function linksOf(identity: Identity, handler: Partial<LinkHandler>): Links {
  const nothing = (): void => undefined;
  return createLinks({
    identity, hello: () => ({ name: 'bench', version: '0.0.0' }), isBlocked: () => false, now: () => performance.now(), random: Math.random,
    handler: { request: () => Promise.reject(new AppError('not-found')), notice: nothing, blockWanted: nothing, blockCancelled: nothing, joined: nothing, has: nothing, left: nothing, choked: nothing, closed: nothing, ...handler },
  });
}

/** How long a small question takes over a relayed link: while nothing moves, and while blocks come one after the other. Both ends run in this process. */
export async function relayedPingRows(port: number, fingerprint: string): Promise<void> {
  const url = parseServerUrl(`https://127.0.0.1:${port}#${fingerprint}`);
  if (url === null) throw new Error('that is a URL');
  const [one, two] = [await makeIdentity(), await makeIdentity()];
  const [asker, giver] = [new ServerClient(url, one), new ServerClient(url, two)];
  const payload = new Uint8Array(blockBytes);
  const near = linksOf(one, {});
  const far = linksOf(two, { blockWanted: (link, lane, { requestId }) => { link.sendBlock(lane, requestId, payload, null).catch(() => undefined); } });
  const { signal } = new AbortController();
  try {
    for (const client of [asker, giver]) await client.call('register', { addresses: [], rooms: [] });
    const heard = await giver.events(signal, (socket) => socket);
    const ticket = 'f'.repeat(32);
    const [first] = await Promise.all([asker.relay(ticket, two.id, signal), once(heard, 'message')]);
    const second = await giver.relay(ticket, null, signal);
    const [link] = await Promise.all([near.adopt(first, { expect: two.id, dialled: true, relay: url.origin }), far.adopt(second, { expect: one.id, dialled: false, relay: url.origin })]);
    row('server: a question over a relayed link, idle', percentiles(await times(link)));
    const load = new Load(link);
    const began = performance.now();
    const loaded = await times(link);
    row('server: the same while blocks of 512 KiB come', `${percentiles(loaded)}; ${(load.bytes / 1000 / (performance.now() - began)).toFixed(0)} MB/s`);
    load.stop();
  } finally {
    await Promise.all([near.close(), far.close()]);
    asker.close();
    giver.close();
  }
}

/** One question after the other, for as long as it is measured. */
async function times(link: Link): Promise<number[]> {
  const found: number[] = [];
  for (const until = performance.now() + measuredMs; performance.now() < until; await sleep(betweenMs)) {
    const began = performance.now();
    await link.request('shares', {}).catch(() => undefined);
    found.push(performance.now() - began);
  }
  return found;
}

class Load {
  bytes = 0;
  #isOver = false;

  constructor(link: Link) {
    for (let at = 0; at < blocksAtOnce; at++) this.#ask(link, new Uint8Array(blockBytes));
  }

  stop(): void {
    this.#isOver = true;
  }

  #ask(link: Link, buffer: Uint8Array): void {
    const ended = (): void => undefined;
    link.requestBlock({ key: new Uint8Array(32), piece: 0, begin: 0, length: blockBytes }, {
      buffer, rejected: ended, lost: ended, broken: ended,
      done: () => {
        this.bytes += blockBytes;
        if (!this.#isOver) this.#ask(link, buffer);
      },
    });
  }
}
