import { createHash, randomBytes } from 'node:crypto';
import { AppError } from '#shared/errors.ts';
import type { DeviceId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { Pairing } from '#shared/model/peer.ts';
import { second, type Millis, type Timestamp } from '#shared/units.ts';
import { Allowances } from '../../core/rate/allowances.ts';
import type { Link } from '../ports/links.ts';

const exporterLabel = 'EXPORTER-distrishare-pairing';
const exporterBytes = 32;

interface Running {
  readonly link: Link;
  readonly nonce: Buffer;
  readonly commitment: string;
  /** Until when it may take, by `elapsed`. */
  readonly until: Millis;
  timer: NodeJS.Timeout | undefined;
  theirCommitment: string | null;
  view: Pairing;
  ourAnswer: boolean | null;
  theirAnswer: boolean | null;
}

export interface PairingPorts {
  readonly ownId: DeviceId;
  readonly now: () => Timestamp;
  /** A code is good for so long, whoever sets the clock. */
  readonly elapsed: () => Millis;
  readonly onChange: (pairing: Pairing) => void;
  /** Both people said that the codes are the same. */
  readonly onPaired: (id: DeviceId) => Promise<void>;
}

const commit = (nonce: Uint8Array): string => createHash('sha256').update('distrishare-pairing').update(nonce).digest('hex');

/**
 * Comparison of codes, commit-then-reveal: both sides commit to a nonce before either shows its own, so that nobody in
 * the middle can choose a nonce that makes two different links show one code. The code also covers both device ids and
 * the link's own key material. One comparison with a device at a time; each code serves once.
 */
export class PairingService {
  readonly #ports: PairingPorts;
  readonly #running = new Map<DeviceId, Running>();
  /** So that codes cannot be tried until one fits. */
  readonly #tries = new Allowances(limits.pairing.tries / (limits.pairing.expiresMs / second), limits.pairing.tries, limits.pairing.devices);

  constructor(ports: PairingPorts) {
    this.#ports = ports;
  }

  list(): Pairing[] {
    this.#expire();
    return [...this.#running.values()].map(({ view }) => view);
  }

  async start(link: Link): Promise<Pairing> {
    const running = this.#begin(link, true);
    try {
      running.theirCommitment = (await link.request('pairCommit', { commitment: running.commitment })).commitment;
      const { nonce } = await link.request('pairReveal', { nonce: running.nonce.toString('hex') });
      if (this.#running.get(link.remote.id) !== running) throw new AppError('cancelled');
      this.#reveal(running, nonce);
    } catch (error) {
      this.#end(running, 'failed');
      throw error;
    }
    return running.view;
  }

  /** Their commitment came first: answer with ours. */
  committed(link: Link, commitment: string): { commitment: string } {
    const running = this.#begin(link, false);
    running.theirCommitment = commitment;
    return { commitment: running.commitment };
  }

  /** Their nonce came: if it is what they committed to, show ours. */
  revealed(link: Link, nonce: string): { nonce: string } {
    const running = this.#of(link);
    if (running.view.startedByUs || running.view.state !== 'exchanging') throw new AppError('protocol-error', { name: link.remote.name });
    this.#reveal(running, nonce);
    return { nonce: running.nonce.toString('hex') };
  }

  /** No ends it at any time, also who has said yes and does not want to wait for the other person. */
  async answer(link: Link, same: boolean): Promise<Pairing> {
    const running = this.#of(link);
    if (same && running.view.state !== 'compare') throw new AppError('refused', { name: link.remote.name });
    running.ourAnswer = same;
    link.notify({ kind: 'pair-answer', same });
    await this.#settle(running);
    return running.view;
  }

  async answered(link: Link, same: boolean): Promise<void> {
    this.#expire();
    const running = this.#running.get(link.remote.id);
    if (running === undefined || running.link !== link || (same && running.view.code === null)) return;
    running.theirAnswer = same;
    await this.#settle(running);
  }

  linkDown(link: Link): void {
    const running = this.#running.get(link.remote.id);
    if (running !== undefined && running.link === link) this.#end(running, 'failed');
  }

  #begin(link: Link, startedByUs: boolean): Running {
    this.#expire();
    const id = link.remote.id;
    const elapsed = this.#ports.elapsed();
    if (this.#running.has(id)) throw new AppError('too-many', { name: link.remote.name });
    if (this.#tries.take(elapsed, id, 1) > 0) throw new AppError('rate-limited', { name: link.remote.name });
    const nonce = randomBytes(32);
    const running: Running = {
      link, nonce, commitment: commit(nonce), until: elapsed + limits.pairing.expiresMs, timer: undefined, theirCommitment: null, ourAnswer: null, theirAnswer: null,
      view: { peer: id, state: 'exchanging', code: null, startedByUs, expiresAt: this.#ports.now() + limits.pairing.expiresMs },
    };
    this.#running.set(id, running);
    this.#wake(running);
    return running;
  }

  #of(link: Link): Running {
    this.#expire();
    const running = this.#running.get(link.remote.id);
    if (running === undefined || running.link !== link) throw new AppError('timeout', { name: link.remote.name });
    return running;
  }

  #reveal(running: Running, theirNonce: string): void {
    const theirs = Buffer.from(theirNonce, 'hex');
    if (running.theirCommitment === null || commit(theirs) !== running.theirCommitment) {
      this.#end(running, 'failed');
      throw new AppError('identity-changed', { name: running.link.remote.name });
    }
    this.#show(running, { ...running.view, state: 'compare', code: this.#code(running, theirs) });
  }

  /** Six digits from what both ends know, in an order both ends agree on. */
  #code({ link, nonce }: Running, theirs: Buffer): string {
    const sides = [{ id: this.#ports.ownId, nonce }, { id: link.remote.id, nonce: theirs }].toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const hash = createHash('sha256').update('distrishare-code').update(link.exportKey(exporterLabel, exporterBytes));
    for (const side of sides) hash.update(side.id).update(side.nonce);
    const digits = (hash.digest().readUIntBE(0, 6) % 1_000_000).toString().padStart(6, '0');
    return `${digits.slice(0, 3)} ${digits.slice(3)}`;
  }

  async #settle(running: Running): Promise<void> {
    if (running.ourAnswer === false || running.theirAnswer === false) return this.#end(running, 'failed');
    if (running.ourAnswer === null) return;
    if (running.theirAnswer === null) return this.#show(running, { ...running.view, state: 'waiting-for-them' });
    await this.#ports.onPaired(running.link.remote.id);
    this.#end(running, 'done');
  }

  #show(running: Running, view: Pairing): void {
    running.view = view;
    this.#ports.onChange(view);
  }

  #end(running: Running, state: 'done' | 'failed'): void {
    const id = running.link.remote.id;
    if (this.#running.get(id) !== running) return;
    this.#running.delete(id);
    clearTimeout(running.timer);
    this.#show(running, { ...running.view, state });
  }

  /** Whoever looks at it learns that its time is over. Timers and `elapsed` differ while a computer sleeps. */
  #wake(running: Running): void {
    running.timer = setTimeout(() => {
      this.#expire();
      if (this.#running.get(running.link.remote.id) === running) this.#wake(running);
    }, Math.max(1, running.until - this.#ports.elapsed())).unref();
  }

  #expire(): void {
    const elapsed = this.#ports.elapsed();
    for (const running of this.#running.values()) if (running.until <= elapsed) this.#end(running, 'failed');
  }
}
