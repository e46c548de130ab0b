import * as z from 'zod';
import { connectLocal } from '#main/local/connect-local.ts';
import type { ApiClient } from '#shared/api/client.ts';
import type { CallArgs, CallName, CallResult } from '#shared/api/contract.ts';
import type { NodeEvent } from '#shared/api/events.ts';
import { AppError } from '#shared/errors.ts';
import { deviceIdOf, type DeviceId } from '#shared/ids.ts';
import { deviceIdSchema } from '#shared/model/ids.ts';
import { second } from '#shared/units.ts';
import type { ServedNode, Stage } from '../../e2e/programs.ts';
import { emptyLists, followLists, listsNow, type Lists } from './lists.ts';
import { openPage } from './page.ts';

/** On a busy machine a node may have to cut off its own end; everything that matters is crash-safe. */
const late = /^still open when the time to stop was over: \[[^\]]*\]$/m;
/** Longer than any call may take on a busy machine: each one has its own patience with others. */
const callMs = 90 * second;

/** One of the people: a real node that may be stopped, killed and started, and a face that follows its events. */
export class Person {
  readonly name: string;
  readonly dataDir: string;
  readonly port: number;
  readonly wrong: string[] = [];
  /** The first listing with all events since then. */
  lists: Lists = emptyLists();
  /** The same of the page that was opened when the node started; null: there is none. */
  page: Lists | null = null;
  id: DeviceId = deviceIdOf(new Uint8Array(32));
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

  get pid(): number {
    return this.#node?.pid ?? 0;
  }

  get isUp(): boolean {
    return this.#client !== null;
  }

  async start(): Promise<void> {
    this.#isEndMeant = false;
    const node = await this.#stage.serve(['--name', this.name, '--port', String(this.port), '--no-multicast', '--no-mdns', '--web-port', '0', '--listen', '127.0.0.1'], undefined, this.dataDir);
    this.#node = node;
    const client = await connectLocal(this.dataDir);
    client.onClose(() => {
      if (!this.#isEndMeant && this.#client === client) this.#say(`${this.name} went away by itself: ${node.stderr()}`);
      if (this.#client === client) this.#client = null;
    });
    this.id = deviceIdSchema.parse(node.ready.deviceId);
    this.#client = client;
    const lists = emptyLists();
    this.lists = lists;
    await followLists(client, lists, (event) => { this.#tells(event); });
    this.#life++;
    if (typeof node.ready.webUrl === 'string') await this.#openPage(node.ready.webUrl);
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const node = this.#node;
    if (node === null) return;
    this.#isEndMeant = true;
    this.#life++;
    this.#client = null;
    const code = await node.kill(signal);
    this.#node = null;
    const isLate = code === null && late.test(node.stderr());
    if (signal === 'SIGTERM' && code !== 0 && !isLate) this.#say(`${this.name} ended with ${code} when it was told to stop: ${node.stderr()}`);
    const said = node.stderr().replace(late, '').split('\n').filter((line) => line !== '');
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

  listed(): Promise<Lists> {
    return listsNow((name, args) => this.call(name, args));
  }

  /** Another face beside the first one: what is typed in a terminal. Answers with what came out, in a line. */
  async type(...words: string[]): Promise<string> {
    const [node, life] = [this.#node, this.#life];
    if (node === null || this.#client === null) return '';
    const { code, lines, stderr } = await node.cli(...words);
    const said = `${code ?? 'killed'} ${JSON.stringify(lines.at(-1) ?? {})}`.slice(0, 300);
    const isRestart = this.#isEndMeant || life !== this.#life;
    if (!isRestart && (code === null || code > 5 || stderr.includes('    at ') || /"code":"(internal|node-not-running|other-version)"/.test(JSON.stringify(lines)))) this.#say(`${this.name} typed ${words.join(' ')}: ${said} ${stderr}`);
    return said;
  }

  /** A fresh address of the page; each opens it once. */
  async pageAddress(): Promise<string> {
    const client = await connectLocal(this.dataDir);
    try {
      return z.string().parse(await client.callExtra('local.webUrl', {}));
    } finally {
      client.close();
    }
  }

  /** A new page has the first listing, and its events from then on. */
  async #openPage(address: string): Promise<void> {
    const page = emptyLists();
    const client = await openPage(address);
    client.onClose(() => { if (this.page === page) this.page = null; });
    await followLists(client, page, () => undefined);
    this.page = page;
  }

  #tells(event: NodeEvent): void {
    const text = JSON.stringify(event);
    if (text.includes('"code":"internal"') || text.includes('"code":"protocol-error"')) this.#say(`${this.name} tells of ${text}`);
    if (event.type === 'transfer') this.#log(`  ${this.name} event ${event.transfer.id} ${event.transfer.direction} ${event.transfer.state} ${event.transfer.doneFiles}/${event.transfer.files} ${event.transfer.reason?.code ?? ''}`);
  }

  #say(what: string): void {
    this.wrong.push(what);
    this.#log(`WRONG ${what}`);
  }
}
