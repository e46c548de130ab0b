import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { DeviceId } from '#shared/ids.ts';
import { deviceIdSchema } from '#shared/model/ids.ts';
import { signalTextSchema, type ServerMessage } from '#shared/protocol/bootstrap-events.ts';
import { second } from '#shared/units.ts';
import type { Mailboxes } from '../mailboxes.ts';
import { mailChannel } from './redis-keys.ts';
import { parseJson } from './redis-rows.ts';
import type { RedisSession } from './redis-session.ts';

/** A server that has the device answers at once; who is sent nothing for so long has gone. */
const answerMs = second;
/** Signals that wait for an answer: beyond, they count as not delivered. */
const mostWaiting = 10_000;

const mailSchema = z.union([
  z.object({ from: z.string(), number: z.int(), to: deviceIdSchema, message: z.object({ type: z.literal('signal'), from: deviceIdSchema, data: signalTextSchema }) }),
  z.object({ delivered: z.int() }),
]);

/** Hands signals to devices at any of the servers on one Redis: told to all of them, and whoever has the device says so. Nothing of it is kept. */
export class RedisMailboxes implements Mailboxes {
  readonly #local: Mailboxes;
  readonly #name = randomUUID();
  readonly #waiting = new Map<number, (delivered: boolean) => void>();
  #session: RedisSession | null = null;
  #numbers = 0;

  constructor(local: Mailboxes) {
    this.#local = local;
  }

  /** Whose WebSocket is at another server is not here: a relay joins two connections of one server. */
  isHere(to: DeviceId): boolean {
    return this.#local.isHere(to);
  }

  deliver(to: DeviceId, message: ServerMessage): boolean | Promise<boolean> {
    const isDelivered = this.#local.deliver(to, message);
    const session = this.#session;
    if (message.type !== 'signal' || session === null || this.#waiting.size >= mostWaiting) return isDelivered;
    // Also when it is here: what is here may be left over from before the device went to another server.
    const number = ++this.#numbers;
    this.#send(session, mailChannel, { from: this.#name, number, to, message });
    return isDelivered === true || this.#answer(number);
  }

  async begin(session: RedisSession): Promise<void> {
    const own = `${mailChannel}:${this.#name}`;
    await session.subscribe([mailChannel, own], (channel, text) => { if (channel === mailChannel || channel === own) this.#heard(session, text); });
    this.#session = session;
  }

  lose(): void {
    this.#session = null;
    for (const done of [...this.#waiting.values()]) done(false);
  }

  #answer(number: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => { done(false); }, answerMs);
      const done = (delivered: boolean): void => {
        clearTimeout(timer);
        this.#waiting.delete(number);
        resolve(delivered);
      };
      this.#waiting.set(number, done);
    });
  }

  #heard(session: RedisSession, text: string): void {
    const mail = mailSchema.safeParse(parseJson(text)).data;
    if (mail === undefined) return;
    if ('delivered' in mail) this.#waiting.get(mail.delivered)?.(true);
    else if (mail.from !== this.#name && this.#local.deliver(mail.to, mail.message) === true) this.#send(session, `${mailChannel}:${mail.from}`, { delivered: mail.number });
  }

  #send(session: RedisSession, channel: string, mail: z.input<typeof mailSchema>): void {
    // Whoever waits for it hears nothing, which is an answer, too.
    session.publish(channel, JSON.stringify(mail)).catch(() => undefined);
  }
}
