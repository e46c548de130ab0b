import { assertNever } from '#shared/assert.ts';
import { formatAddress, type SocketAddress } from '#shared/address.ts';
import { limits } from '#shared/limits.ts';
import { beaconVersion, encodeBeacon, parseBeacon, type Beacon } from '#shared/protocol/beacon.ts';
import { minute, second } from '#shared/units.ts';
import type { Millis } from '#shared/units.ts';
import { randomHex } from './random-hex.ts';
import { SourceLimiter } from './source-limiter.ts';

/**
 * When the first HELLOs on a channel go out. Multicast over radio is lost often and not repeated by the access point, so
 * a start says it several times within the two seconds a person is willing to wait.
 */
const burstMs: readonly Millis[] = [0, 100, 300, 700, 1500];
/** HELLOs of the burst that ask for an answer; the last one only tells. */
const burstQuestions = 4;
/** Afterwards, with a random gap, so that many devices never speak in step. */
const gapMinMs = 15 * second;
const gapMaxMs = 30 * second;
const tagLifeMs = 5 * minute;
/** A device that has to ask this often did not get our direct answers (a firewall, mostly): it is answered to the group. */
const questionsUntilGroupAnswer = 3;
const questionMemoryMs = 5 * second;
/** One HELLO to the group within this time serves everybody who asks. */
const groupAnswerGapMs = 5 * second;
const groupAnswerDelayMs: readonly [Millis, Millis] = [20, 200];

/** A channel is one address family on one network interface; the driver names it. */
export type ChannelName = string;

export type BeaconEvent =
  /** `ip` is our own address there. A channel that was up already starts anew. */
  | { readonly type: 'channel-up'; readonly channel: ChannelName; readonly ip: string }
  | { readonly type: 'channel-down'; readonly channel: ChannelName }
  /** The driver has made sure that the sender is on the channel's own network. */
  | { readonly type: 'packet'; readonly channel: ChannelName; readonly from: SocketAddress; readonly data: Uint8Array }
  /** Something about our network changed, or the machine woke up: tell everybody now. */
  | { readonly type: 'announce' }
  | { readonly type: 'visible'; readonly visible: boolean }
  | { readonly type: 'stop' }
  | { readonly type: 'tick' };

export interface BeaconSink {
  /** `to: null` is the group. */
  send(channel: ChannelName, data: Uint8Array, to: SocketAddress | null): void;
  /** Somebody says that it takes links there. */
  hint(address: SocketAddress, nonce: string, tag: string): void;
  goodbye(address: SocketAddress, nonce: string): void;
}

interface Channel {
  readonly ip: string;
  /** HELLOs of the burst sent so far. */
  sent: number;
  burstAt: Millis;
  nextAt: Millis;
  lastAt: Millis;
  answerAt: Millis | null;
  readonly hearing: { ownAt: Millis | null; othersAt: Millis | null };
}

/** When packets last came on a channel: our own, which come back, and those of other machines. Null for never. */
export interface ChannelHearing {
  readonly ownAt: Millis | null;
  readonly othersAt: Millis | null;
}

interface Heard {
  nonce: string;
  tag: string;
  questions: number;
  askedAt: Millis;
}

/**
 * Says when to send HELLO and GOODBYE, and makes hints of what others send. A start is loud (several HELLOs that ask) and
 * then quiet. Whoever asks is answered directly and at once, so that a newcomer knows everybody within milliseconds.
 *
 * Invariants: our own packets change nothing; a packet never does more than cause one hint or goodbye and one answer that
 * is not longer than it; what one address can cause is limited per minute; every table is bounded; while invisible
 * nothing is ever sent.
 */
export class BeaconMachine {
  readonly #port: number;
  readonly #nonce: string;
  readonly #random: () => number;
  readonly #channels = new Map<ChannelName, Channel>();
  /** By address, least recently heard first. */
  readonly #heard = new Map<string, Heard>();
  readonly #limiter = new SourceLimiter();
  #visible: boolean;
  #stopped = false;
  #tag: string;
  #tagUntil: Millis = -Infinity;

  constructor(options: { readonly port: number; readonly nonce: string; readonly random: () => number; readonly visible: boolean }) {
    this.#port = options.port;
    this.#nonce = options.nonce;
    this.#random = options.random;
    this.#visible = options.visible;
    this.#tag = randomHex(8, options.random);
  }

