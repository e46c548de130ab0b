import { describe, expect, it } from 'vitest';
import type { SmallFile } from '#main/node/ports/receiver.ts';
import { SimulatedMachine } from '../simulated/simulated-world.ts';
import { sampleFile, targetOf } from './sample-file.ts';

const files = Array.from({ length: 5 }, (_, at) => sampleFile(1000 + at, at + 1));
const batchOf = (): SmallFile[] => files.map((file, at) => ({ target: targetOf(file, '/base', [`f${at}`]), data: file.data }));
const names = files.map((_, at) => `f${at}`);

/** Everything in the folder is one of the files, whole and under its name. */
function expectAllThere({ disk }: SimulatedMachine): void {
  expect(disk.list('/base')).toEqual(names);
  for (const [at, file] of files.entries()) expect(disk.contentOf(`/base/f${at}`)).toEqual(file.data);
}

describe('the same small files, written by two threads or nodes at the same time', () => {
  it('lie there whole and once, and both say so', async () => {
    const machine = new SimulatedMachine();
    const outcomes = await Promise.all([machine.start(), machine.start()].map((disk) => disk.writeSmall(batchOf())));
    for (const each of outcomes) expect(each).toMatchObject(names.map((name) => ({ kind: 'done', path: `/base/${name}` })));
    expectAllThere(machine);
  });

  /** Right before ours get their names, another program that took them for leftovers, and began them anew, is killed; so often for each. */
  function robbed(machine: SimulatedMachine, times: number): void {
    const robbed = new Map<string, number>();
    machine.disk.fault = (operation, name, phase) => {
      const before = robbed.get(name) ?? 0;
      if (operation !== 'link' || phase !== 'start' || !names.includes(name) || before >= times) return null;
      robbed.set(name, before + 1);
      for (const passing of machine.disk.list('/base')) if (passing.startsWith(`${name}.`)) machine.disk.put(`/base/${passing}`, new Uint8Array(3));
      return null;
    };
  }

  it('never get the name of what the other one has just begun', async () => {
    const machine = new SimulatedMachine();
    robbed(machine, 1);
    expect(await machine.start().writeSmall(batchOf())).toEqual(names.map((name) => ({ kind: 'done', path: `/base/${name}`, existed: false })));
    for (const [at, file] of files.entries()) expect(machine.disk.contentOf(`/base/f${at}`)).toEqual(file.data);
  });

  it('keep the name once they lie there whole: the other one may have said so', async () => {
    const machine = new SimulatedMachine();
    const removed: string[] = [];
    const given = new Set<string>();
    machine.disk.fault = (operation, name, phase) => {
      if (operation === 'unlink' && names.includes(name)) removed.push(name);
      if (operation !== 'link' || phase !== 'start' || !names.includes(name) || given.has(name)) return null;
      given.add(name);
      const data = files[names.indexOf(name)]?.data ?? new Uint8Array();
      for (const passing of machine.disk.list('/base')) if (passing.startsWith(`${name}.`)) machine.disk.put(`/base/${passing}`, data);
      return null;
    };
    expect(await machine.start().writeSmall(batchOf())).toEqual(names.map((name) => ({ kind: 'done', path: `/base/${name}`, existed: true })));
    expect([given.size, removed]).toEqual([names.length, []]);
    for (const [at, file] of files.entries()) expect(machine.disk.contentOf(`/base/f${at}`)).toEqual(file.data);
  });

  it('are said to be locked when it happens again and again, and nothing half lies there', async () => {
    const machine = new SimulatedMachine();
    robbed(machine, Infinity);
    expect(await machine.start().writeSmall(batchOf())).toMatchObject(names.map(() => ({ kind: 'error', error: { code: 'file-locked' } })));
    expect(machine.disk.list('/base').filter((name) => !name.endsWith('.part'))).toEqual([]);
  });
});
