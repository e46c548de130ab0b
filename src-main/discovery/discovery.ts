import type { SocketAddress } from '#shared/address.ts';
import type { ErrorInfo } from '#shared/errors.ts';
import type { NodeStatus } from '#shared/model/status.ts';
import { second } from '#shared/units.ts';
import type { Millis, Timestamp } from '#shared/units.ts';
import { BeaconMachine, type BeaconEvent, type BeaconSink, type ChannelHearing } from '#main/core/membership/beacon-machine.ts';
import type { ChannelSet } from './channel-set.ts';
import { listChannels, type NetworkChannel } from './channels.ts';
import type { MdnsChannel } from './mdns-channel.ts';
import { openMdns } from './mdns.ts';
import { openMulticast, type BeaconChannel } from './multicast.ts';

/** How often interfaces are looked at; the system gives no portable notice. */
const lookMs = 2 * second;
/** A timer that comes this late means that the machine slept. */
const sleptMs = 10 * second;

/** What discovery found; one member of the membership machine's events each. */
export interface Hint {
  readonly address: SocketAddress;
  readonly source: 'multicast' | 'mdns';
  readonly nonce: string;
  readonly tag: string;
}

export interface DiscoveryOptions {
  /** TCP port that takes links. */
  readonly port: number;
  /** 16 hex digits, random for this start; the same that membership gets. */
  readonly nonce: string;
  readonly multicast: boolean;
  readonly mdns: boolean;
  /** False: hears others, says nothing. */
  readonly visible: boolean;
  readonly onHint: (hint: Hint) => void;
  readonly onGoodbye: (address: SocketAddress, nonce: string) => void;
  /** Interfaces changed or the machine woke up. */
  readonly onNetworkChange?: () => void;
  /** `state()` or `problems()` changed. */
  readonly onStateChange?: () => void;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  readonly now: () => Timestamp;
  readonly channels?: () => NetworkChannel[];
  /** Interfaces on which nothing is said or heard; none by default. That they come and go is told all the same. */
  readonly silent?: () => ReadonlySet<string>;
  /** UDP port of the beacons; another one only in tests. */
  readonly beaconPort?: number;
}

/** How one method stands on one channel, and when packets last came there. */
export interface DiscoveryHearing extends ChannelHearing {
  readonly method: 'multicast' | 'mdns';
  readonly channel: NetworkChannel;
  readonly state: 'open' | 'opening' | 'failed';
  readonly reason: ErrorInfo | null;
}

export type DiscoveryState = NodeStatus['discovery'];

export interface Discovery {
  /** Begins; resolves when every channel there is now is open or has failed. Never rejects: failures are states. */
  start(): Promise<void>;
  set(change: { multicast?: boolean; mdns?: boolean; visible?: boolean }): Promise<void>;
  state(): DiscoveryState;
  /** Why a method that is on does not work, and what a user can mend where it works only in part. */
  problems(): readonly ErrorInfo[];
  /** Tells everybody now and asks everybody now. */
  announceNow(): void;
  /** Asks everybody now, so that `hearings()` soon tells what this network carries. Says nothing while invisible. */
  ask(): void;
  /** How both methods stand on each channel, those of loopback among them; of a method that is off there are none. */
  hearings(): readonly DiscoveryHearing[];
  /** `silent()` may give others now: channels are opened and closed accordingly, at once. */
  networksChanged(): void;
  /** Says goodbye, closes every socket and stops every timer. */
  close(): Promise<void>;
}

/** Finds devices on the networks this machine is on, by multicast beacons and by mDNS, on every interface as they come and go. */
export function createDiscovery(options: DiscoveryOptions): Discovery {
  return new LiveDiscovery(options);
}

