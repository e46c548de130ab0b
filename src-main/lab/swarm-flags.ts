import { GiB, KiB, MiB, day } from '#shared/units.ts';
import { swarmPresets, type SwarmOptions, type SwarmPreset } from './engine/swarm-options.ts';
import { launderedSwarm, tinySwarm } from './engine/tiny-swarm.ts';

/** How a flag's value is written: a whole number, a part from 0 to 1, bytes, bytes or bits a second (a limit may be 0), or a time. */
export type FlagKind = 'count' | 'part' | 'number' | 'bytes' | 'rate' | 'limit' | 'millis' | 'seconds';
type SwitchKey = 'lan' | 'leaveWhenDone' | 'proven';
type NumberKey = Exclude<keyof SwarmOptions, SwitchKey>;

export type SwarmFlag =
  | {
      readonly key: NumberKey; readonly flag: string; readonly kind: FlagKind;
      /** In the option's own unit: what is more can only be a slip, and takes all memory or all day. */
      readonly most: number;
    }
  | { readonly key: SwitchKey; readonly flag: string; readonly kind: 'switch' };
/** Options that were given, by name. */
export type GivenOptions = Partial<Record<NumberKey, number> & Record<SwitchKey, boolean>>;

const month = 30 * day;
/** Pieces of all devices together: each costs memory in each of them. */
export const mostPiecesInAll = 10_000_000;

/** Every option of a simulated swarm has a flag, so that one command line says all about a run. */
export const swarmFlags: readonly SwarmFlag[] = [
  { key: 'seed', flag: 'seed', kind: 'count', most: Number.MAX_SAFE_INTEGER },
  { key: 'peers', flag: 'peers', kind: 'count', most: 10_000 },
  { key: 'origins', flag: 'origins', kind: 'count', most: 1000 },
  { key: 'bytes', flag: 'size', kind: 'bytes', most: 1024 * GiB },
  { key: 'pieceBytes', flag: 'piece', kind: 'bytes', most: 1 * GiB },
  { key: 'originUp', flag: 'origin-up', kind: 'rate', most: 1e12 },
  { key: 'originLimit', flag: 'origin-limit', kind: 'limit', most: 1e12 },
  { key: 'peerUp', flag: 'peer-up', kind: 'rate', most: 1e12 },
  { key: 'peerDown', flag: 'peer-down', kind: 'rate', most: 1e12 },
  { key: 'latencyMs', flag: 'latency', kind: 'millis', most: 60_000 },
  { key: 'loss', flag: 'loss', kind: 'part', most: 1 },
  { key: 'lan', flag: 'lan', kind: 'switch' },
  { key: 'neighbours', flag: 'neighbours', kind: 'count', most: 1000 },
  { key: 'watch', flag: 'watch', kind: 'part', most: 1 },
  { key: 'apart', flag: 'apart', kind: 'part', most: 1 },
  { key: 'playRate', flag: 'play', kind: 'rate', most: 1e12 },
  { key: 'arriveWithinMs', flag: 'arrive-within', kind: 'seconds', most: month },
  { key: 'arrivalsPerSecond', flag: 'poisson', kind: 'number', most: 1e6 },
  { key: 'leaveWhenDone', flag: 'leave-when-done', kind: 'switch' },
  { key: 'churnPerHour', flag: 'churn', kind: 'number', most: 100_000 },
  { key: 'awayMs', flag: 'away', kind: 'seconds', most: month },
  { key: 'partitions', flag: 'partitions', kind: 'count', most: 1000 },
  { key: 'partitionMs', flag: 'partition', kind: 'seconds', most: month },
  { key: 'corrupt', flag: 'corrupt', kind: 'part', most: 1 },
  { key: 'stall', flag: 'stall', kind: 'part', most: 1 },
  { key: 'lie', flag: 'lie', kind: 'part', most: 1 },
  { key: 'proven', flag: 'proven', kind: 'switch' },
  { key: 'launder', flag: 'launder', kind: 'part', most: 1 },
  { key: 'known', flag: 'known', kind: 'part', most: 1 },
  { key: 'diskBytesPerSecond', flag: 'disk', kind: 'rate', most: 1e12 },
  { key: 'diskFails', flag: 'disk-fails', kind: 'part', most: 1 },
  { key: 'shuffle', flag: 'shuffle', kind: 'part', most: 1 },
  { key: 'limitMs', flag: 'limit', kind: 'seconds', most: 12 * month },
];

export const presetNames = ['default', 'bharambe', 'tiny', 'launderers'] as const;
export type PresetName = (typeof presetNames)[number];

/** The options a preset begins with; `tiny` and `launderers` draw all of them from the seed. */
export function presetOptions(name: PresetName, seed: number): SwarmOptions {
  if (name === 'tiny') return tinySwarm(seed);
  return name === 'launderers' ? launderedSwarm(seed) : { ...swarmPresets[name satisfies SwarmPreset], seed };
}

const units: Readonly<Record<string, number>> = {
  '': 1, B: 1, kB: 1e3, MB: 1e6, GB: 1e9, KiB, MiB, GiB, kbit: 1e3 / 8, Mbit: 1e6 / 8, Gbit: 1e9 / 8,
};

/** The value of a flag as a person types it (`64MiB`, `1.5Mbit`, `0.1`), in the option's own unit; null: it cannot be. */
export function flagValue(kind: FlagKind, text: string): number | null {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(text) ?? [];
  if (digits === '') return null;
  const factor = kind === 'bytes' || kind === 'rate' || kind === 'limit' ? units[unit] : unit === '' ? 1 : undefined;
  if (factor === undefined || (kind === 'bytes' && unit.endsWith('bit'))) return null;
  const value = Number(digits) * factor * (kind === 'seconds' ? 1000 : 1);
  switch (kind) {
    case 'count': return Number.isSafeInteger(value) ? value : null;
    case 'bytes': return Math.round(value) <= Number.MAX_SAFE_INTEGER ? Math.round(value) : null;
    case 'part': return value <= 1 ? value : null;
    case 'rate': return value > 0 ? value : null;
    default: return value;
  }
}

/** The command line that repeats a run, from any options. */
export function swarmCommand(options: SwarmOptions): string {
  const { default: defaults } = swarmPresets;
  const words = swarmFlags.flatMap(({ key, flag, kind }) => {
    const value = options[key];
    if (key !== 'seed' && value === defaults[key]) return [];
    if (typeof value === 'boolean') return [`--${flag}`];
    return [`--${flag} ${kind === 'seconds' ? value / 1000 : value}`];
  });
  return `npm run -s cli -- lab run swarm ${words.join(' ')}`;
}
