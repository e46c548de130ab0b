import Bonjour from 'bonjour-service';
import * as z from 'zod';
import type { SocketAddress } from '#shared/address.ts';
import { limits } from '#shared/limits.ts';
import { beaconVersion, parseBeaconText } from '#shared/protocol/beacon.ts';
import { minute, second } from '#shared/units.ts';
import type { Millis } from '#shared/units.ts';
import type { ChannelHearing } from '#main/core/membership/beacon-machine.ts';
import { randomHex } from '#main/core/membership/random-hex.ts';
import { SourceLimiter } from '#main/core/membership/source-limiter.ts';
import type { NetworkChannel } from './channels.ts';
import { MdnsTransport } from './mdns-transport.ts';
import type { MulticastSocket } from './multicast-socket.ts';
import { onlyAddressesOf } from './own-records.ts';

export const mdnsPort = 5353;
export const mdnsGroups = { 4: '224.0.0.251', 6: 'ff02::fb' } as const;
const serviceType = 'distrishare';

/** Waits between questions, growing, because everybody answers each one to the group; the last repeats. */
const questionWaits: readonly Millis[] = [250, 1 * second, 10 * second, 30 * second, 90 * second, 10 * minute];
/** The first of them only repeat the question, in case it was lost. */
const repetitions = 2;
/** Every device on a network speaks mDNS; more than this from one address is a flood. */
const packetsPerMinute = 600;
const refusalsTolerated = 3;

const textSchema = z.object({ v: z.string(), n: z.string(), t: z.string() });

type Found = InstanceType<typeof Bonjour.Service>;

export interface MdnsChannelOptions {
  readonly channel: NetworkChannel;
  readonly socket: MulticastSocket;
  /** TCP port that takes links. */
  readonly port: number;
  readonly nonce: string;
  readonly random: () => number;
  readonly now: () => Millis;
  readonly visible: boolean;
  readonly onHint: (address: SocketAddress, nonce: string, tag: string) => void;
  readonly onGoodbye: (address: SocketAddress, nonce: string) => void;
  readonly onBroken: (error: Error) => void;
}

/**
 * Our DNS-SD service and the search for others on one channel, by bonjour-service. Instance and host name are random, new
 * with each announcement; of what others say only the sender's address, the port and the three TXT values are used.
 */
export class MdnsChannel {
  readonly #options: MdnsChannelOptions;
  readonly #transport: MdnsTransport;
  readonly #bonjour: Bonjour;
  readonly #packets = new SourceLimiter(packetsPerMinute);
  readonly #hints = new SourceLimiter();
  #browser: ReturnType<Bonjour['find']> | null = null;
  #question: ReturnType<typeof setTimeout> | null = null;
  #asked = 0;
  #refusals = 0;
  readonly #hearing: { ownAt: Millis | null; othersAt: Millis | null } = { ownAt: null, othersAt: null };
  #visible: boolean;
  #closed = false;