class LiveDiscovery implements Discovery {
  readonly #options: DiscoveryOptions;
  readonly #machine: BeaconMachine;
  readonly #sink: BeaconSink;
  #multicast: ChannelSet<BeaconChannel> | null = null;
  #mdns: ChannelSet<MdnsChannel> | null = null;
  /** Those that packets may use. */
  #channels: NetworkChannel[] = [];
  /** What there was at the last look, used or not. */
  #seen = '';
  #visible: boolean;
  #wake: NodeJS.Timeout | null = null;
  #look: NodeJS.Timeout | null = null;
  #lookedAt: Millis = 0;
  /** State and problems as `onStateChange` told them last. */
  #told = '';
  #closing: Promise<void> | null = null;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
    this.#visible = options.visible;
    this.#machine = new BeaconMachine(options);
    this.#sink = {
      send: (channel, data, to) => this.#multicast?.get(channel)?.send(data, to),
      hint: (address, nonce, tag) => options.onHint({ address, source: 'multicast', nonce, tag }),
      goodbye: (address, nonce) => options.onGoodbye(address, nonce),
    };
  }

  async start(): Promise<void> {
    if (this.#closing) return;
    this.#lookedAt = this.#options.now();
    this.#listChannels();
    this.#look = setInterval(() => this.#lookAround(), lookMs);
    this.#look.unref();
    this.#multicast?.update(this.#channels);
    this.#mdns?.update(this.#channels);
    await this.set(this.#options);
  }

  async set(change: { multicast?: boolean; mdns?: boolean; visible?: boolean }): Promise<void> {
    if (this.#closing) return;
    if (change.visible !== undefined && change.visible !== this.#visible) this.#setVisible(change.visible);
    const ended: Promise<void>[] = [];
    if (change.multicast === true) this.#multicast ??= this.#openMulticast();
    if (change.multicast === false && this.#multicast) ended.push(this.#endMulticast(this.#multicast));
    if (change.mdns === true) this.#mdns ??= this.#openMdns();
    if (change.mdns === false && this.#mdns) {
      ended.push(this.#mdns.close());
      this.#mdns = null;
    }
    this.#changed();
    await Promise.all([...ended, this.#multicast?.settled(), this.#mdns?.settled()]);
  }

  state(): DiscoveryState {
    return { multicast: this.#multicast?.state() ?? 'off', mdns: this.#mdns?.state() ?? 'off' };
  }

  problems(): readonly ErrorInfo[] {
    return [...(this.#multicast?.problems() ?? []), ...(this.#mdns?.problems() ?? [])];
  }

  announceNow(): void {
    this.#step({ type: 'announce' });
    this.#eachMdns((channel) => channel.announce());
  }

  ask(): void {
    this.#step({ type: 'announce' });
    this.#eachMdns((channel) => channel.ask());
  }

  hearings(): readonly DiscoveryHearing[] {
    const nothing: ChannelHearing = { ownAt: null, othersAt: null };
    const of = (method: DiscoveryHearing['method'], heard: (channel: string) => ChannelHearing | undefined) =>
      (method === 'multicast' ? this.#multicast : this.#mdns)?.channels().map((slot) => ({ method, ...slot, ...(heard(slot.channel.name) ?? nothing) })) ?? [];
    return [...of('multicast', (name) => this.#machine.hearing(name)), ...of('mdns', (name) => this.#mdns?.get(name)?.hearing)];
  }

  networksChanged(): void {
    if (!this.#closing && this.#look) this.#lookAround();
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    if (this.#look) clearInterval(this.#look);
    this.#step({ type: 'stop' });
    if (this.#wake) clearTimeout(this.#wake);
    await Promise.all([this.#multicast?.close(), this.#mdns?.close()]);
  }

  #openMulticast(): ChannelSet<BeaconChannel> {
    const port = this.#options.beaconPort;
    const opened = openMulticast({
      ...(port === undefined ? {} : { port }),
      onPacket: (channel, from, data) => this.#step({ type: 'packet', channel: channel.name, from, data }),
      onUp: (channel) => this.#step({ type: 'channel-up', channel: channel.name, ip: channel.address }),
      onDown: (channel) => this.#step({ type: 'channel-down', channel: channel.name }),
      onState: () => this.#changed(),
    });
    opened.update(this.#channels);
    return opened;
  }

  /** Says goodbye on the channels while they are still open. */
  async #endMulticast(multicast: ChannelSet<BeaconChannel>): Promise<void> {
    if (this.#visible) this.#setMachineVisible(false);
    this.#multicast = null;
    await multicast.close();
    if (this.#visible) this.#setMachineVisible(true);
  }

  #openMdns(): ChannelSet<MdnsChannel> {
    const { port, nonce, random, now, onHint, onGoodbye } = this.#options;
    const opened = openMdns({
      port, nonce, random, now, onGoodbye,
      visible: () => this.#visible,
      onHint: (address, theirs, tag) => onHint({ address, source: 'mdns', nonce: theirs, tag }),
      onState: () => this.#changed(),
    });
    opened.update(this.#channels);
    return opened;
  }

  #setVisible(visible: boolean): void {
    this.#visible = visible;
    this.#setMachineVisible(visible);
    this.#eachMdns((channel) => channel.setVisible(visible));
  }

  #setMachineVisible(visible: boolean): void {
    this.#step({ type: 'visible', visible });
  }

  #eachMdns(act: (channel: MdnsChannel) => void): void {
    for (const { name } of this.#channels) {
      const channel = this.#mdns?.get(name);
      if (channel) act(channel);
    }
  }

  /** Gives whether anything is different from the last time. */
  #listChannels(): boolean {
    const all = (this.#options.channels ?? listChannels)();
    const silent = this.#options.silent?.() ?? new Set();
    this.#channels = all.filter(({ network }) => !silent.has(network));
    const before = this.#seen;
    this.#seen = all.map(({ name, addresses, network }) => `${name} ${addresses.toSorted().join(' ')} ${silent.has(network)}`).sort().join('\n');
    return this.#seen !== before;
  }

  /** Follows interfaces as they come and go, retries what failed, and notices that the machine slept. */
  #lookAround(): void {
    const now = this.#options.now();
    const slept = now - this.#lookedAt > lookMs + sleptMs;
    this.#lookedAt = now;
    const changed = this.#listChannels();
    this.#multicast?.update(this.#channels);
    this.#mdns?.update(this.#channels);
    this.#changed();
    if (!slept && !changed) return;
    this.announceNow();
    this.#options.onNetworkChange?.();
  }

  #step(event: BeaconEvent): void {
    const now = this.#options.now();
    this.#machine.step(now, event, this.#sink);
    if (this.#wake) clearTimeout(this.#wake);
    const wakeAt = this.#closing ? null : this.#machine.nextWake();
    this.#wake = wakeAt === null ? null : setTimeout(() => this.#step({ type: 'tick' }), Math.max(0, wakeAt - now));
    this.#wake?.unref();
  }

  #changed(): void {
    const told = JSON.stringify([this.state(), this.problems()]);
    if (told === this.#told) return;
    this.#told = told;
    this.#options.onStateChange?.();
  }
}
