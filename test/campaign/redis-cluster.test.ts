import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import type { Entry } from '#shared/protocol/bootstrap.ts';
import { second } from '#shared/units.ts';
import type { TestClient } from '../src-main/bootstrap/bootstrap-client.ts';
import { TestRedisCluster } from '../src-main/bootstrap/redis-cluster.ts';
import { redisVersion } from '../src-main/bootstrap/redis-server.ts';
import { entryOf } from '../src-main/bootstrap/registry/things.ts';
import { BootstrapStage } from '../src-main/bootstrap/stage.ts';

/**
 * `npm run campaign:cluster`: two servers on a Redis cluster of three masters and three replicas, whose masters are killed one after the other (KILLS, default 12) while
 * devices announce without pause. Prints a line for each kill.
 */
const kills = Number(process.env['KILLS'] ?? 12);
const devices = 24;
/** Of the cluster: after so long a machine that says nothing is given up. */
const nodeTimeoutMs = 500;
/** What a device tells again is known to all by then. */
const healedMs = 10 * second;

const stage = new BootstrapStage();
let cluster: TestRedisCluster | null = null;
afterAll(async () => {
  await stage.close();
  await cluster?.close();
});

/** Says something new again and again, as nodes do: it tells all again when a server has another revision than it has. */
class Announcer {
  readonly homes: readonly TestClient[];
  readonly #first: number;
  readonly #entries: Entry[] = [];
  #revision = 0;
  taken = 0;
  toldAgain = 0;

  constructor(homes: readonly TestClient[], number: number) {
    this.homes = homes;
    this.#first = number * 1_000_000;
  }

  /** What every server should answer. */
  get standing(): string {
    return JSON.stringify({ revision: `r${this.#revision}`, entries: this.#entries.length });
  }

  /** Half of the devices are led to another server each time, as by an address for both. */
  get home(): TestClient | undefined {
    return this.homes[this.staysAtHome ? 0 : this.#revision % this.homes.length];
  }

  get staysAtHome(): boolean {
    return this.#first % 2_000_000 === 0;
  }

  async announceUntil(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const entry = entryOf(this.#first + this.#entries.length);
      await this.home?.call('entries', { add: [entry], base: this.#revision === 0 ? null : `r${this.#revision}`, revision: `r${this.#revision + 1}` });
      this.#entries.push(entry);
      this.#revision++;
      this.taken++;
    }
  }

  async beat(home: TestClient | undefined): Promise<string> {
    const answer = await home?.call('heartbeat');
    if (answer?.revision !== `r${this.#revision}`) {
      const part = 500;
      for (let at = 0; at < this.#entries.length; at += part) {
        const isLast = at + part >= this.#entries.length;
        const name = (number: number): string => `r${this.#revision}/${number}`;
        await home?.call('entries', { reset: at === 0, add: this.#entries.slice(at, at + part), ...(at === 0 ? {} : { base: name(at - part) }), revision: isLast ? `r${this.#revision}` : name(at) });
      }
      this.toldAgain++;
    }
    return JSON.stringify(answer);
  }
}

it.skipIf(redisVersion === null)(`loses nothing that was taken when ${kills} masters of a Redis cluster are killed one after the other`, async () => {
  cluster = await TestRedisCluster.start('--cluster-node-timeout', String(nodeTimeoutMs), '--repl-diskless-sync-delay', '0');
  const settings = { redisUrl: cluster.url, silenceSeconds: 3600, heartbeatSeconds: 600, maxEntriesPerAddress: 10_000_000, requestsPerSecond: 1_000_000, requestBurst: 10_000_000, deviceRequestsPerSecond: 1_000_000, deviceRequestBurst: 1_000_000 };
  const [a, b] = [await stage.server(settings), await stage.server(settings)];
  const announcers = await Promise.all(Array.from({ length: devices }, async (_, number) => {
    const client = await stage.client(a.base);
    return new Announcer([client, client.at(b.base)], number);
  }));
  for (const { homes: [home] } of announcers) await home?.call('register', { addresses: [], rooms: [] });
  const [{ homes = [] } = {}] = announcers;
  const areWell = (): Promise<unknown[]> => Promise.all(homes.map(async (home) => (await home.call('health')).status));
  const sumOf = (value: (announcer: Announcer) => number): number => announcers.reduce((sum, each) => sum + value(each), 0);
  const toldAgain = (): [number, number] => [sumOf((each) => (each.staysAtHome ? each.toldAgain : 0)), sumOf((each) => (each.staysAtHome ? 0 : each.toldAgain))];
  let lost = 0;
  for (let kill = 1; kill <= kills; kill++) {
    await expect.poll(() => cluster?.replicasInStep(), { interval: 20 }).toBe(3);
    await expect.poll(areWell, { interval: 20 }).toEqual(['ok', 'ok']);
    let isOver = false;
    const before = sumOf(({ taken }) => taken);
    const announcing = announcers.map((announcer) => announcer.announceUntil(() => isOver));
    await expect.poll(() => announcers.every(({ taken }) => taken >= kill * 20), { interval: 20 }).toBe(true);
    const masters = await cluster.masters();
    const killed = masters[kill % masters.length];
    const at = performance.now();
    await killed?.kill();
    await expect.poll(async () => (await cluster?.masters())?.length, { interval: 10 }).toBe(3);
    const failedOverMs = performance.now() - at;
    await expect.poll(areWell, { interval: 10 }).toEqual(['ok', 'ok']);
    const wellMs = performance.now() - at;
    isOver = true;
    await Promise.all(announcing);
    // What Redis has is what a server reads that comes now.
    const late = await stage.server(settings);
    const toldBefore = toldAgain();
    const differing = async (): Promise<string[]> => {
      const found: string[] = [];
      for (const announcer of announcers) {
        const newcomer = announcer.homes[0]?.at(late.base);
        for (const home of [...announcer.homes, newcomer]) {
          const answer = await announcer.beat(home).catch((error: unknown) => String(error));
          if (answer !== announcer.standing) found.push(`${announcer.homes[0]?.id}: ${answer}, not ${announcer.standing}`);
        }
        newcomer?.close();
      }
      return found;
    };
    let wrong = await differing();
    for (const until = performance.now() + healedMs; wrong.length > 0 && performance.now() < until;) {
      await wait(100);
      wrong = await differing();
    }
    lost += wrong.length;
    await late.server.close();
    const [atHome, led] = toldAgain().map((lists, at) => lists - (toldBefore[at] ?? 0));
    console.log(`kill ${kill}: a replica took over after ${failedOverMs.toFixed(0)} ms, both servers well after ${wellMs.toFixed(0)} ms; ${sumOf(({ taken }) => taken) - before} announcements taken, lists told again: ${atHome} of devices at one server, ${led} of others; ${wrong.length} answers wrong${wrong.map((each) => `\n  ${each}`).join('')}`);
    await killed?.start();
  }
  for (const { homes: [, other] } of announcers) other?.close();
  expect(lost).toBe(0);
});
