import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isSteadyDevice } from '#main/disk/volume/steady-device.ts';
import { tempFolder } from '../temp-folder.ts';

/** A system with one disk and a partition on it, as sysfs shows them: the disk is 8:0, the partition 8:1. */
async function withDisk(name: string, rotational: string): Promise<string> {
  const root = tempFolder();
  const disk = join(root, 'devices', name);
  await mkdir(join(disk, 'queue'), { recursive: true });
  await mkdir(join(disk, `${name}1`));
  await writeFile(join(disk, 'queue', 'rotational'), `${rotational}\n`);
  await mkdir(join(root, 'block'));
  await symlink(disk, join(root, 'block', '8:0'));
  await symlink(join(disk, `${name}1`), join(root, 'block', '8:1'));
  return join(root, 'block');
}
const device = (minor: number): bigint => (8n << 8n) | BigInt(minor);

it.each([
  ['a plate that turns', 'sda', '1', false], ['flash', 'nvme0n1', '0', true], ['a virtual disk, which always says that it turns', 'vda', '1', true],
])('knows %s', async (_what, name, rotational, steady) => {
  const devices = await withDisk(name, rotational);
  expect([isSteadyDevice(device(0), devices), isSteadyDevice(device(1), devices)]).toEqual([steady, steady]);
});

it('takes a device that nobody knows for one that seeks', async () => {
  expect(isSteadyDevice(device(7), await withDisk('sda', '0'))).toBe(false);
  expect(isSteadyDevice(device(0), '/there is no such folder')).toBe(false);
});

it('reads large device numbers as the system packs them', async () => {
  const devices = await withDisk('nvme0n1', '0');
  await symlink(join(devices, '8:0'), join(devices, '259:70000'));
  const packed = (259n << 8n) | (70_000n & 0xffn) | ((70_000n & ~0xffn) << 12n);
  expect(isSteadyDevice(packed, devices)).toBe(true);
});
