import { formatAddress, type SocketAddress } from '#shared/address.ts';
import { limits } from '#shared/limits.ts';
import type { PortMapping } from '#shared/model/port-mapping.ts';
import { second } from '#shared/units.ts';
import type { Timestamp } from '#shared/units.ts';
import { MappingMachine, type MappingEvent, type MappingSink, type Refusal } from '../../core/port-mapping/mapping-machine.ts';
import { contains, subnets } from '../host.ts';
import { isOverlayHost } from '../networks.ts';
import type { AskOptions, Mapping, Outcome } from './mapping.ts';
import type { Router } from './routers.ts';

/** How long the end of a mapping may hold up ours. */
const releaseMs = 1 * second;
/** Networks come and go in several steps. */
const settleMs = 1 * second;

/** Outside addresses of a router that is itself behind another one; those of carriers count as overlays. */
const inner = subnets('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', '127.0.0.0/8');

/** How routers are found and asked; loaded when somebody needs it. */
export interface MappingWays {
  routers(unused: readonly string[]): Promise<readonly Router[]>;
  /** In the order in which they are tried. Neither rejects. */
  readonly methods: readonly ((router: Router, options: AskOptions) => Promise<Outcome>)[];
  end(mapping: Mapping, port: number, signal: AbortSignal): Promise<void>;
}

export interface PortMapperPorts {
  readonly now: () => Timestamp;
  /** Where links are taken. */
  readonly port: number;
  /** The only address of ours that links are taken at; null: all. */
  readonly onlyHost: string | null;
  readonly unused: () => readonly string[];
  readonly ways: () => Promise<MappingWays>;
  /** Where others dial us from outside may be another address now. */
  readonly onAddress: () => void;
}

type Sink = MappingSink<Mapping>;

