import { setImmediate } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { hour, KiB, MiB, minute } from '#shared/units.ts';
import { SimulatedMachine } from '../simulated/simulated-world.ts';

/** What `SimulatedMachine` takes for the time of day; what its programs write is older by years. */
const now = 1_800_000_000_000;
const trial = '.distrishare-probe-00112233445566ff';

/** Kills the program that tries out a volume at its operation of this number; null: it was ready before. */
async function killedAt(operation: number): Promise<SimulatedMachine | null> {
  const machine = new SimulatedMachine();
  machine.disk.putFolder('/base/films');
  let operations = 0;
  machine.disk.fault = () => {
    if (++operations === operation) machine.kill();
    return null;
  };
  const tried = await machine.start().volume('/base').then(() => true, () => false);
  machine.disk.fault = () => null;
  return tried ? null : machine;
}

it('whenever somebody is killed who tries out a volume, whoever uses that folder next leaves nothing of it', async () => {
  const left = new Set<string>();
  for (let operation = 1; ; operation++) {
    const machine = await killedAt(operation);
    if (machine === null) break;
    for (const name of machine.disk.list()) if (name !== 'films') left.add(name.replace(/^\.distrishare-probe-[0-9a-f]{16}/, ''));
    const next = machine.start();
    // The volume is known by then.
    await next.volume('/base/films');
    await next.volume('/base');
    expect(machine.disk.list(), `killed at operation ${operation}`).toEqual(['films']);
  }
  expect(left).toEqual(new Set(['', '-r', '-l', '-c', '-\u00e9', '-\u00df']));
});

it('whoever stops in the usual way while it tries out a volume leaves nothing of it', async () => {
  const machine = new SimulatedMachine();
  const files = machine.disk.process();
  // A device that takes its time.
  vi.spyOn(machine.disk, 'process').mockReturnValue({ ...files, syncData: (fd) => setImmediate().then(() => files.syncData(fd)) });
  const disk = machine.start();
  const tried = disk.volume('/base');
  await disk.shutdown();
  expect(machine.disk.list()).toEqual([]);
  await tried;
});

it('what is young may be in use, also by the clock of another machine, and what is old is not', async () => {
  const machine = new SimulatedMachine();
  for (const [age, name] of [[59 * minute, `${trial}-l`], [-59 * minute, `${trial}-r`], [hour, trial], [-hour, `${trial}-c`]] as const) machine.disk.put(`/base/${name}`, new Uint8Array(0), now - age);
  await machine.start().volume('/base');
  expect(machine.disk.list()).toEqual([`${trial}-l`, `${trial}-r`]);
});

it("a user's own file stays, whatever its name", async () => {
  const machine = new SimulatedMachine();
  const own = {
    [trial]: Uint8Array.of(1),
    [`${trial}-r`]: new Uint8Array(4 * KiB).fill(1, 4 * KiB - 1),
    [`${trial}-l`]: new Uint8Array(1 * MiB + 1),
    [`${trial}-c.txt`]: new Uint8Array(0),
    [`my ${trial}`]: new Uint8Array(0),
    '.distrishare-probe-notes': new Uint8Array(0),
  };
  for (const [name, content] of Object.entries(own)) machine.disk.put(`/base/${name}`, content);
  machine.disk.putFolder(`/base/${trial}-c`);
  await machine.start().volume('/base');
  expect(machine.disk.list()).toEqual([...Object.keys(own), `${trial}-c`].sort());
});

it('a disk that does not let them go is used all the same', async () => {
  const machine = new SimulatedMachine();
  machine.disk.put(`/base/${trial}`, new Uint8Array(0));
  for (const refused of ['list', 'open', 'unlink']) {
    machine.disk.fault = (operation, name) => (operation === refused && (name === trial || operation === 'list') ? 'EACCES' : null);
    expect(await machine.start().volume('/base')).toMatchObject({ hardLinks: true });
    expect(machine.disk.list()).toEqual([trial]);
  }
});
