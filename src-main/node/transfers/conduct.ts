import type { DeviceId } from '#shared/ids.ts';
import type { BadPiece, BadPieces } from '#shared/model/peer.ts';
import { hour } from '#shared/units.ts';
import type { Timestamp } from '#shared/units.ts';
import { strikesToBan } from '../../core/swarm/peer-state.ts';

/** After its last wrong piece a device starts afresh. */
const rememberedMs = 1 * hour;
const latestKept = 8;
/** Whoever makes itself new identities must not fill the memory; who was caught longest ago goes first. */
const devicesKept = 1024;

interface Held {
  count: number;
  until: Timestamp;
  readonly latest: BadPiece[];
}

/** Which devices sent wrong pieces, with the evidence, and which of them are banned for it. Kept while the node runs. */
export class Conduct {
  readonly #now: () => Timestamp;
  readonly #onChange: (id: DeviceId) => void;
  readonly #held = new Map<DeviceId, Held>();

  constructor(now: () => Timestamp, onChange: (id: DeviceId) => void) {
    this.#now = now;
    this.#onChange = onChange;
  }

  note(id: DeviceId, piece: Omit<BadPiece, 'at'>): void {
    const at = this.#now();
    const held = this.#of(id) ?? { count: 0, until: at, latest: [] };
    held.count++;
    held.until = at + rememberedMs;
    held.latest.push({ ...piece, at });
    if (held.latest.length > latestKept) held.latest.shift();
    this.#held.delete(id);
    this.#held.set(id, held);
    for (const oldest of this.#held.keys()) {
      if (this.#held.size <= devicesKept) break;
      this.#held.delete(oldest);
    }
    this.#onChange(id);
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

  /** Forgets whose time is over, and names them. */
  forgive(): DeviceId[] {
    const now = this.#now();
    const over = [...this.#held].filter(([, { until }]) => until <= now).map(([id]) => id);
    for (const id of over) {
      this.#held.delete(id);
      this.#onChange(id);
    }
    return over;
  }

  #of(id: DeviceId): Held | undefined {
    const held = this.#held.get(id);
    return held === undefined || held.until <= this.#now() ? undefined : held;
  }
}
