import { connectLocal } from '#main/local/connect-local.ts';
import type { ApiClient } from '#shared/api/client.ts';
import type { CallArgs, CallName, CallResult } from '#shared/api/contract.ts';
import type { NodeEvent } from '#shared/api/events.ts';
import { AppError } from '#shared/errors.ts';
import type { Offer } from '#shared/model/offer.ts';
import type { Peer } from '#shared/model/peer.ts';
import type { Share } from '#shared/model/share.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import { second } from '#shared/units.ts';
import type { ServedNode, Stage } from '../../e2e/programs.ts';

/** On a busy machine a node may have to cut off its own end; everything that matters is crash-safe. */
const late = /^still open when the time to stop was over/;
/** Longer than any call may take on a busy machine: each one has its own patience with others. */
const callMs = 90 * second;

export interface Lists {
  readonly transfers: Map<string, Transfer>;
  readonly shares: Map<string, Share>;
  readonly offers: Map<string, Offer>;
  readonly peers: Map<string, Peer>;
}
const emptyLists = (): Lists => ({ transfers: new Map(), shares: new Map(), offers: new Map(), peers: new Map() });

/** One of the people: a real node that may be stopped, killed and started, and a face that follows its events. */
export class Person {
  readonly name: string;
  readonly dataDir: string;
  readonly port: number;
  readonly wrong: string[] = [];
  /** The first listing with all events since then. */
  lists: Lists = emptyLists();
  readonly #stage: Stage;
  readonly #log: (line: string) => void;
  #node: ServedNode | null = null;
  #client: ApiClient | null = null;
  #isEndMeant = false;
  #life = 0;

  constructor(stage: Stage, options: { name: string; dataDir: string; port: number; log: (line: string) => void }) {
    this.#stage = stage;
    this.name = options.name;
    this.dataDir = options.dataDir;
    this.port = options.port;
    this.#log = options.log;
  }

  get isUp(): boolean {
    return this.#client !== null;
  }

  async start(): Promise<void> {
    this.#isEndMeant = false;
    const node = await this.#stage.serve(['--name', this.name, '--port', String(this.port), '--no-multicast', '--no-mdns', '--no-web', '--listen', '127.0.0.1'], undefined, this.dataDir);
    this.#node = node;
    const client = await connectLocal(this.dataDir);
    client.onClose(() => {
      if (!this.#isEndMeant && this.#client === client) this.#say(`${this.name} went away by itself: ${node.stderr()}`);
      if (this.#client === client) this.#client = null;
    });
    await this.#follow(client);
    this.#client = client;
    this.#life++;
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const node = this.#node;
    if (node === null) return;
    this.#isEndMeant = true;
    this.#client = null;
    const code = await node.kill(signal);
    this.#node = null;
    if (signal === 'SIGTERM' && code !== 0) this.#say(`${this.name} ended with ${code} when it was told to stop`);
    const said = node.stderr().split('\n').filter((line) => line !== '' && !late.test(line));
    if (said.length > 0) this.#say(`${this.name} complained: ${said.join('\n')}`);
  }

  /** Says what is wrong with the answer, and throws the error of one that is not. */
  async call<Name extends CallName>(name: Name, args: CallArgs<Name>): Promise<CallResult<Name>> {
    const [client, life] = [this.#client, this.#life];
    if (client === null) throw new AppError('node-not-running');
    let timer: NodeJS.Timeout | undefined;
    const hung = new Promise<never>((_, reject) => {
      timer = setTimeout(() => { reject(new Error(`${name} hangs`)); }, callMs);
    });
    try {
      return await Promise.race([client.call(name, args), hung]);
    } catch (error) {
      const isRestart = error instanceof AppError && error.code === 'node-not-running' && (this.#isEndMeant || life !== this.#life);
      const isKnown = error instanceof AppError && error.code !== 'internal' && error.code !== 'node-not-running' && error.code !== 'other-version' && (error.code !== 'protocol-error' || name === 'peers.connect');
      if (!isRestart && !isKnown) this.#say(`${this.name}: ${name} ${JSON.stringify(args)} gave ${String(error)}`);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async listed(): Promise<Lists> {
    const lists = emptyLists();
    for (let cursor: string | null = null, more = true; more; more = cursor !== null) {
      const page: CallResult<'transfers.list'> = await this.call('transfers.list', cursor === null ? {} : { cursor });
      for (const each of page.transfers) lists.transfers.set(each.id, each);
      cursor = page.next;
    }
    for (const each of await this.call('shares.list', {})) lists.shares.set(each.id, each);
    for (const each of await this.call('offers.list', {})) lists.offers.set(each.id, each);
    for (const each of await this.call('peers.list', {})) lists.peers.set(each.id, each);
    return lists;
  }

  async #follow(client: ApiClient): Promise<void> {
    const since = new Set<string>();
    const lists = emptyLists();
    this.lists = lists;
    client.subscribe((event) => {
      if (this.lists !== lists) return;
      this.#take(lists, event, since);
    });
    this.#client = client;
    const first = await this.listed();
    for (const kind of ['transfers', 'shares', 'offers', 'peers'] as const) {
      const into: Map<string, unknown> = lists[kind];
      for (const [id, value] of first[kind]) if (!since.has(id)) into.set(id, value);
    }
  }

  #take(lists: Lists, event: NodeEvent, since: Set<string>): void {
    const put = <T extends { readonly id: string }>(into: Map<string, T>, value: T): void => {
      since.add(value.id);
      into.set(value.id, value);
    };
    const drop = (from: Map<string, unknown>, id: string): void => {
      since.add(id);
      from.delete(id);
    };
    if (event.type === 'transfer') put(lists.transfers, event.transfer);
    else if (event.type === 'transfer-gone') drop(lists.transfers, event.id);
    else if (event.type === 'share') put(lists.shares, event.share);
    else if (event.type === 'share-gone') drop(lists.shares, event.id);
    else if (event.type === 'offer') put(lists.offers, event.offer);
    else if (event.type === 'offer-gone') drop(lists.offers, event.id);
    else if (event.type === 'peer') put(lists.peers, event.peer);
    else if (event.type === 'peer-gone') drop(lists.peers, event.id);
    const text = JSON.stringify(event);
    if (text.includes('"code":"internal"') || text.includes('"code":"protocol-error"')) this.#say(`${this.name} tells of ${text}`);
    if (event.type === 'transfer') this.#log(`  ${this.name} event ${event.transfer.id} ${event.transfer.direction} ${event.transfer.state} ${event.transfer.doneFiles}/${event.transfer.files} ${event.transfer.reason?.code ?? ''}`);
  }

  #say(what: string): void {
    this.wrong.push(what);
    this.#log(`WRONG ${what}`);
  }
}
