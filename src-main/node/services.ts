import { AppError } from '#shared/errors.ts';
import type { DeviceId, TransferId } from '#shared/ids.ts';
import type { Direction } from '#shared/model/limit.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import { NodeEvents, tellEveryMs, Throttle } from './events.ts';
import type { Closers, Foundation } from './foundation.ts';
import type { Library } from './ports/library.ts';
import type { Links } from './ports/links.ts';
import { createGetting, type Getting } from './services/getting.ts';
import { createGiving, type Giving } from './services/giving.ts';
import { createPeople, readPeople, type People } from './services/people.ts';
import type { Surroundings, Ways } from './services/surroundings.ts';
import { SharedDownloads } from './transfers/passing-on/shared-downloads.ts';

/** What a user thinks in, and what answers other devices. */
export interface Services extends People, Giving, Getting {
  readonly foundation: Foundation;
  readonly events: NodeEvents;
  /** There from the moment the node links. */
  readonly links: () => Links;
  /** Work nobody waits for; its failure goes to the log. */
  background(work: Promise<unknown>): void;
}

/** Who comes first knows those that come later by functions: nothing is asked of them before all are there. */
export async function createServices(foundation: Foundation, ways: Ways, closers: Closers): Promise<Services> {
  const events = new NodeEvents(foundation.onError);
  const background = (work: Promise<unknown>): void => { work.catch(foundation.onError); };
  const surroundings: Surroundings = { foundation, ways, events, background, closers };
  const transferEvents = new Throttle<TransferId, Transfer>(tellEveryMs, (transfer) => { events.emit({ type: 'transfer', transfer }); });
  closers.push(() => { transferEvents.close(); });
  const aboutTransfers = {
    onChange: (transfer: Transfer): void => {
      getting.pace.wake();
      transferEvents.push(transfer.id, transfer);
    },
    onDone: (transfer: Transfer): void => { transferEvents.flush(transfer.id, transfer); },
    onGone: (direction: Direction, ids: readonly TransferId[]): void => {
      for (const id of ids) transferEvents.drop(id);
      events.emit({ type: 'transfers-gone', direction, ids: [...ids] });
    },
  };
  const forgetRights = (): void => { giving.blocks.forgetRights(); };

  const kept = await readPeople(foundation.store);
  const fetched = new SharedDownloads(foundation.elapsed, forgetRights);
  const people = createPeople(surroundings, { fetched, forgetRights }, kept);
  const giving: Giving = createGiving(surroundings, { people, fetched, brakeOf: (peer) => getting.pace.brakeOfUpload(peer), offerOf: (id) => getting.offers.get(id), ...aboutTransfers });
  const getting: Getting = createGetting(surroundings, { people, giving, fetched, ...aboutTransfers });
  return { foundation, events, links: ways.links, background, ...people, ...giving, ...getting };
}

/** A device that is trusted no more, blocked or forgotten, is chosen for nothing; a list without anybody would mean all that are paired. */
export async function chooseNoMore(library: Pick<Library, 'shares' | 'update'>, device: DeviceId): Promise<void> {
  for (const { id, audience } of await library.shares()) {
    if (audience.kind !== 'devices' || !audience.devices.includes(device)) continue;
    const devices = audience.devices.filter((other) => other !== device);
    await library.update(id, { audience: devices.length === 0 ? { kind: 'nobody' } : { kind: 'devices', devices } });
  }
}

/** Before the node links there is nothing to ask. */
export function laterLinks(): { readonly links: () => Links; set(links: Links): void } {
  let there: Links | null = null;
  return {
    links: () => {
      if (there === null) throw new AppError('internal', { detail: 'links are not there yet' });
      return there;
    },
    set: (links) => { there = links; },
  };
}
