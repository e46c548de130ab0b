import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { second, type Timestamp } from '#shared/units.ts';

/** How a system notes that a file came from somebody else, so that it asks before it runs it. */
export type ReceivedMark =
  /** A stream beside the file's own (NTFS): what `NAME` + `suffix` holds. */
  | { readonly kind: 'stream'; readonly suffix: string; readonly text: string }
  /** A program that takes the paths after these arguments. */
  | { readonly kind: 'program'; readonly program: string; readonly args: readonly string[] };

/** Zone 3 is the internet: the only one that makes Windows ask. */
const zone = '[ZoneTransfer]\r\nZoneId=3\r\n';
/** What macOS writes for a download that nobody has opened yet. */
const quarantineFlags = '0081';
const programMs = 10 * second;

/** The mark of a system, by Node's name for it; null where none is customary (Linux). */
export function receivedMark(platform: string, now: Timestamp): ReceivedMark | null {
  switch (platform) {
    case 'win32':
      return { kind: 'stream', suffix: ':Zone.Identifier', text: zone };
    case 'darwin':
      return { kind: 'program', program: '/usr/bin/xattr', args: ['-w', 'com.apple.quarantine', `${quarantineFlags};${Math.floor(now / second).toString(16)};DistriShare;`] };
    default:
      return null;
  }
}

/**
 * Marks files as received. Never rejects: volumes without streams or attributes (FAT, network) take no mark, and a file
 * that arrived whole is worth more than its mark. Null where there is nothing to mark with, so that nobody waits for it.
 */
export function markReceived(platform: string, now: () => Timestamp): ((paths: readonly string[]) => Promise<void>) | null {
  if (receivedMark(platform, now()) === null) return null;
  return async (paths) => {
    const mark = receivedMark(platform, now());
    if (mark === null || paths.length === 0) return;
    const marked = mark.kind === 'stream' ? paths.map((path) => writeFile(path + mark.suffix, mark.text)) : [run(mark.program, [...mark.args, ...paths])];
    await Promise.allSettled(marked);
  };
}

function run(program: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: programMs }, () => resolve());
  });
}
