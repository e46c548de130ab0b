import { GiB, KiB, MiB } from '#shared/units.ts';
import { swarmPresets, type SwarmOptions, type SwarmPreset } from './engine/swarm-options.ts';
import { tinySwarm } from './engine/tiny-swarm.ts';

/** How a flag's value is written: a whole number, a part from 0 to 1, bytes, bytes or bits a second, or a time. */
export type FlagKind = 'count' | 'part' | 'number' | 'bytes' | 'rate' | 'millis' | 'seconds';
type SwitchKey = 'lan' | 'leaveWhenDone';
type NumberKey = Exclude<keyof SwarmOptions, SwitchKey>;

export type SwarmFlag =
  | { readonly key: NumberKey; readonly flag: string; readonly kind: FlagKind }
  | { readonly key: SwitchKey; readonly flag: string; readonly kind: 'switch' };
/** Options that were given, by name. */
export type GivenOptions = Partial<Record<NumberKey, number> & Record<SwitchKey, boolean>>;

/** Every option of a simulated swarm has a flag, so that one command line says all about a run. */
export const swarmFlags: readonly SwarmFlag[] = [
  { key: 'seed', flag: 'seed', kind: 'count' },
  { key: 'peers', flag: 'peers', kind: 'count' },
  { key: 'origins', flag: 'origins', kind: 'count' },
  { key: 'bytes', flag: 'size', kind: 'bytes' },
  { key: 'pieceBytes', flag: 'piece', kind: 'bytes' },
  { key: 'originUp', flag: 'origin-up', kind: 'rate' },
  { key: 'peerUp', flag: 'peer-up', kind: 'rate' },
  { key: 'peerDown', flag: 'peer-down', kind: 'rate' },
  { key: 'latencyMs', flag: 'latency', kind: 'millis' },
  { key: 'loss', flag: 'loss', kind: 'part' },
  { key: 'lan', flag: 'lan', kind: 'switch' },
  { key: 'neighbours', flag: 'neighbours', kind: 'count' },
  { key: 'arriveWithinMs', flag: 'arrive-within', kind: 'seconds' },
  { key: 'arrivalsPerSecond', flag: 'poisson', kind: 'number' },
  { key: 'leaveWhenDone', flag: 'leave-when-done', kind: 'switch' },
  { key: 'churnPerHour', flag: 'churn', kind: 'number' },
  { key: 'awayMs', flag: 'away', kind: 'seconds' },
  { key: 'partitions', flag: 'partitions', kind: 'count' },
  { key: 'partitionMs', flag: 'partition', kind: 'seconds' },
  { key: 'corrupt', flag: 'corrupt', kind: 'part' },
  { key: 'stall', flag: 'stall', kind: 'part' },
  { key: 'lie', flag: 'lie', kind: 'part' },
  { key: 'diskBytesPerSecond', flag: 'disk', kind: 'rate' },
  { key: 'diskFails', flag: 'disk-fails', kind: 'part' },
  { key: 'shuffle', flag: 'shuffle', kind: 'part' },
  { key: 'limitMs', flag: 'limit', kind: 'seconds' },
];

export const presetNames = ['default', 'bharambe', 'tiny'] as const;
export type PresetName = (typeof presetNames)[number];

/** The options a preset begins with; `tiny` draws all of them from the seed. */
export const presetOptions = (name: PresetName, seed: number): SwarmOptions => (name === 'tiny' ? tinySwarm(seed) : { ...swarmPresets[name satisfies SwarmPreset], seed });

const units: Readonly<Record<string, number>> = {
  '': 1, B: 1, kB: 1e3, MB: 1e6, GB: 1e9, KiB, MiB, GiB, kbit: 1e3 / 8, Mbit: 1e6 / 8, Gbit: 1e9 / 8,
};

/** The value of a flag as a person types it (`64MiB`, `1.5Mbit`, `0.1`), in the option's own unit; null: it cannot be. */
export function flagValue(kind: FlagKind, text: string): number | null {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(text) ?? [];
  if (digits === '') return null;
  const factor = kind === 'bytes' || kind === 'rate' ? units[unit] : unit === '' ? 1 : undefined;
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
