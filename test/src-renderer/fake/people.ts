import { hueNames } from '#shared/friendly-name.ts';
import { deviceIdOf, toHex } from '#shared/ids.ts';
import type { DeviceId } from '#shared/ids.ts';
import type { Peer, Trust } from '#shared/model/peer.ts';
import { GiB, MiB, TiB, hour } from '#shared/units.ts';
import { bytesOf } from './seeded.ts';

/** A moment all invented times count from. */
export const epoch = Date.UTC(2026, 4, 12, 14, 32);

export const deviceIdFor = (name: string): DeviceId => deviceIdOf(bytesOf(`device ${name}`, 32));

/** The picture that belongs to the hue in the name. */
export function avatarSeedFor(name: string): string {
  const bytes = bytesOf(`avatar ${name}`, 32);
  const hue = hueNames.findIndex((each) => name.startsWith(each));
  if (hue >= 0) bytes[16] = hue;
  return toHex(bytes);
}

interface Invented {
  name: string;
  platform: Peer['platform'];
  trust: Trust;
  path: Peer['path'];
  latencyMs: number;
  shares: string[];
  bytes: number;
  more?: Partial<Peer>;
}

const invented: Invented[] = [
  { name: 'Amber Falcon', platform: 'windows', trust: 'paired', path: 'lan', latencyMs: 0.4, shares: ['Film scans', 'Manuals', 'Fonts', 'Lisbon 2026'], bytes: 412e9 },
  { name: 'Coral Heron', platform: 'mac', trust: 'paired', path: 'lan', latencyMs: 2.1, shares: ['Lisbon shoot'], bytes: 96e9, more: { autoAccept: true } },
  { name: 'Slate Lynx', platform: 'linux', trust: 'verified', path: 'lan', latencyMs: 0.3, shares: ['ISO mirror', 'Backups'], bytes: 7.4e12 },
  { name: 'Moss Badger', platform: 'linux', trust: 'verified', path: 'lan', latencyMs: 1.2, shares: ['Field recordings 2025'], bytes: 38.4e9 },
  { name: 'Rose Marten', platform: 'windows', trust: 'seen', path: 'lan', latencyMs: 3.4, shares: ['Course handouts'], bytes: 2.1e9 },
  { name: 'Indigo Wren', platform: 'other', trust: 'seen', path: 'lan', latencyMs: 6.8, shares: [], bytes: 0 },
  { name: 'Teal Osprey', platform: 'mac', trust: 'paired', path: 'internet', latencyMs: 18, shares: ['Sample library'], bytes: 1.2e12 },
  { name: 'Copper Hare', platform: 'linux', trust: 'verified', path: 'overlay', more: { vpn: 'tailscale' }, latencyMs: 64, shares: ['Sketchbook'], bytes: 640 * MiB },
  { name: 'Plum Finch', platform: 'windows', trust: 'paired', path: null, latencyMs: 0, shares: ['Recipes'], bytes: 3 * GiB, more: { online: false, address: null, latencyMs: null, lastSeen: epoch - 5 * hour } },
];

export const inventedPeople = (): Peer[] => invented.map((person, index): Peer => ({
  id: deviceIdFor(person.name),
  name: person.name,
  avatarSeed: avatarSeedFor(person.name),
  platform: person.platform,
  online: true,
  trust: person.trust,
  autoAccept: false,
  sources: [{ source: 'multicast', address: `192.168.1.${20 + index}:47800`, lastSeen: epoch }],
  address: `192.168.1.${20 + index}:47800`,
  path: person.path,
  latencyMs: person.latencyMs,
  lastSeen: epoch,
  shares: { names: person.shares, count: person.shares.length, bytes: Math.min(person.bytes, 8 * TiB) },
  downRate: 0,
  upRate: 0,
  version: '0.1.0',
  ...person.more,
}));
