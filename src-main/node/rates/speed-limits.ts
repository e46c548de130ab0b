import type { DeviceId } from '#shared/ids.ts';
import type { Direction, LimitCause, PeerLimits, RateLimit, SpeedState } from '#shared/model/limit.ts';
import type { Settings } from '#shared/settings.ts';
import type { SwarmDriver } from '../swarm/swarm-driver.ts';
import type { AlternativeSchedule } from './alternative-schedule.ts';
import type { PingProtection } from './ping-protection.ts';

export interface SpeedLimitsPorts {
  readonly settings: () => Settings;
  readonly limitsOf: (id: DeviceId) => PeerLimits;
  readonly swarm: Pick<SwarmDriver, 'setLimit' | 'limitOn'>;
  readonly schedule: Pick<AlternativeSchedule, 'follow' | 'isTime'>;
  readonly ping: Pick<PingProtection, 'setBudget' | 'cap' | 'queueMs'>;
}

const rateOf = (limit: RateLimit): number | null => (limit === 'off' ? null : limit);

/** Gives the swarm the limits that hold now, and knows which of them holds back a transfer. */
export class SpeedLimits {
  readonly #ports: SpeedLimitsPorts;

  constructor(ports: SpeedLimitsPorts) {
    this.#ports = ports;
  }

  /** At the start, and when settings have changed. */
  apply(): void {
    const { settings, swarm, schedule, ping } = this.#ports;
    schedule.follow(settings());
    const { pingBudget } = settings();
    ping.setBudget(pingBudget === 'off' ? null : pingBudget);
    for (const direction of ['down', 'up'] as const) swarm.setLimit(direction, this.#forAll(direction));
  }

  /** A link to this device is up, or its own limits have changed. */
  deviceChanged(id: DeviceId): void {
    const { limitsOf, swarm } = this.#ports;
    const own = limitsOf(id);
    for (const direction of ['down', 'up'] as const) swarm.setLimit(direction, rateOf(own[direction]), id);
  }

  /** The limit of ours that held back what comes from a device, or goes to it, in the last two seconds; null when none did. */
  boundBy(direction: Direction, id: DeviceId): LimitCause | null {
    const binding = this.#ports.swarm.limitOn(direction, id);
    switch (binding) {
      case null: return null;
      case 'all': return this.#cause;
      case 'line': return 'ping';
      case 'peer': return 'peer';
    }
  }

  state(): SpeedState {
    const { settings, ping } = this.#ports;
    const held = (direction: Direction): SpeedState['down'] => {
      const set = this.#forAll(direction);
      const cap = ping.cap(direction);
      if (cap !== null && cap < (set ?? Infinity)) return { bytesPerSecond: cap, cause: 'ping' };
      return set === null ? null : { bytesPerSecond: set, cause: this.#cause };
    };
    return { alternative: settings().alternativeLimits, down: held('down'), up: held('up'), addedDelayMs: ping.queueMs };
  }

  #forAll(direction: Direction): number | null {
    const { alternativeLimits, alternativeDownloadLimit, alternativeUploadLimit, downloadLimit, uploadLimit } = this.#ports.settings();
    if (alternativeLimits) return rateOf(direction === 'down' ? alternativeDownloadLimit : alternativeUploadLimit);
    return rateOf(direction === 'down' ? downloadLimit : uploadLimit);
  }

  get #cause(): LimitCause {
    if (!this.#ports.settings().alternativeLimits) return 'limit';
    return this.#ports.schedule.isTime ? 'schedule' : 'alternative';
  }
}
