import type { ApiClient } from '#shared/api/client.ts';
import type { CallArgs, CallName, CallResult } from '#shared/api/contract.ts';
import type { NodeEvent } from '#shared/api/events.ts';
import type { Offer } from '#shared/model/offer.ts';
import type { Peer } from '#shared/model/peer.ts';
import type { Room } from '#shared/model/room.ts';
import type { Share } from '#shared/model/share.ts';
import type { Transfer } from '#shared/model/transfer.ts';

export interface Lists {
  readonly transfers: Map<string, Transfer>;
  readonly shares: Map<string, Share>;
  readonly offers: Map<string, Offer>;
  readonly peers: Map<string, Peer>;
  readonly rooms: Map<string, Room>;
}
export const emptyLists = (): Lists => ({ transfers: new Map(), shares: new Map(), offers: new Map(), peers: new Map(), rooms: new Map() });

type Call = <Name extends CallName>(name: Name, args: CallArgs<Name>) => Promise<CallResult<Name>>;

/** What a face that asks now is told. */
export async function listsNow(call: Call): Promise<Lists> {
  const lists = emptyLists();
  for (let cursor: string | null = null, more = true; more; more = cursor !== null) {
    const page: CallResult<'transfers.list'> = await call('transfers.list', cursor === null ? {} : { cursor });
    for (const each of page.transfers) lists.transfers.set(each.id, each);
    cursor = page.next;
  }
  for (const each of await call('shares.list', {})) lists.shares.set(each.id, each);
  for (const each of await call('offers.list', {})) lists.offers.set(each.id, each);
  for (const each of await call('peers.list', {})) lists.peers.set(each.id, each);
  for (const each of await call('rooms.list', {})) lists.rooms.set(each.id, each);
  return lists;
}

/** The first listing of a face with all events since then; `told` hears of each, too. */
export async function followLists(client: ApiClient, lists: Lists, told: (event: NodeEvent) => void): Promise<void> {
  const since = new Set<string>();
  client.subscribe((event) => {
    take(lists, event, since);
    told(event);
  });
  const first = await listsNow((name, args) => client.call(name, args));
  for (const kind of ['transfers', 'shares', 'offers', 'peers', 'rooms'] as const) {
    const into: Map<string, unknown> = lists[kind];
    for (const [id, value] of first[kind]) if (!since.has(id)) into.set(id, value);
  }
}

function take(lists: Lists, event: NodeEvent, since: Set<string>): void {
  const put = <T extends { readonly id: string }>(into: Map<string, T>, value: T): void => {
    since.add(value.id);
    into.set(value.id, value);
  };
  const drop = (from: Map<string, unknown>, id: string): void => {
    since.add(id);
    from.delete(id);
  };
  if (event.type === 'transfer') put(lists.transfers, event.transfer);
  else if (event.type === 'transfers-gone') for (const id of event.ids) drop(lists.transfers, id);
  else if (event.type === 'share') put(lists.shares, event.share);
  else if (event.type === 'share-gone') drop(lists.shares, event.id);
  else if (event.type === 'offer') put(lists.offers, event.offer);
  else if (event.type === 'offer-gone') drop(lists.offers, event.id);
  else if (event.type === 'peer') put(lists.peers, event.peer);
  else if (event.type === 'peer-gone') drop(lists.peers, event.id);
  else if (event.type === 'room') put(lists.rooms, event.room);
  else if (event.type === 'room-gone') drop(lists.rooms, event.id);
}
