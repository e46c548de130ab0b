import * as z from 'zod';
import type { DeviceId } from '#shared/ids.ts';
import { isDeviceId } from '#shared/ids.ts';
import { timestampSchema } from '#shared/model/ids.ts';
import { badPieceSchema, type BadPiece, type BadPieces } from '#shared/model/peer.ts';
import { hour } from '#shared/units.ts';
import type { Millis, Timestamp } from '#shared/units.ts';
import { strikesToBan } from '../../core/swarm/peer-state.ts';
import { jsonTable, type Row } from '../../disk/store/store.ts';

/** After its last wrong piece a device starts afresh. */
const rememberedMs = 1 * hour;
const latestKept = 8;
/** Whoever makes itself new identities must not fill the memory; who was caught longest ago goes first. */
const devicesKept = 1024;

/** What outlives a restart: whoever was banned stays so until its time is over. */
const heldRecordSchema = z.object({
  count: z.int().positive(),
  until: timestampSchema,
  latest: z.array(badPieceSchema).max(latestKept),
});
export type HeldRecord = z.infer<typeof heldRecordSchema>;

/** By device id. */
export const conductTable = jsonTable('conduct', heldRecordSchema);

interface Held {
  readonly record: HeldRecord;
  /** When its time is over, by `elapsed`: setting the clock on the wall forgives nobody. */
  readonly endsAt: Millis;
}

export interface ConductPorts {
  readonly now: () => Timestamp;
  readonly elapsed: () => Millis;
  readonly onChange: (id: DeviceId) => void;
  /** Keeps what is held against a device for the next start; null: nothing any more. */
  readonly save: (id: DeviceId, held: HeldRecord | null) => void;
}

/** Which devices sent wrong pieces, with the evidence, and which of them are banned for it. */
export class Conduct {
  readonly #ports: ConductPorts;
  /** Longest without a wrong piece first. */
  readonly #held = new Map<DeviceId, Held>();

  /** `kept`: what the last run saved. */
  constructor(ports: ConductPorts, kept: readonly Row<HeldRecord>[] = []) {
    this.#ports = ports;
    // A clock that was wrong when it was saved must not ban anybody for longer.
    const [now, elapsed] = [ports.now(), ports.elapsed()];
    for (const [id, held] of kept.toSorted(([, a], [, b]) => a.until - b.until)) {
      const leftMs = Math.min(held.until - now, rememberedMs);
      if (isDeviceId(id)) this.#held.set(id, { record: { ...held, until: now + leftMs }, endsAt: elapsed + leftMs });
    }
    this.#keepFew();
  }

  note(id: DeviceId, piece: Omit<BadPiece, 'at'>): void {
    const at = this.#ports.now();
    const before = this.#of(id);
    const record: HeldRecord = { count: (before?.count ?? 0) + 1, until: at + rememberedMs, latest: [...(before?.latest ?? []), { ...piece, at }].slice(-latestKept) };
    this.#held.delete(id);
    this.#held.set(id, { record, endsAt: this.#ports.elapsed() + rememberedMs });
    this.#ports.save(id, record);
    this.#keepFew();
    this.#ports.onChange(id);
  }

  strikes(id: DeviceId): number {
    return this.#of(id)?.count ?? 0;
  }

  isBanned(id: DeviceId): boolean {
    return this.strikes(id) >= strikesToBan;
  }

  of(id: DeviceId): BadPieces | undefined {
    const held = this.#of(id);
    return held === undefined ? undefined : { count: held.count, banned: held.count >= strikesToBan, until: held.until, latest: [...held.latest] };
  }

  /** Nothing is held against it any more. */
  forgive(id: DeviceId): void {
    if (!this.#held.delete(id)) return;
    this.#ports.save(id, null);
    this.#ports.onChange(id);
  }

  /** Forgives whose time is over, and names them. */
  forgiveInTime(): DeviceId[] {
    const elapsed = this.#ports.elapsed();
    const over = [...this.#held].filter(([, { endsAt }]) => endsAt <= elapsed).map(([id]) => id);
    for (const id of over) this.forgive(id);
    return over;
  }

  #of(id: DeviceId): HeldRecord | undefined {
    const held = this.#held.get(id);
    return held === undefined || held.endsAt <= this.#ports.elapsed() ? undefined : held.record;
  }

  #keepFew(): void {
    for (const oldest of this.#held.keys()) {
      if (this.#held.size <= devicesKept) return;
      this.#held.delete(oldest);
      this.#ports.save(oldest, null);
    }
  }
}
