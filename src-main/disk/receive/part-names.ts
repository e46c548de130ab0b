import type { Sha256 } from '#main/core/content/merkle.ts';
import { toHex } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { nameBytes, numberedName, shortName } from '#shared/names.ts';

/** Names of what lies beside an unfinished file. */
export interface PartNames {
  readonly part: string;
  readonly progress: string;
  readonly progressAside: string;
  readonly lock: string;
}

/** Room for the longest ending, `.progress.lock~` and a writer's token of 16 digits. */
const endingBytes = 32;
const digestDigits = 16;

/** A name short enough for every ending; cut names get a digest, so that no two share their side files. */
function stemOf(name: string, sha256: Sha256): string {
  const room = limits.names.componentBytes - endingBytes;
  if (nameBytes(name) <= room) return name;
  const digest = new Uint8Array(32);
  sha256(new TextEncoder().encode(name), digest, 0);
  return `${shortName(name, room - digestDigits - 1)}~${toHex(digest).slice(0, digestDigits)}`;
}

/** Names of side files for the n-th file of a name in one folder (n from 1). */
export function partNames(name: string, n: number, sha256: Sha256): PartNames {
  const stem = stemOf(numberedName(name, n), sha256);
  return { part: `${stem}.part`, progress: `${stem}.progress`, progressAside: `${stem}.progress.new`, lock: `${stem}.progress.lock` };
}

/** Passing name of a small file: it tells the content, so whatever has it is the same or a leftover of it. `n` from 1. */
export function smallPartName(name: string, root: Uint8Array, sha256: Sha256, n: number): string {
  return `${stemOf(name, sha256)}.${toHex(root.subarray(0, digestDigits / 2))}${n === 1 ? '' : `-${n}`}.part`;
}
