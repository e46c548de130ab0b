import type { SocketAddress } from '#shared/address.ts';
import type { DeviceId } from '#shared/ids.ts';
import type { Diagnosis, DiagnosisStep, DoctorStep } from '#shared/model/diagnosis.ts';
import type { Network } from '#shared/model/network.ts';
import type { Settings } from '#shared/settings.ts';
import type { Millis, Timestamp } from '#shared/units.ts';
import type { Discovery } from '../../discovery/discovery.ts';
import type { Membership } from '../../discovery/membership.ts';
import type { PortMapper } from '../../net/port-mapping/port-mapper.ts';
import type { Devices } from '../peers/devices.ts';
import type { Servers } from '../../net/servers/servers.ts';
import type { Link, Links } from '../ports/links.ts';

/** What the doctor looks at. */
export interface DoctorPorts {
  readonly settings: () => Pick<Settings, 'visibility' | 'port' | 'multicast' | 'mdns'>;
  /** Where links are taken. */
  readonly port: number;
  /** Where others find this device. */
  readonly ownAddresses: () => readonly SocketAddress[];
  readonly networks: () => readonly Network[];
  readonly mapper: Pick<PortMapper, 'check'>;
  readonly discovery: Pick<Discovery, 'ask' | 'hearings'>;
  readonly membership: Pick<Membership, 'announcedAt' | 'linkedAt' | 'typed' | 'unlinked'>;
  readonly devices: Pick<Devices, 'findToAsk'>;
  readonly links: () => Pick<Links, 'get' | 'all' | 'dial'>;
  readonly now: () => Timestamp;
  /** The bootstrap servers in use. */
  readonly servers: Pick<Servers, 'health' | 'outsides'>;
  /** Tries every way to a device that a server makes possible; null when none leads there within a while. */
  readonly seek: (id: DeviceId, signal: AbortSignal) => Promise<Link | null>;
  /** Resolves early when the signal fires. */
  readonly pause: (ms: Millis, signal: AbortSignal) => Promise<void>;
  /** What is found so far. */
  readonly onProgress: (diagnosis: Diagnosis) => void;
}

/** One thing to test; a new one needs its findings, its texts and a place in a list. What it gives is told before the next one begins. */
export interface Test {
  readonly step: DoctorStep;
  run(signal: AbortSignal): Promise<readonly DiagnosisStep[]> | readonly DiagnosisStep[];
}
