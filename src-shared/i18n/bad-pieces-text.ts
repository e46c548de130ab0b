import type { BadPieces } from '../model/peer.ts';

/** The latest wrong pieces that are named. */
const piecesNamed = 4;

type Say = (key: 'evidence.wrong' | 'evidence.wrongOf', params: Readonly<Record<string, string | number>>) => string;

/** What is held against a device, in words: how many wrong pieces, of which file, and the last of them, counted from 1. */
export function badPiecesText({ count, latest }: BadPieces, t: Say, number: (value: number) => string): string {
  const file = latest.at(-1)?.file;
  const pieces = [...new Set(latest.filter((each) => each.file === file).map(({ piece }) => piece))].slice(-piecesNamed).toSorted((a, b) => a - b).map((piece) => number(piece + 1));
  return file === undefined ? t('evidence.wrong', { n: count }) : `${t('evidence.wrong', { n: count })} ${t('evidence.wrongOf', { file, n: pieces.length, pieces: pieces.join(', ') })}`;
}
