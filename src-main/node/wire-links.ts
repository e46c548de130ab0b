import { appVersion } from '#shared/app-version.ts';
import { AppError } from '#shared/errors.ts';
import { createLinks } from '../net/links.ts';
import { isUsedHost } from '../net/networks.ts';
import { Throttle } from './events.ts';
import type { Link, LinkHandler, Links } from './ports/links.ts';
import type { Services } from './services.ts';

/** A device says as often as it likes that its list has changed, and each time is asked for all that downloads lack. */
const listingEveryMs = 500;

/** Makes the links of a node and tells every service what happens on them. */
export function wireLinks(services: Services): Links {
  const { foundation, events, devices, membership, pairing, reach, rooms, transfers, offers, search, blocks, control, swarm, speed, waiter, welcome, background } = services;
  const { identity, settings, elapsed } = foundation;
  /** Links whose device said that it leaves: there is no hurry to dial it again. */
  const leaving = new WeakSet<Link>();
  /** A device that leaves meanwhile, or answers nonsense, shows no shares: nothing that whoever runs this node could mend. */
  const askShares = async (link: Link): Promise<void> => {
    try {
      devices.noteShares(link.remote.id, await link.request('shares', {}));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
    }
  };

  const listings = new Throttle<Link, { readonly link: Link; readonly share: string }>(listingEveryMs, ({ link, share }) => {
    events.emit({ type: 'listing', peer: link.remote.id, share });
    // Perhaps it has now what a download waits for.
    waiter.listingChanged();
    transfers.linkUp(link);
    background(askShares(link));
  }, (held, next) => (held.share === next.share ? held : { ...next, share: '' }));

  const handler: LinkHandler = {
    request: (link, method, params) => control.answer(link, method, params),
    notice: (link, notice) => {
      switch (notice.kind) {
        case 'listing': return listings.push(link, { link, share: notice.share });
        case 'renamed': return background(devices.renamed(link.remote.id, notice.name));
        case 'goodbye': return void leaving.add(link);
        case 'pair-answer': return background(pairing.answered(link, notice.same));
        case 'room-proofs': case 'room-state': case 'room-update': case 'room-members': case 'room-left': return rooms.hear(link, notice);
        case 'offer-answer': case 'offer-progress': case 'offer-withdrawn': return background(offers.notice(link, notice));
      }
    },
    blockWanted: (link, lane, request) => { blocks.wanted(link, lane, request); },
    blockCancelled: (link, lane, requestId) => { blocks.cancelled(link, lane, requestId); },
    joined: (link, { key, pieces }) => { background(swarm.contents.joined(link, key, pieces)); },
    has: (link, { key, piece }) => { swarm.contents.has(link, key, piece); },
    left: (link, { key }) => { swarm.contents.left(link, key); },
    choked: (link, { choked }) => { swarm.choked(link, choked); },
    closed: (link) => {
      const { id } = link.remote;
      listings.drop(link);
      blocks.linkDown(link);
      pairing.linkDown(link);
      rooms.linkDown(link);
      // Another connection took its place (both dialled at once): the device is still here.
      if (links.get(id) !== undefined) return;
      swarm.linkDown(id);
      search.linkDown(id);
      transfers.linkDown(id);
      reach.linkDown(id);
      membership.linkDown(id, leaving.has(link));
      background(devices.linkDown(id));
    },
  };

  const links: Links = createLinks({
    identity, handler, now: elapsed, random: Math.random,
    hello: () => ({ name: settings.get().name, version: appVersion }),
    isBlocked: (id) => devices.isBlocked(id),
    isUsed: (localHost) => isUsedHost(localHost, settings.get().unusedNetworks),
    isExpected: (id) => welcome.isExpected(id),
    mayLink: (id) => welcome.mayLink(id),
  });
  links.onLink((link) => {
    const { id } = link.remote;
    membership.linkUp(id, link.takesLinks, { dialled: link.dialled, isNear: link.rank === 'near' });
    reach.linkUp(link);
    swarm.linkUp(link);
    speed.deviceChanged(id);
    background(devices.linkUp(link));
    rooms.linkUp(link);
    background(askShares(link));
    waiter.linkUp();
    transfers.linkUp(link);
    search.linkUp(link);
  });
  return links;
}
