import * as z from 'zod';
import { AppError } from '#shared/errors.ts';
import type { RandomStream } from '#main/lab/engine/random-stream.ts';
import { agesScript, beginScript, forgetScript, heardScript, writeScript, type Script } from '#main/bootstrap/redis/redis-scripts.ts';
import type { OpenRedis, RedisSession } from '#main/bootstrap/redis/redis-session.ts';

interface Data {
  readonly strings: Map<string, string>;
  readonly hashes: Map<string, Map<string, string>>;
  readonly heard: Map<string, Map<string, number>>;
}

interface Command {
  /** Gives back what brings the answer. */
  readonly execute: () => () => void;
  readonly reject: (error: AppError) => void;
}

interface Connection {
  readonly ended: (error: AppError) => void;
  readonly sent: Command[];
  readonly answers: { readonly tell: () => void; readonly reject: Command['reject'] }[];
  readonly messages: (() => void)[];
  readonly channels: Set<string>;
  hear: (channel: string, message: string) => void;
  isOpen: boolean;
}

const messageSchema = z.object({ devices: z.array(z.object({ id: z.string(), node: z.string().nullable(), revision: z.string().nullable(), base: z.string().nullable(), anew: z.boolean(), over: z.number().nullable(), add: z.array(z.tuple([z.string(), z.string()])), remove: z.array(z.string()) })) });

const gone = (): AppError => new AppError('not-reachable', { detail: 'simulated' });

/**
 * Redis as the servers' scripts see it, where commands, answers and messages take their time, each in the order of its connection, and any connection may break at any moment. `step` lets one thing happen,
 * so that a seed decides on the order of everything.
 */
export class SimulatedRedis {
  readonly #random: RandomStream;
  readonly #now: () => number;
  #data: Data = { strings: new Map(), hashes: new Map(), heard: new Map() };
  readonly #connections: Connection[] = [];

  constructor(random: RandomStream, now: () => number) {
    this.#random = random;
    this.#now = now;
  }

