import { readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Disks of virtual machines say that they turn because nobody asked them; whoever runs the machine sorts for them. */
const virtualDisk = /^x?vd[a-z]/;

/** The numbers in a `dev_t`, as glibc packs them (sysmacros.h). */
const numbersOf = (device: bigint): string => {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn);
  return `${major}:${minor}`;
};

/**
 * Whether a device takes as long wherever the bytes lie: memory, and no plate that turns. False when nobody knows, as on other
 * systems than Linux and where a file system has devices of its own. `devices`: sysfs(5).
 */
export function isSteadyDevice(device: bigint, devices = '/sys/dev/block'): boolean {
  try {
    const found = realpathSync(join(devices, numbersOf(device)));
    // A partition has no queue of its own; it lies in its disk's folder.
    for (const disk of [found, dirname(found)]) {
      const turns = textOf(join(disk, 'queue', 'rotational'));
      if (turns !== null) return turns === '0' || virtualDisk.test(basename(disk));
    }
  } catch {
    // No such device, or no such system.
  }
  return false;
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}
