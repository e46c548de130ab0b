import type { DeviceId } from '#shared/ids.ts';
import type { Direction, LimitCause } from '#shared/model/limit.ts';
import type { RateLimit, Settings } from '#shared/settings.ts';
import type { Binding } from '../../core/rate/rate-gate.ts';
import type { SwarmDriver } from '../transfers/swarm-driver.ts';

export interface SpeedLimitsPorts {
  readonly settings: () => Settings;
  readonly swarm: Pick<SwarmDriver, 'setLimit' | 'limitOn'>;
}

const causeOf: Readonly<Record<Binding, LimitCause>> = { all: 'limit', line: 'ping', peer: 'peer' };
const rateOf = (limit: RateLimit): number | null => (limit === 'off' ? null : limit);

/** Gives the swarm the limits that hold now, and knows which of them holds back a transfer. */
export class SpeedLimits {
  readonly #ports: SpeedLimitsPorts;

  constructor(ports: SpeedLimitsPorts) {
    this.#ports = ports;
  }

  /** Settings have changed. */
  apply(): void {
    const { downloadLimit, uploadLimit } = this.#ports.settings();
    this.#ports.swarm.setLimit('down', rateOf(downloadLimit));
    this.#ports.swarm.setLimit('up', rateOf(uploadLimit));
  }

  /** The limit of ours that held back what comes from a device, or goes to it, in the last two seconds; null when none did. */
  boundBy(direction: Direction, id: DeviceId): LimitCause | null {
    const binding = this.#ports.swarm.limitOn(direction, id);
    return binding === null ? null : causeOf[binding];
  }
}