/** Keeps a port of the router open that leads to ours, as long as somebody outside may look for us. */
export class PortMapper {
  readonly #ports: PortMapperPorts;
  readonly #machine = new MappingMachine<Mapping>();
  readonly #closing = new AbortController();
  readonly #work = new Set<Promise<void>>();
  readonly #waiting = new Set<() => void>();
  #isOn = true;
  /** Ends what the routers of before are asked. */
  #asking = new AbortController();
  #routers: readonly Router[] = [];
  #address: string | null = null;
  #timer: NodeJS.Timeout | null = null;
  #settling: NodeJS.Timeout | null = null;
  #isLooking = false;
  #looksAgain = false;
  readonly #sink: Sink = {
    ask: (attempt, lease) => { this.#run(this.#ask(attempt, lease)); },
    release: (lease) => { this.#run(this.#release(lease)); },
    changed: () => undefined,
  };

  constructor(ports: PortMapperPorts) {
    this.#ports = ports;
  }

  /** `isOn`: the user wants it. `isNeeded`: there is somebody who would dial from outside. */
  set({ isOn, isNeeded }: { readonly isOn: boolean; readonly isNeeded: boolean }): void {
    this.#isOn = isOn;
    const wanted = isOn && isNeeded;
    if (wanted === this.#machine.isWanted) return;
    if (wanted) this.#look();
    this.#step({ type: 'wanted', wanted });
  }

  /** Networks have changed: another router may be there, or none. */
  networksChanged(): void {
    if (!this.#machine.isWanted || this.#closing.signal.aborted) return;
    this.#settling ??= setTimeout(() => {
      this.#settling = null;
      this.#look();
    }, settleMs).unref();
  }

  /** Where devices elsewhere dial us; null while no router forwards anything. */
  get address(): SocketAddress | null {
    const { state } = this.#machine;
    return state.kind === 'mapped' ? { host: state.lease.host, port: state.lease.outsidePort } : null;
  }

  get state(): PortMapping {
    const { state, isWanted, hasRouter } = this.#machine;
    if (!this.#isOn) return { state: 'off' };
    if (!isWanted) return { state: 'unneeded' };
    if (state.kind === 'mapped') {
      const { method, router, host, outsidePort } = state.lease;
      return { state: 'mapped', method, router: router.host, network: router.network, address: formatAddress({ host, port: outsidePort }), isPublic: !contains(inner, host) && !isOverlayHost(host), until: state.until };
    }
    if (state.kind === 'waiting') {
      const { kind, router, reason } = state.refusal;
      return kind === 'none' ? { state: 'none', router, nextAt: state.nextAt } : { state: 'failed', router, reason, nextAt: state.nextAt };
    }
    return { state: hasRouter || this.#isLooking ? 'asking' : 'no-router' };
  }

  /** How it stands after the routers were asked, again if they refused. Resolves early when the signal fires. */
  async check(signal: AbortSignal): Promise<PortMapping> {
    this.#step({ type: 'retry' });
    while (this.state.state === 'asking' && !signal.aborted && !this.#closing.signal.aborted) {
      await new Promise<void>((resolve) => {
        const finish = (): void => {
          this.#waiting.delete(finish);
          signal.removeEventListener('abort', finish);
          resolve();
        };
        this.#waiting.add(finish);
        signal.addEventListener('abort', finish, { once: true });
      });
    }
    return this.state;
  }

  /** Gives the port up, and ends. */
  async close(): Promise<void> {
    this.#step({ type: 'wanted', wanted: false });
    this.#closing.abort();
    this.#asking.abort();
    for (const timer of [this.#timer, this.#settling]) if (timer !== null) clearTimeout(timer);
    this.#wake();
    while (this.#work.size > 0) await Promise.all(this.#work);
  }

  #step(event: MappingEvent<Mapping>): void {
    if (this.#closing.signal.aborted && event.type !== 'granted') return;
    this.#machine.step(this.#ports.now(), event, this.#sink);
    if (this.#timer !== null) clearTimeout(this.#timer);
    const { nextWake } = this.#machine;
    this.#timer = nextWake === null || this.#closing.signal.aborted ? null : setTimeout(() => { this.#step({ type: 'tick' }); }, Math.max(0, nextWake - this.#ports.now())).unref();
    const address = this.address === null ? null : formatAddress(this.address);
    if (address !== this.#address) {
      this.#address = address;
      this.#ports.onAddress();
    }
    this.#wake();
  }

  #wake(): void {
    for (const finish of [...this.#waiting]) finish();
  }

  /** Work that `close` waits for. Rejects never. */
  #run(work: Promise<void>): void {
    const tracked = work.finally(() => { this.#work.delete(tracked); });
    this.#work.add(tracked);
  }

  #look(): void {
    if (this.#isLooking) this.#looksAgain = true;
    else this.#run(this.#readRouters());
  }

  async #readRouters(): Promise<void> {
    const { ways, unused, onlyHost } = this.#ports;
    this.#isLooking = true;
    let routers: readonly Router[];
    do {
      this.#looksAgain = false;
      routers = await ways().then((loaded) => loaded.routers(unused())).catch(() => []);
    } while (this.#looksAgain);
    this.#isLooking = false;
    const usable = routers.filter(({ localHost }) => onlyHost === null || localHost === onlyHost).slice(0, limits.portMapping.routers);
    const key = usable.length === 0 ? null : JSON.stringify(usable);
    if (key !== JSON.stringify(this.#routers)) {
      this.#asking.abort();
      this.#asking = new AbortController();
      this.#routers = usable;
    }
    this.#step({ type: 'routers', key });
  }

  /** Every router in every way, until one grants it. */
  async #ask(attempt: number, before: Mapping | null): Promise<void> {
    const { signal } = this.#asking;
    const { methods } = await this.#ports.ways();
    let refusal: Refusal = { kind: 'none', router: this.#routers[0]?.host ?? '', reason: '' };
    for (const router of this.#routers) {
      for (const ask of methods) {
        const outcome = await ask(router, { port: this.#ports.port, before: before?.router.host === router.host ? before : null, signal });
        if (outcome.kind === 'granted') return this.#step({ type: 'granted', attempt, lease: outcome.mapping });
        if (outcome.kind === 'refused' && refusal.kind === 'none') refusal = { kind: 'failed', router: router.host, reason: outcome.reason };
      }
    }
    this.#step({ type: 'refused', attempt, refusal });
  }

  async #release(mapping: Mapping): Promise<void> {
    const { end } = await this.#ports.ways();
    await end(mapping, this.#ports.port, AbortSignal.timeout(releaseMs));
  }
}
