import { randomBytes } from 'node:crypto';
import { createDiscovery, type Discovery, type DiscoveryOptions, type Hint } from '#main/discovery/discovery.ts';
import { listChannels, type NetworkChannel } from '#main/discovery/channels.ts';

export const loopback = (): NetworkChannel[] => listChannels().filter((channel) => channel.isOnLink('127.0.0.1'));

/** A discovery that notes what it finds and lets a test wait for it. */
export class Discovered {
  readonly nonce = randomBytes(8).toString('hex');
  readonly port: number;
  readonly hints: Hint[] = [];
  readonly goodbyes: string[] = [];
  networkChanges = 0;
  readonly discovery: Discovery;
  readonly #waiting = new Set<() => void>();

  constructor(port: number, options: Partial<DiscoveryOptions> = {}) {
    this.port = port;
    this.discovery = createDiscovery({
      port,
      nonce: this.nonce,
      multicast: true,
      mdns: true,
      visible: true,
      onHint: (hint) => { this.hints.push(hint); this.#look(); },
      onGoodbye: (_address, nonce) => { this.goodbyes.push(nonce); this.#look(); },
      onNetworkChange: () => { this.networkChanges++; this.#look(); },
      onStateChange: () => this.#look(),
      random: Math.random,
      now: Date.now,
      channels: loopback,
      ...options,
    });
  }

  /** The first hint about another, as soon as there is one. */
  async finds(other: { readonly nonce: string }, source?: Hint['source']): Promise<Hint> {
    const matching = (): Hint | undefined => this.hints.find((hint) => hint.nonce === other.nonce && (source === undefined || hint.source === source));
    await this.until(() => matching() !== undefined);
    const hint = matching();
    if (!hint) throw new Error('lost a hint');
    return hint;
  }

  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  #look(): void {
    for (const look of [...this.#waiting]) look();
  }
}
