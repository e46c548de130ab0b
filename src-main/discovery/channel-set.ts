import { AppError, type ErrorInfo } from '#shared/errors.ts';
import type { NetworkChannel } from './channels.ts';

export interface OpenChannel {
  close(): Promise<void>;
}

type Slot<T extends OpenChannel> =
  /** `reason`: why it failed the last time. */
  | { readonly state: 'opening'; readonly channel: NetworkChannel; readonly work: Promise<void>; readonly reason: ErrorInfo | null }
  | { readonly state: 'open'; readonly channel: NetworkChannel; readonly opened: T }
  | { readonly state: 'failed'; readonly channel: NetworkChannel; readonly reason: ErrorInfo };

export interface ChannelSetOptions<T extends OpenChannel> {
  readonly open: (channel: NetworkChannel, onBroken: (error: Error) => void) => Promise<T>;
  readonly onUp: (channel: NetworkChannel, opened: T) => void;
  readonly onDown: (channel: NetworkChannel) => void;
  /** `state()` may have changed. */
  readonly onState: () => void;
  /** UDP port, named in errors. */
  readonly port: number;
}

/** Why a channel cannot be used, as users read it. */
function channelError(error: Error & { code?: string }, channel: NetworkChannel, port: number): ErrorInfo {
  if (error.code === 'EADDRINUSE') return new AppError('port-taken', { port }).toInfo();
  if (error.code === 'EACCES' || error.code === 'EPERM') return new AppError('no-permission', { path: `UDP ${port}` }).toInfo();
  return new AppError('not-reachable', { address: `${channel.name} (${error.code ?? error.message})` }).toInfo();
}

/**
 * Keeps something open on every channel there is, as channels come and go. What fails is tried again at the next
 * `update`; a channel that breaks while it is open counts as failed. Every channel's slot is in exactly one state.
 */
export class ChannelSet<T extends OpenChannel> {
  readonly #options: ChannelSetOptions<T>;
  readonly #slots = new Map<string, Slot<T>>();
  readonly #closing = new Set<Promise<void>>();
  #closed = false;

  constructor(options: ChannelSetOptions<T>) {
    this.#options = options;
  }

  /** Opens what is new or failed before, closes what is gone or has another address. */
  update(channels: readonly NetworkChannel[]): void {
    if (this.#closed) return;
    const present = new Map(channels.map((channel) => [channel.name, channel]));
    for (const [name, slot] of this.#slots) if (present.get(name)?.address !== slot.channel.address) this.#drop(name);
    for (const channel of channels) {
      const slot = this.#slots.get(channel.name);
      if (slot === undefined || slot.state === 'failed') this.#open(channel, slot?.reason ?? null);
    }
  }

  get(name: string): T | undefined {
    const slot = this.#slots.get(name);
    return slot?.state === 'open' ? slot.opened : undefined;
  }

  /** Every channel and how it stands; one that failed is `opening` only the first time. */
  channels(): { readonly channel: NetworkChannel; readonly state: 'open' | 'opening' | 'failed'; readonly reason: ErrorInfo | null }[] {
    return [...this.#slots.values()].map((slot) => {
      const reason = slot.state === 'open' ? null : slot.reason;
      return { channel: slot.channel, state: slot.state === 'opening' && reason !== null ? 'failed' : slot.state, reason };
    });
  }

  /** `failed` when no channel works and none is being tried for the first time. */
  state(): 'on' | 'failed' {
    const slots = [...this.#slots.values()];
    return slots.some((slot) => slot.state === 'open' || (slot.state === 'opening' && slot.reason === null)) ? 'on' : 'failed';
  }

  /** Why it does not work, each reason once. While some channels work, only what a user can mend: many tunnels know no multicast. */
  problems(): readonly ErrorInfo[] {
    if (this.#slots.size === 0) return [new AppError('not-reachable', { address: 'network' }).toInfo()];
    const works = this.state() === 'on';
    const reasons = [...this.#slots.values()].flatMap((slot) => (slot.state !== 'open' && slot.reason ? [slot.reason] : []));
    const telling = reasons.filter((reason) => !works || reason.code !== 'not-reachable');
    return [...new Map(telling.map((reason) => [JSON.stringify(reason), reason])).values()];
  }

  /** Waits for openings under way: all channels known now are open or failed. */
  async settled(): Promise<void> {
    await Promise.all([...this.#slots.values()].flatMap((slot) => (slot.state === 'opening' ? [slot.work] : [])));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.settled();
    for (const name of [...this.#slots.keys()]) this.#drop(name);
    await Promise.all(this.#closing);
  }

  #open(channel: NetworkChannel, reason: ErrorInfo | null): void {
    const work = this.#options.open(channel, (error) => this.#broken(channel, error)).then(
      (opened) => this.#opened(channel, opened),
      (error: unknown) => this.#failed(channel, error instanceof Error ? error : new Error(String(error))),
    );
    this.#slots.set(channel.name, { state: 'opening', channel, work, reason });
  }

  #opened(channel: NetworkChannel, opened: T): void {
    const slot = this.#slots.get(channel.name);
    if (this.#closed || slot?.state !== 'opening' || slot.channel !== channel) return this.#end(opened);
    this.#slots.set(channel.name, { state: 'open', channel, opened });
    this.#options.onUp(channel, opened);
    this.#options.onState();
  }

  #failed(channel: NetworkChannel, error: Error): void {
    if (this.#slots.get(channel.name)?.channel !== channel) return;
    this.#slots.set(channel.name, { state: 'failed', channel, reason: channelError(error, channel, this.#options.port) });
    this.#options.onState();
  }

  #broken(channel: NetworkChannel, error: Error): void {
    const slot = this.#slots.get(channel.name);
    if (slot?.state !== 'open' || slot.channel !== channel) return;
    this.#drop(channel.name);
    this.#slots.set(channel.name, { state: 'failed', channel, reason: channelError(error, channel, this.#options.port) });
    this.#options.onState();
  }

  #drop(name: string): void {
    const slot = this.#slots.get(name);
    this.#slots.delete(name);
    if (slot?.state !== 'open') return;
    this.#options.onDown(slot.channel);
    this.#end(slot.opened);
  }

  #end(opened: T): void {
    const work: Promise<void> = opened.close().finally(() => this.#closing.delete(work));
    this.#closing.add(work);
  }
}
