import { hueNameOf, hueNames } from '#shared/friendly-name.ts';

/** One of four tiles: a ground, and on it a shape of another tone, turned by quarters. */
export interface AvatarTile {
  readonly x: number;
  readonly y: number;
  readonly ground: string;
  readonly tone: string;
  readonly shape: string;
  readonly turn: number;
}

/** OKLCH hue in degrees, in the order of `hueNames`; Slate is nearly grey. */
const degrees = [8, 38, 55, 78, 128, 165, 200, 258, 278, 308, 330, 250];
const slateChroma = 0.22;
const tones = [[0.91, 0.055], [0.74, 0.13], [0.5, 0.12], [0.32, 0.075]] as const;
const grounds = [0, 1, 2, 0];

/** Shapes in a tile of 50 units: quarter, half, disc, triangle, arch, small disc, bar. */
const shapes = [
  'M0 0H50A50 50 0 0 1 0 50Z',
  'M0 50A25 25 0 0 1 50 50Z',
  'M25 4A21 21 0 1 1 25 46A21 21 0 1 1 25 4Z',
  'M0 0L50 50H0Z',
  'M0 50V25A25 25 0 0 1 50 25V50Z',
  'M25 12A13 13 0 1 1 25 38A13 13 0 1 1 25 12Z',
  'M12 0H38V50H12Z',
];

/** The picture of a device by the hex SHA-256 of its id: the same everywhere and in both themes. */
export function avatarTiles(hashHex: string): AvatarTile[] {
  const byte = (index: number): number => parseInt(hashHex.slice(2 * index, 2 * index + 2), 16) || 0;
  const hue = hueNames.indexOf(hueNameOf(hashHex));
  const colour = (tone: number): string => {
    const [lightness, chroma] = tones[tone] ?? tones[0];
    return `oklch(${lightness} ${hueNames[hue] === 'Slate' ? chroma * slateChroma : chroma} ${degrees[hue] ?? 0})`;
  };
  return [0, 1, 2, 3].map((tile) => {
    const ground = grounds[byte(tile + 4) % 4] ?? 0;
    // One of the three tones the ground does not have.
    const tone = (ground + 1 + (byte(tile + 8) % 3)) % 4;
    return { x: 50 * (tile % 2), y: 50 * Math.floor(tile / 2), ground: colour(ground), tone: colour(tone), shape: shapes[byte(tile) % 7] ?? '', turn: 90 * (byte(tile + 12) % 4) };
  });
}
