import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { DeviceId } from '#shared/ids.ts';
import { deviceIdSchema } from '#shared/model/ids.ts';
import { relayMessageSchema, signalMessageSchema, type ServerMessage } from '#shared/protocol/bootstrap-events.ts';
import { second, type Millis } from '#shared/units.ts';
import type { Mailboxes } from '../mailboxes.ts';
import { mailChannel } from './redis-keys.ts';
import { parseJson } from './redis-rows.ts';
import type { RedisSession } from './redis-session.ts';

/** Every server answers at once; who has not been found after so long is nowhere. */
const answerMs = second;
/** How often a server says that it is there, and after which silence nobody waits for its answers. */
const presenceMs = 2 * second;
const silentMs = 3 * presenceMs;
/** Questions that wait for an answer: beyond, they count as answered with no. */
const mostWaiting = 10_000;

const nameSchema = z.string().min(1).max(64);
const mailSchema = z.union([
  /** Without a message: whether the device is there. */
  z.object({ from: nameSchema, number: z.int(), to: deviceIdSchema, message: z.discriminatedUnion('type', [signalMessageSchema, relayMessageSchema]).optional() }),
  z.object({ delivered: z.int() }),
  z.object({ missing: z.int(), by: nameSchema }),
  z.object({ server: nameSchema, is: z.enum(['new', 'here', 'gone']) }),
]);
type Mail = z.infer<typeof mailSchema>;
type Message = Extract<Mail, { from: string }>['message'];

interface Question {
  /** Servers that have not answered yet; null: there may be some that we do not know. */
  readonly asked: Set<string> | null;
  readonly done: (found: boolean) => void;
}

/**
 * Hands messages to devices at any of the servers on one Redis: told to all of them, and each says whether it has the device. They know of each other, so when all have said no, nobody waits any
 * longer. Nothing of it is kept.
 */
export class RedisMailboxes implements Mailboxes {
  readonly #local: Mailboxes;
  readonly #now: () => Millis;
  readonly #name = randomUUID();
  readonly #waiting = new Map<number, Question>();
  /** When each of the other servers said something last. */
  readonly #servers = new Map<string, Millis>();
  #session: RedisSession | null = null;
  #presence: NodeJS.Timeout | null = null;
  /** By then all that are there have answered our first word. */
  #knowsAllAt: Millis = Infinity;
  #numbers = 0;

  constructor(local: Mailboxes, now: () => Millis) {
    this.#local = local;
    this.#now = now;
  }

  isThere(to: DeviceId): boolean | Promise<boolean> {
    return this.#local.isThere(to) === true || this.#answer(this.#tell(to));
  }

  deliver(to: DeviceId, message: ServerMessage): boolean | Promise<boolean> {
    const isDelivered = this.#local.deliver(to, message) === true;
    if (message.type !== 'signal' && message.type !== 'relay') return isDelivered;
    // Also when it is here: what is here may be left over from before the device went to another server.
    const number = this.#tell(to, message);
    return isDelivered || this.#answer(number);
  }

  async begin(session: RedisSession): Promise<void> {
    const own = `${mailChannel}:${this.#name}`;
    await session.subscribe([mailChannel, own], (channel, text) => { if (channel === mailChannel || channel === own) this.#heard(session, text); });
    this.#session = session;
    this.#knowsAllAt = this.#now() + answerMs;
    this.#send(session, mailChannel, { server: this.#name, is: 'new' });
    this.#presence = setInterval(() => { this.#send(session, mailChannel, { server: this.#name, is: 'here' }); }, presenceMs).unref();
  }

  lose(): void {
    if (this.#session !== null) this.#send(this.#session, mailChannel, { server: this.#name, is: 'gone' });
    if (this.#presence !== null) clearInterval(this.#presence);
    this.#session = null;
    this.#servers.clear();
    for (const { done } of [...this.#waiting.values()]) done(false);
  }

  /** Answers with the number that the others answer to. */
  #tell(to: DeviceId, message?: Message): number {
    const number = ++this.#numbers;
    if (this.#session !== null) this.#send(this.#session, mailChannel, { from: this.#name, number, to, message });
    return number;
  }

  /** Whether one of the others says yes; false at once when nobody could. */
  #answer(number: number): boolean | Promise<boolean> {
    if (this.#session === null || this.#waiting.size >= mostWaiting) return false;
    const now = this.#now();
    for (const [name, heardAt] of this.#servers) if (now - heardAt > silentMs) this.#servers.delete(name);
    const asked = now < this.#knowsAllAt ? null : new Set(this.#servers.keys());
    if (asked?.size === 0) return false;
    return new Promise((resolve) => {
      const timer = setTimeout(() => { done(false); }, answerMs);
      const done = (found: boolean): void => {
        clearTimeout(timer);
        this.#waiting.delete(number);
        resolve(found);
      };
      this.#waiting.set(number, { asked, done });
    });
  }

  #heard(session: RedisSession, text: string): void {
    const mail = mailSchema.safeParse(parseJson(text)).data;
    if (mail === undefined) return;
    if ('delivered' in mail) this.#waiting.get(mail.delivered)?.done(true);
    else if ('missing' in mail) this.#isMissing(mail.missing, mail.by);
    else if ('server' in mail) this.#presenceOf(session, mail);
    else if (mail.from !== this.#name) this.#handOver(session, mail);
  }

  #isMissing(number: number, by: string): void {
    const question = this.#waiting.get(number);
    if (question?.asked?.delete(by) === true && question.asked.size === 0) question.done(false);
  }

  #presenceOf(session: RedisSession, { server, is }: Extract<Mail, { server: string }>): void {
    if (server === this.#name) return;
    if (is === 'gone') this.#servers.delete(server);
    else this.#servers.set(server, this.#now());
    if (is === 'new') this.#send(session, `${mailChannel}:${server}`, { server: this.#name, is: 'here' });
  }

  #handOver(session: RedisSession, { from, number, to, message }: Extract<Mail, { from: string }>): void {
    const isFound = (message === undefined ? this.#local.isThere(to) : this.#local.deliver(to, message)) === true;
    this.#send(session, `${mailChannel}:${from}`, isFound ? { delivered: number } : { missing: number, by: this.#name });
  }

  #send(session: RedisSession, channel: string, mail: Mail): void {
    // Whoever waits for it hears nothing, which is an answer, too.
    session.publish(channel, JSON.stringify(mail)).catch(() => undefined);
  }
}