  readonly open: OpenRedis = async (_url, ended) => {
    const connection: Connection = { ended, sent: [], answers: [], messages: [], channels: new Set(), hear: () => undefined, isOpen: true };
    this.#connections.push(connection);
    const ask = <Answer>(work: () => Answer): Promise<Answer> => new Promise((resolve, reject) => {
      const execute = (): (() => void) => {
        const answer = work();
        return () => { resolve(answer); };
      };
      if (connection.isOpen) connection.sent.push({ execute, reject });
      else reject(gone());
    });
    await ask(() => undefined);
    return {
      run: (script, keys, args) => ask(() => this.#run(script, keys, args)),
      hash: (key) => ask(() => Object.fromEntries(this.#hash(key))),
      keepFirst: (key, value) => ask(() => {
        if (!this.#data.strings.has(key)) this.#data.strings.set(key, value);
        return this.#data.strings.get(key) ?? null;
      }),
      claim: () => ask(() => true),
      subscribe: (channels, heard) => {
        connection.hear = heard;
        return ask(() => { for (const channel of channels) connection.channels.add(channel); });
      },
      publish: (channel, message) => ask(() => { this.#publish(channel, message); }),
      close: () => { this.#end(connection); },
    } satisfies RedisSession;
  };

  /** One command is done, or one answer or message arrives; false when nothing is on its way. */
  step(): boolean {
    const possible = this.#connections.flatMap((connection) => {
      const { sent, answers, messages, isOpen } = connection;
      return [
        ...(sent.length > 0 ? [() => { this.#execute(connection); }] : []),
        ...(isOpen && answers.length > 0 ? [() => { answers.shift()?.tell(); }] : []),
        ...(isOpen && messages.length > 0 ? [() => { messages.shift()?.(); }] : []),
      ];
    });
    if (possible.length === 0) return false;
    possible[this.#random.below(possible.length)]?.();
    return true;
  }

  /** One of the connections breaks. */
  break(): void {
    const open = this.#connections.filter(({ isOpen }) => isOpen);
    const broken = open.length === 0 ? undefined : open[this.#random.below(open.length)];
    if (broken === undefined) return;
    broken.isOpen = false;
    broken.ended(gone());
    this.#abandon(broken);
  }

  /** What a machine has that is to take this one's place later, or that is started with what was saved. */
  copy(): () => void {
    const copy = structuredClone(this.#data);
    return () => {
      this.#data = structuredClone(copy);
      while (this.#connections.some(({ isOpen }) => isOpen)) this.break();
      for (const connection of this.#connections) connection.sent.length = 0;
    };
  }

  #end(connection: Connection): void {
    if (!connection.isOpen) return;
    connection.isOpen = false;
    this.#abandon(connection);
  }

  /** What was sent may still be done, at any time. */
  #abandon(connection: Connection): void {
    const { sent, answers } = connection;
    for (const { reject } of [...answers, ...sent]) reject(gone());
    answers.length = 0;
    sent.splice(this.#random.below(sent.length + 1));
  }

  #execute(connection: Connection): void {
    const command = connection.sent.shift();
    if (command === undefined) return;
    const tell = command.execute();
    if (connection.isOpen) connection.answers.push({ tell, reject: command.reject });
  }

  #publish(channel: string, message: string): void {
    for (const { channels, messages, isOpen, hear } of this.#connections) if (isOpen && channels.has(channel)) messages.push(() => { hear(channel, message); });
  }

  #hash(key: string): Map<string, string> {
    const hash = this.#data.hashes.get(key) ?? new Map<string, string>();
    this.#data.hashes.set(key, hash);
    return hash;
  }

  #heard(key: string): Map<string, number> {
    const heard = this.#data.heard.get(key) ?? new Map<string, number>();
    this.#data.heard.set(key, heard);
    return heard;
  }

  #stamp(key: string): [version: number, mark: string] {
    const [version = '0', mark = '-'] = this.#data.strings.get(key)?.split(' ') ?? [];
    return [Number(version), mark];
  }

  /** Answers with what a message begins with. */
  #count(key: string, mark: string): string {
    const [last, before] = this.#stamp(key);
    this.#data.strings.set(key, `${last + 1} ${mark}`);
    return `${last + 1} ${mark} ${before}`;
  }

  #run(script: Script, keys: readonly string[], args: readonly (string | number)[]): unknown {
    const [first = '', second = '', third = ''] = keys;
    if (script === beginScript) return this.#begin(first, Number(args[0]), String(args[1]));
    if (script === writeScript) return this.#write(keys, String(args[0]), String(args[1]), String(args[2]));
    if (script === heardScript) return this.#noteHeard(first, second, String(args[0]), args.slice(1).map(String));
    if (script === agesScript) return args.map((id) => this.#now() - (this.#heard(first).get(String(id)) ?? this.#now() + 1));
    if (script === forgetScript) return this.#forget({ stamp: first, nodes: second, heard: third, entries: keys.slice(3) }, String(args[0]), String(args[1]), this.#now() - Number(args[2]), args.slice(3).map(String));
    throw new RangeError('no such script');
  }

  #begin(key: string, known: number, mark: string): unknown[] {
    const [version, last] = this.#stamp(key);
    if (version >= known) return [version, last, 0];
    this.#data.strings.set(key, `${known + 1_000_000} ${mark}`);
    return [known + 1_000_000, mark, 1];
  }

  #write([stampKey = '', nodesKey = '', heardKey = '', ...entriesKeys]: readonly string[], channel: string, text: string, mark: string): unknown[] {
    const { devices } = messageSchema.parse(JSON.parse(text));
    const [nodes, heard] = [this.#hash(nodesKey), this.#heard(heardKey)];
    const isMissing = devices.some(({ id, node, anew }) => !nodes.has(id) && node !== null && !anew);
    const outdated = devices.filter(({ id, over, base }) => {
      const [version, , revision] = nodes.get(id)?.split(' ') ?? [];
      return version !== undefined && ((over !== null && Number(version) > over) || (base !== null && revision !== base));
    });
    if (isMissing || outdated.length > 0) return [0, ...outdated.map(({ id }) => id)];
    const start = this.#count(stampKey, mark);
    const [version = ''] = start.split(' ');
    for (const [at, { id, node, revision, anew, add, remove }] of devices.entries()) {
      const entries = this.#hash(entriesKeys[at] ?? '');
      if (node === null || anew) entries.clear();
      if (node === null) {
        nodes.delete(id);
        heard.delete(id);
        continue;
      }
      nodes.set(id, `${version} ${mark} ${revision ?? nodes.get(id)?.split(' ')[2] ?? '-'} ${node}`);
      heard.set(id, this.#now());
      for (const [contentId, entry] of add) entries.set(contentId, entry);
      for (const contentId of remove) entries.delete(contentId);
    }
    this.#publish(channel, `${start} ${text}`);
    return [Number(version)];
  }

  #noteHeard(stampKey: string, heardKey: string, silenceMs: string, devices: readonly string[]): unknown[] {
    const heard = this.#heard(heardKey);
    for (const id of devices) if (heard.has(id)) heard.set(id, this.#now());
    const silent = silenceMs === '' ? [] : [...heard].filter(([, at]) => at <= this.#now() - Number(silenceMs)).map(([id]) => id);
    return [...this.#stamp(stampKey), this.#now(), ...silent];
  }

  #forget(keys: { stamp: string; nodes: string; heard: string; entries: readonly string[] }, channel: string, mark: string, least: number, devices: readonly string[]): number {
    const heard = this.#heard(keys.heard);
    const silent = devices.filter((id) => (heard.get(id) ?? Infinity) <= least);
    for (const id of silent) {
      this.#hash(keys.nodes).delete(id);
      heard.delete(id);
      this.#hash(keys.entries[devices.indexOf(id)] ?? '').clear();
    }
    if (silent.length > 0) this.#publish(channel, `${this.#count(keys.stamp, mark)} ${JSON.stringify({ silent })}`);
    return silent.length;
  }
}