  step(now: Millis, event: BeaconEvent, out: BeaconSink): void {
    switch (event.type) {
      case 'channel-up':
        this.#channels.set(event.channel, { ip: event.ip, sent: 0, burstAt: now, nextAt: now, lastAt: -Infinity, answerAt: null, hearing: { ownAt: null, othersAt: null } });
        break;
      case 'channel-down': this.#channels.delete(event.channel); break;
      case 'packet': this.#packet(now, event.channel, event.from, event.data, out); break;
      case 'announce': this.#announce(now); break;
      case 'visible':
        if (this.#visible && !event.visible) this.#sayGoodbye(out);
        if (!this.#visible && event.visible) this.#announce(now);
        this.#visible = event.visible;
        break;
      case 'stop':
        if (this.#visible && !this.#stopped) this.#sayGoodbye(out);
        this.#stopped = true;
        break;
      case 'tick': break;
      default: assertNever(event);
    }
    this.#sendDue(now, out);
  }

  /** When to step with a tick if nothing else happens; null for never. */
  nextWake(): Millis | null {
    if (!this.#visible || this.#stopped) return null;
    let wake: Millis | null = null;
    for (const channel of this.#channels.values()) {
      const at = Math.min(channel.nextAt, channel.answerAt ?? Infinity);
      if (wake === null || at < wake) wake = at;
    }
    return wake;
  }

  /** What has been heard since the channel is up; undefined when there is no such channel. */
  hearing(channel: ChannelName): ChannelHearing | undefined {
    return this.#channels.get(channel)?.hearing;
  }

  /** Entries in the tables that packets fill; for checks of their bounds. */
  get heardSize(): number {
    return Math.max(this.#heard.size, this.#limiter.size);
  }

  #packet(now: Millis, channel: ChannelName, from: SocketAddress, data: Uint8Array, out: BeaconSink): void {
    const on = this.#channels.get(channel);
    if (this.#stopped || !on) return;
    const beacon = parseBeacon(data);
    if (typeof beacon === 'string') return;
    // Another node on this machine proves no more about the network than we do.
    on.hearing[from.host.split('%')[0] === on.ip ? 'ownAt' : 'othersAt'] = now;
    if (beacon.nonce === this.#nonce) return;
    const address = { host: from.host, port: beacon.port };
    const key = formatAddress(address);
    const known = this.#heard.get(key);
    if (beacon.word === 'GOODBYE') {
      if (known?.nonce !== beacon.nonce) return;
      this.#heard.delete(key);
      out.goodbye(address, beacon.nonce);
      return;
    }
    const isNews = known?.nonce !== beacon.nonce || known.tag !== beacon.tag;
    // A start asks a few times with one nonce; that counts once.
    const isPatient = known !== undefined && known.questions < burstMs.length;
    if ((isNews || (beacon.asks && !isPatient)) && !this.#limiter.take(now, from.host)) return;
    const heard = this.#remember(key, beacon, known);
    out.hint(address, beacon.nonce, beacon.tag);
    if (beacon.asks && this.#visible) this.#answer(now, channel, from, data.length, heard, out);
  }

  #remember(key: string, beacon: Beacon, known: Heard | undefined): Heard {
    const heard = known?.nonce === beacon.nonce ? known : { nonce: beacon.nonce, tag: beacon.tag, questions: 0, askedAt: -Infinity };
    heard.tag = beacon.tag;
    this.#heard.delete(key);
    this.#heard.set(key, heard);
    if (this.#heard.size > limits.discovery.hintsTable) for (const oldest of this.#heard.keys()) { this.#heard.delete(oldest); break; }
    return heard;
  }

  #answer(now: Millis, name: ChannelName, to: SocketAddress, questionBytes: number, heard: Heard, out: BeaconSink): void {
    const channel = this.#channels.get(name);
    if (!channel) return;
    heard.questions = now - heard.askedAt > questionMemoryMs ? 1 : heard.questions + 1;
    heard.askedAt = now;
    const answer = this.#encode(now, 'HELLO', channel.ip, false);
    if (answer.length <= questionBytes) out.send(name, answer, to);
    if (heard.questions < questionsUntilGroupAnswer || now - channel.lastAt < groupAnswerGapMs) return;
    const [least, most] = groupAnswerDelayMs;
    channel.answerAt ??= now + least + this.#random() * (most - least);
  }

  #announce(now: Millis): void {
    this.#tagUntil = -Infinity;
    for (const channel of this.#channels.values()) {
      channel.sent = 0;
      channel.burstAt = now;
      channel.nextAt = now;
    }
  }

  #sendDue(now: Millis, out: BeaconSink): void {
    if (!this.#visible || this.#stopped) return;
    for (const [name, channel] of this.#channels) {
      if (channel.nextAt <= now) {
        this.#sendHello(now, name, channel, channel.sent < burstQuestions, out);
        channel.sent++;
        const offset = burstMs[channel.sent];
        // After a pause of the machine the rest of the burst must not go out all at once.
        channel.nextAt = offset === undefined ? now + gapMinMs + this.#random() * (gapMaxMs - gapMinMs) : Math.max(channel.burstAt + offset, now + 50);
      } else if (channel.answerAt !== null && channel.answerAt <= now) {
        this.#sendHello(now, name, channel, false, out);
      }
    }
  }

  #sendHello(now: Millis, name: ChannelName, channel: Channel, asks: boolean, out: BeaconSink): void {
    channel.lastAt = now;
    channel.answerAt = null;
    out.send(name, this.#encode(now, 'HELLO', channel.ip, asks), null);
  }

  #sayGoodbye(out: BeaconSink): void {
    for (const [name, channel] of this.#channels) out.send(name, this.#encode(-Infinity, 'GOODBYE', channel.ip, false), null);
  }

  #encode(now: Millis, word: Beacon['word'], ip: string, asks: boolean): Uint8Array {
    if (now >= this.#tagUntil && word === 'HELLO') {
      this.#tag = randomHex(8, this.#random);
      this.#tagUntil = now + tagLifeMs;
    }
    return encodeBeacon({ word, ip, port: this.#port, version: beaconVersion, nonce: this.#nonce, tag: this.#tag, asks });
  }
}