  constructor(options: MdnsChannelOptions) {
    this.#options = options;
    this.#visible = options.visible;
    const { channel } = options;
    this.#transport = new MdnsTransport({ send: (data, port, host, done) => this.#send(data, port, host, done), maySend: () => this.#visible });
    const ip = channel.family === 4 ? mdnsGroups[4] : `${mdnsGroups[6]}%${channel.zone}`;
    // `bind` and `multicast` off: the socket is bound and joined already, on this channel only.
    const mdnsOptions = { type: channel.family === 4 ? 'udp4' : 'udp6', port: mdnsPort, ip, interface: channel.address, socket: this.#transport, bind: false, multicast: false };
    this.#bonjour = new Bonjour(mdnsOptions, options.onBroken);
    if (this.#visible) this.#publish();
    this.#search();
  }

  /** When packets last came, of whatever program: of this machine, and of others. */
  get hearing(): ChannelHearing {
    return this.#hearing;
  }

  /** A packet from a sender that is on the channel's own network. */
  receive(data: Buffer, from: Parameters<MdnsTransport['receive']>[1]): void {
    const { channel, now } = this.#options;
    this.#hearing[from.address.split('%')[0] === channel.address ? 'ownAt' : 'othersAt'] = now();
    if (this.#packets.take(this.#options.now(), from.address)) this.#transport.receive(data, from);
  }

  /** Asks everybody again. */
  ask(): void {
    this.#asked = 0;
    this.#search();
  }

  /** Tells everybody again and asks everybody again. */
  announce(): void {
    this.ask();
    if (this.#visible) this.#bonjour.unpublishAll(() => this.#publish());
  }

  setVisible(visible: boolean): void {
    if (visible === this.#visible) return;
    if (visible) {
      this.#visible = true;
      this.announce();
    } else {
      this.#bonjour.unpublishAll(() => { this.#visible = false; });
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#question) clearTimeout(this.#question);
    this.#browser?.stop();
    await new Promise<void>((resolve) => { this.#bonjour.unpublishAll(() => resolve()); });
    await new Promise<void>((resolve) => { this.#bonjour.destroy(() => resolve()); });
    await this.#options.socket.close();
  }

  #send(data: Uint8Array, port: number, host: string, done: (error: Error | null) => void): void {
    const { socket, channel } = this.#options;
    socket.send(onlyAddressesOf(channel.address, data), port, host, (error) => {
      this.#refusals = error ? this.#refusals + 1 : 0;
      done(error);
      if (error && this.#refusals >= refusalsTolerated) this.#options.onBroken(error);
    });
  }

  #publish(): void {
    if (this.#closed) return;
    const { port, nonce, random } = this.#options;
    const name = randomHex(16, random);
    const txt = { v: String(beaconVersion), n: nonce, t: randomHex(8, random) };
    // Names are random, so nobody else has them: no probing, which would cost the first second.
    this.#bonjour.publish({ name, host: `${name}.local`, type: serviceType, port, txt, probe: false, disableIPv6: true });
  }

  #askAgain(): void {
    if (this.#asked > repetitions) return this.#search();
    this.#browser?.update();
    this.#scheduleQuestion();
  }

  /** A fresh search, so that what is still there is told again, and what a flood of forged services filled is freed. */
  #search(): void {
    this.#browser?.stop();
    this.#browser?.removeAllListeners();
    const browser = this.#bonjour.find({ type: serviceType });
    this.#browser = browser;
    browser.on('up', (found) => {
      this.#found(found);
      if (browser.services.length > limits.discovery.hintsTable && browser === this.#browser) setImmediate(() => this.#freeUp(browser));
    });
    browser.on('srv-update', (found) => this.#found(found));
    browser.on('txt-update', (found) => this.#found(found));
    browser.on('down', (found) => this.#gone(found));
    this.#scheduleQuestion();
  }

  #freeUp(full: ReturnType<Bonjour['find']>): void {
    if (full === this.#browser && !this.#closed) this.#search();
  }

  #scheduleQuestion(): void {
    if (this.#question) clearTimeout(this.#question);
    const wait = questionWaits[Math.min(this.#asked, questionWaits.length - 1)] ?? 10 * minute;
    this.#asked++;
    this.#question = setTimeout(() => this.#askAgain(), wait * (0.8 + 0.4 * this.#options.random()));
    this.#question.unref();
  }

  #found(found: Found): void {
    const seen = this.#read(found);
    if (seen && this.#hints.take(this.#options.now(), seen.address.host)) this.#options.onHint(seen.address, seen.nonce, seen.tag);
  }

  #gone(found: Found): void {
    const seen = this.#read(found);
    if (seen) this.#options.onGoodbye(seen.address, seen.nonce);
  }

  #read(found: Found): { address: SocketAddress; nonce: string; tag: string } | null {
    const text = textSchema.safeParse(found.txt);
    const beacon = text.success ? parseBeaconText(text.data) : null;
    const host = found.referer?.address;
    const { port } = found;
    if (!beacon || host === undefined || !Number.isInteger(port) || port < 1 || port > 65_535 || beacon.nonce === this.#options.nonce) return null;
    return { address: { host, port }, nonce: beacon.nonce, tag: beacon.tag };
  }
}
