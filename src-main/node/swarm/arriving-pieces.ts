import type { DeviceId } from '#shared/ids.ts';
import type { Bytes } from '#shared/units.ts';
import type { SwarmEvent } from '../../core/swarm/events.ts';
import type { FileNumber, PeerNumber } from '../../core/swarm/numbers.ts';
import { Attempt } from './attempt.ts';
import { BufferPool } from './buffer-pool.ts';
import type { Conduct } from './conduct.ts';
import { Suspects } from './suspects.ts';
import type { FileListener } from './swarm-ports.ts';

/** What the driver of the swarm knows. */
export interface ArrivingPiecesPorts {
  step(event: Extract<SwarmEvent, { type: 'piece-written' | 'piece-corrupt' | 'piece-unwritten' | 'peer-blamed' }>): void;
  idOf(peer: PeerNumber): DeviceId | undefined;
  numberOf(id: DeviceId): PeerNumber | undefined;
  listenerOf(file: FileNumber): FileListener | undefined;
  isReadSoon(file: FileNumber): boolean;
}

/** The buffers of pieces on their way: who filled them, what the disk says of them, and who is to blame when they are wrong. */
export class ArrivingPieces {
  readonly #pool: BufferPool;
  readonly #conduct: Conduct;
  readonly #ports: ArrivingPiecesPorts;
  readonly #attempts = new Map<number, Attempt>();
  readonly #suspects = new Suspects();

  constructor(budgetBytes: Bytes, conduct: Conduct, ports: ArrivingPiecesPorts) {
    this.#pool = new BufferPool(budgetBytes);
    this.#conduct = conduct;
    this.#ports = ports;
  }

  get(fetch: number): Attempt | undefined {
    return this.#attempts.get(fetch);
  }

  started(fetch: number, bytes: Bytes, peer: PeerNumber): void {
    const from = this.#ports.idOf(peer);
    if (from !== undefined) this.#attempts.set(fetch, new Attempt(this.#pool, bytes, from));
  }

  paused(fetch: number, bytes: Bytes): void {
    this.#attempts.get(fetch)?.paused(bytes);
  }

  resumed(fetch: number, peer: PeerNumber): void {
    const from = this.#ports.idOf(peer);
    if (from !== undefined) this.#attempts.get(fetch)?.resumed(from);
  }

  ended(fetch: number): void {
    this.#attempts.get(fetch)?.end();
    this.#attempts.delete(fetch);
  }

  /** All bytes of a piece are here: it is verified and written. */
  complete(fetch: number, file: FileNumber, piece: number, bytes: Bytes, peer: PeerNumber): void {
    const ports = this.#ports;
    const attempt = this.#attempts.get(fetch);
    const listener = ports.listenerOf(file);
    const from = ports.idOf(peer);
    if (attempt === undefined || listener === undefined) {
      queueMicrotask(() => { ports.step({ type: 'piece-unwritten', file, piece, fetch }); });
      return;
    }
    if (attempt.brokenBy !== null) {
      queueMicrotask(() => { this.#wrong(fetch, file, piece, peer, attempt); });
      return;
    }
    void listener.write(piece, attempt.data, attempt.pieceHash, ports.isReadSoon(file), attempt.giver).then((outcome) => {
      switch (outcome.kind) {
        case 'written':
          if (from !== undefined) listener.pieceWritten(piece, bytes, from);
          for (const id of this.#suspects.judge(file, piece, attempt.data)) this.#blame(id, file, piece);
          return ports.step({ type: 'piece-written', file, piece, fetch });
        case 'corrupt':
          return this.#wrong(fetch, file, piece, peer, attempt);
        case 'error':
          ports.step({ type: 'piece-unwritten', file, piece, fetch });
          return listener.diskFailed(outcome.error);
      }
    });
  }

  /** Holds a wrong piece against a device, with the evidence. */
  noteWrong(id: DeviceId, file: FileNumber, piece: number): void {
    const listener = this.#ports.listenerOf(file);
    if (listener === undefined) return;
    this.#conduct.note(id, { ...listener.about(piece), piece });
    listener.corrupt(piece, id);
  }

  /** Whoever sent all of a wrong piece is to blame, whether or not its link is up; if there were several, that shows when the piece is right. */
  #wrong(fetch: number, file: FileNumber, piece: number, peer: PeerNumber, attempt: Attempt): void {
    const { culprit } = attempt;
    if (culprit === null) this.#suspects.note(file, piece, attempt);
    const isPeer = culprit !== null && culprit === this.#ports.idOf(peer);
    this.#ports.step({ type: 'piece-corrupt', file, piece, fetch, several: !isPeer });
    if (culprit !== null && !isPeer) this.#blame(culprit, file, piece);
  }

  #blame(id: DeviceId, file: FileNumber, piece: number): void {
    const peer = this.#ports.numberOf(id);
    if (peer === undefined) this.noteWrong(id, file, piece);
    else this.#ports.step({ type: 'peer-blamed', peer, file, piece });
  }
}
