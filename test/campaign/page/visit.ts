import { setTimeout as sleep } from 'node:timers/promises';
import type { BrowserContext, ConsoleMessage, Page } from 'playwright-core';
import { messages } from '#shared/i18n/index.ts';
import type { Inhabitant, World } from '../monkey/world.ts';
import { focusNow, watchConfirmations, wrongToSee } from './in-page.ts';
import { Reach, sightNow, type Sight } from './reach.ts';

/** A browser says these itself while a node is away. */
const ofAway = /WebSocket|ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|401 \(Unauthorized\)/;
/** The router of developers says so of an address that somebody typed like that. */
const ofOddAddress = /Error decoding "%E0%A4"/;
/** What fades in or moves has come to rest by then, also on a busy machine. */
const lookAgainMs = 900;

const keysOf = (texts: object, before = ''): string[] => Object.entries(texts).flatMap(([key, text]: [string, unknown]) => (typeof text === 'object' && text !== null ? keysOf(text, `${before}${key}.`) : [`${before}${key}`]));
const textKeys = keysOf(messages.en).filter((key) => key.includes('.'));

/** Somebody at the page of a node, and what is wrong with what they saw. */
export class Visit {
  readonly wrong: string[] = [];
  /** How often each kind of place was acted on, and what was reached otherwise. */
  readonly drawn: Record<string, number> = {};
  readonly reach = new Reach();
  /** How often each aim was tried. */
  readonly aimed = new Map<string, number>();
  readonly context: BrowserContext;
  readonly world: World;
  readonly host: Inhabitant;
  readonly random: () => number;
  /** The one in front last. */
  readonly pages: Page[] = [];
  /** A click or a reload takes the keyboard from everything, and means it. */
  steps = 0;
  isHostAway = false;
  #last = '';

  constructor(context: BrowserContext, options: { world: World; host: Inhabitant; random: () => number }) {
    this.context = context;
    this.world = options.world;
    this.host = options.host;
    this.random = options.random;
  }

  get page(): Page {
    const page = this.pages.at(-1);
    if (page === undefined) throw new Error('no page is open');
    return page;
  }

  one<T>(choice: readonly T[]): T | undefined {
    return choice[Math.floor(this.random() * choice.length)];
  }

  log(line: string): void {
    this.#last = line;
    this.world.log(line);
  }

  say(what: string): void {
    const line = `${what} [after: ${this.#last}]`;
    if (this.wrong.some((each) => each.split(' [after: ')[0] === what)) return;
    this.wrong.push(line);
    this.world.log(`WRONG ${line}`);
  }

  /** A new address the first time and after a start of the node, else another tab of the same. */
  async open(isNew: boolean): Promise<void> {
    const page = await this.context.newPage();
    await page.addInitScript(watchConfirmations);
    page.on('pageerror', (error) => { this.say(`uncaught: ${error.stack ?? error.message}`); });
    page.on('console', (message) => { this.#hear(message); });
    page.on('dialog', (dialog) => {
      this.say(`the browser asks: ${dialog.type()} ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('websocket', (socket) => {
      socket.on('framesent', ({ payload }) => { this.#hearCall(payload.toString()); });
      socket.on('framereceived', ({ payload }) => { if (payload.toString().includes('"code":"internal"')) this.say(`the node answers ${payload.toString().slice(0, 600)}`); });
    });
    this.pages.push(page);
    const address = await this.host.person.pageAddress();
    if (isNew) await page.goto(address);
    // From its own address it is the page for developers.
    await page.goto(`${new URL(address).origin}/`);
    await page.waitForSelector('main h1', { state: 'attached', timeout: 60_000 });
  }

  async close(): Promise<void> {
    await this.pages.shift()?.close();
  }

  sight(): Promise<Sight> {
    return this.page.evaluate(sightNow);
  }

  /** What must hold after each step; `before`: what lay above the page, when the keyboard or something in it took that away. */
  async check(before: { layers: number; isPointed: boolean }): Promise<void> {
    const { page } = this;
    const look = (): Promise<string[]> => page.evaluate(wrongToSee, textKeys);
    let found = await look();
    if (found.length > 0) {
      await sleep(lookAgainMs);
      const again = await look();
      found = found.filter((each) => again.includes(each));
    }
    for (const each of found) this.say(each);
    if (before.layers === 0 || before.isPointed) return;
    let focus = await page.evaluate(focusNow);
    for (let tries = 0; tries < 12 && focus.layers === 0 && focus.isLost; tries++) {
      await sleep(100);
      focus = await page.evaluate(focusNow);
    }
    if (focus.layers === 0 && focus.isLost) this.say('the keyboard is nowhere after what lay above the page went');
  }

  #hear(message: ConsoleMessage): void {
    const text = message.text();
    const isBad = message.type() === 'error' || /\[Vue|intlify|vue-router/i.test(text);
    if (!isBad || ofOddAddress.test(text) || (this.isHostAway && ofAway.test(text))) return;
    this.say(`console ${message.type()}: ${text.slice(0, 1200)}`);
  }

  #hearCall(text: string): void {
    const name = /^\{"kind":"call".*?"name":"([\w.]+)"/.exec(text)?.[1];
    if (name === undefined) return;
    this.reach.called(name);
    if (!/^(peers|shares|transfers|offers|rooms|settings|pairing)\.(list|get)$|^node\.status$|^transfers\.files$|^browse\.list$/.test(name)) this.world.log(`  page calls ${text.slice(0, 300)}`);
  }
}
