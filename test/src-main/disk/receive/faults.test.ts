import { describe, expect, it } from 'vitest';
import { parseJournal } from '#main/core/progress/journal.ts';
import { sha256 } from '#main/disk/hash/sha256.ts';
import { SimulatedMachine, openOptions } from '../simulated/simulated-world.ts';
import { expectFinishes, failing, file, heal, pieceBytes, pieces, rest, target, write } from './one-received-file.ts';
import { sampleFile, targetOf } from './sample-file.ts';

describe('a full disk', () => {
  it.each(['.part', '.progress'])('while writing %s leaves everything resumable, also in the same opening', async (ending) => {
    const machine = new SimulatedMachine();
    const disk = machine.start();
    await disk.open(1, target, openOptions);
    await write(disk, 1, [0, 1]);
    failing(machine, 'write', ending, 'ENOSPC');
    expect(await disk.write(1, 2, file.piece(2), null)).toMatchObject({ kind: 'error', error: { code: 'disk-full' } });
    heal(machine);
    await write(disk, 1, [3]);
    await disk.close(1);
    expect(pieces((await disk.open(2, target, openOptions)).have)).toBe('0,1,3');
    await disk.close(2);
    await expectFinishes(machine, disk);
  });

  it('is seen before it happens, with a reserve', async () => {
    const machine = new SimulatedMachine();
    const disk = machine.start();
    machine.disk.free = 200_999;
    await expect(disk.open(1, target, openOptions)).rejects.toMatchObject({ code: 'disk-full' });
    expect(machine.disk.list()).toEqual([]);
    machine.disk.free = 201_000;
    await disk.open(2, target, openOptions);
    machine.disk.free = 1000 + pieceBytes - 1;
    expect(await disk.write(2, 0, file.piece(0), null)).toMatchObject({ kind: 'error', error: { code: 'disk-full' } });
    machine.disk.free = 1000 + pieceBytes;
    await write(disk, 2, [0]);
  });

  it.each(['create', 'write', 'sync', 'syncFolder', 'truncate'] as const)('while opening, at %s, leaves nothing behind', async (operation) => {
    const machine = new SimulatedMachine();
    const disk = machine.start();
    await disk.volume('/base');
    failing(machine, operation, '', 'ENOSPC');
    await expect(disk.open(1, target, openOptions)).rejects.toMatchObject({ code: 'disk-full' });
    heal(machine);
    expect(machine.disk.list()).toEqual([]);
    await expectFinishes(machine, disk);
  });

  it('fails one small file and no other', async () => {
    const machine = new SimulatedMachine();
    const disk = machine.start();
    const small = [1, 2, 3].map((seed) => sampleFile(1000, seed, pieceBytes));
    let writes = 0;
    machine.disk.fault = (operation, name) => (operation === 'write' && name.endsWith('.part') && ++writes === 2 ? 'ENOSPC' : null);
    const outcomes = await disk.writeSmall(small.map((each, at) => ({ target: targetOf(each, '/base', [`s${at}`]), data: each.data })));
    expect(outcomes.map((outcome) => (outcome.kind === 'error' ? outcome.error.code : outcome.kind))).toEqual(['done', 'disk-full', 'done']);
    expect(machine.disk.list()).toEqual(['s0', 's2']);
  });
});

describe('as many open files as the system allows', () => {
  const small = [1, 2, 3, 4, 5].map((seed) => sampleFile(1000, seed, pieceBytes));
  const batch = small.map((each, at) => ({ target: targetOf(each, '/base', [`s${at}`]), data: each.data }));

  it('are enough for a batch of more, in turns', async () => {
    const machine = new SimulatedMachine();
    const disk = machine.start();
    let most = 0;
    machine.disk.fault = (operation) => {
      most = Math.max(most, machine.disk.handles.size);
      return operation === 'create' && machine.disk.handles.size >= 3 ? 'EMFILE' : null;
    };
    expect((await disk.writeSmall(batch)).map(({ kind }) => kind)).toEqual(small.map(() => 'done'));
    expect([most, machine.disk.list()]).toEqual([3, small.map((_, at) => `s${at}`)]);
  });

  it('are enough for several batches at once', async () => {
    const machine = new SimulatedMachine();
    const disk = machine.start();
    machine.disk.fault = (operation, name) => (operation === 'create' && name.endsWith('.part') && machine.disk.handles.size >= 3 ? 'EMFILE' : null);
    const outcomes = (await Promise.all(batch.map((each) => disk.writeSmall([each])))).flat();
    expect(outcomes.map(({ kind }) => kind)).toEqual(small.map(() => 'done'));
  });

  it('that others hold make the rest wait, and say so', async () => {
    const machine = new SimulatedMachine();
    const disk = machine.start();
    let created = 0;
    machine.disk.fault = (operation, name) => (operation === 'create' && name.endsWith('.part') && ++created > 2 ? 'EMFILE' : null);
    const outcomes = await disk.writeSmall(batch);
    expect(outcomes.map((outcome) => (outcome.kind === 'error' ? outcome.error.code : outcome.kind))).toEqual(['done', 'done', ...small.slice(2).map(() => 'too-many-open-files')]);
    expect(machine.disk.list()).toEqual(['s0', 's1']);
  });
});

describe('a sync that fails', () => {
  it.each([
    ['of the data', 'syncData', '.part'],
    ['of the journal', 'syncData', '.progress'],
  ] as const)('%s takes back everything since the last barrier, and never just tries again', async (_, operation, ending) => {
    const machine = new SimulatedMachine();
    const disk = machine.start();
    await disk.open(1, target, openOptions);
    await write(disk, 1, [0, 1, 2]);
    await new Promise(setImmediate);
    await write(disk, 1, [3, 4]);
    let syncs = 0;
    machine.disk.fault = (asked, name) => (asked === operation && name.endsWith(ending) && ++syncs === 1 ? 'EIO' : null);
    machine.ring();
    await new Promise(setImmediate);
    expect(syncs).toBe(1);
    expect(await disk.write(1, 5, file.piece(5), null)).toMatchObject({ kind: 'error', error: { code: 'disk-error' } });
    await expect(disk.finish(1)).rejects.toMatchObject({ code: 'disk-error' });
    await disk.close(1);
    expect(pieces((await disk.open(2, target, openOptions)).have)).toBe('0,1,2');
    await disk.close(2);
    await expectFinishes(machine, disk);
  });

  it('and a journal that cannot be cut either: an empty one takes its place, and every piece is read again', async () => {
    const machine = new SimulatedMachine();
    const disk = machine.start();
    await disk.open(1, target, openOptions);
    await write(disk, 1, [0, 4]);
    machine.disk.fault = (operation, name) => ((operation === 'syncData' && name.endsWith('.part')) || (operation === 'truncate' && name.endsWith('.progress')) ? 'EIO' : null);
    await expect(disk.close(1)).rejects.toMatchObject({ code: 'disk-error' });
    heal(machine);
    expect(machine.disk.list()).toEqual(['file.part', 'file.progress']);
    machine.disk.damage('/base/file.part', 4 * pieceBytes);
    expect(pieces((await disk.open(2, target, openOptions)).have)).toBe('0');
  });

  it('at the end keeps the final name free', async () => {
    const machine = new SimulatedMachine();
    const disk = machine.start();
    await disk.open(1, target, openOptions);
    await write(disk, 1, rest());
    failing(machine, 'sync', '.part', 'EIO');
    await expect(disk.finish(1)).rejects.toMatchObject({ code: 'disk-error' });
    heal(machine);
    await disk.close(1);
    expect(machine.disk.list()).toEqual(['file.part', 'file.progress']);
    await expectFinishes(machine, disk);
  });

  it('of a small file keeps its name free', async () => {
    const machine = new SimulatedMachine();
    const disk = machine.start();
    const small = sampleFile(1000, 1, pieceBytes);
    await disk.volume('/base');
    failing(machine, 'sync', '.part', 'EIO');
    expect(await disk.writeSmall([{ target: targetOf(small, '/base', ['s']), data: small.data }])).toMatchObject([{ kind: 'error', error: { code: 'disk-error' } }]);
    expect(machine.disk.list()).toEqual([]);
  });
});

describe('damage found on opening', () => {
  async function received(machine: SimulatedMachine, indices: readonly number[]): Promise<void> {
    const disk = machine.start();
    await disk.open(1, target, openOptions);
    await write(disk, 1, indices);
  }

  it.each([1, 2, 3, 4, 5, 6])('after a power cut: what no barrier vouches for counts only if it reads back right (%d)', async (seed) => {
    const machine = new SimulatedMachine(seed);
    await received(machine, [0, 1, 2, 3, 4]);
    await new Promise(setImmediate);
    machine.cutPower();
    const { have } = await machine.start().open(2, target, openOptions);
    expect(pieces(have)).toMatch(/^0,1,2(,3)?(,4)?$/);
    // The journal forgets what did not, so that no later opening takes it for verified in this boot.
    const parsed = parseJournal(machine.disk.contentOf('/base/file.progress'), sha256);
    const recorded = parsed.kind === 'journal' ? [...parsed.journal.pieces.keys()] : [];
    expect(recorded.sort().join(',')).toBe(pieces(have));
  });

  it('a flipped bit among the checked pieces leads to a full check, which drops that piece alone', async () => {
    const machine = new SimulatedMachine();
    await received(machine, [0, 2, 4, 6, 8]);
    machine.kill();
    machine.disk.damage('/base/file.part', 4 * pieceBytes + 77);
    expect(pieces((await machine.start().open(2, target, openOptions)).have)).toBe('0,2,6,8');
  });

  it('a part file changed after a clean close is checked as a whole', async () => {
    const machine = new SimulatedMachine();
    const disk = machine.start();
    await disk.open(1, target, openOptions);
    await write(disk, 1, [0, 1, 2]);
    await disk.close(1);
    const content = machine.disk.contentOf('/base/file.part').slice();
    machine.disk.put('/base/file.part', content);
    expect(pieces((await disk.open(2, target, openOptions)).have)).toBe('0,1,2');
  });

  it.each(['gone', 'rubbish', 'cut short'])('a journal that is %s costs a full check and no piece', async (what) => {
    const machine = new SimulatedMachine();
    await received(machine, [1, 5]);
    machine.kill();
    const journal = machine.disk.contentOf('/base/file.progress');
    if (what === 'rubbish') machine.disk.put('/base/file.progress', new Uint8Array(500).fill(7));
    if (what === 'cut short') machine.disk.put('/base/file.progress', journal.slice(0, 40));
    if (what === 'gone') machine.disk.remove('/base/file.progress');
    const disk = machine.start();
    expect(pieces((await disk.open(2, target, openOptions)).have)).toBe('1,5');
    await disk.close(2);
    await expectFinishes(machine, disk);
  });

  it('an error while reading is told and loses nothing', async () => {
    const machine = new SimulatedMachine();
    await received(machine, [0, 1]);
    machine.kill();
    const disk = machine.start();
    failing(machine, 'read', '.part', 'EIO');
    await expect(disk.open(2, target, openOptions)).rejects.toMatchObject({ code: 'disk-error' });
    heal(machine);
    expect(pieces((await disk.open(3, target, openOptions)).have)).toBe('0,1');
  });

  it('a journal of a later release is left alone', async () => {
    const machine = new SimulatedMachine();
    await received(machine, [0]);
    machine.kill();
    const later = machine.disk.contentOf('/base/file.progress').slice(0, 116);
    later[9] = 2;
    const check = new Uint8Array(32);
    sha256(later.subarray(0, 108), check, 0);
    later.set(check.subarray(0, 8), 108);
    machine.disk.put('/base/file.progress', later);
    const disk = machine.start();
    await disk.open(2, target, openOptions);
    await write(disk, 2, rest());
    await disk.finish(2);
    expect(machine.disk.list()).toEqual(['file', 'file.part', 'file.progress', 'file.progress.lock']);
    expect(machine.disk.contentOf('/base/file.progress')).toEqual(later);
  });
});

describe('locks', () => {
  it('of a writer that died are taken over, of one that lives are not', async () => {
    const machine = new SimulatedMachine();
    const [first, second] = [machine.start(), machine.start()];
    await first.open(1, target, openOptions);
    await expect(second.open(1, target, openOptions)).rejects.toMatchObject({ code: 'file-locked' });
    machine.kill();
    const third = machine.start();
    await third.open(1, target, openOptions);
    await third.shutdown();
    expect(machine.disk.list()).toEqual(['file.part', 'file.progress']);
  });

  it('that cannot be read are a dead writer\'s when they are old, and respected while they are young', async () => {
    const machine = new SimulatedMachine();
    machine.disk.put('/base/file.progress.lock', new Uint8Array(3));
    await machine.start().open(1, target, openOptions);
    expect(machine.disk.list()).toContain('file.part');
    machine.kill();
    machine.disk.put('/base/file.progress.lock', new Uint8Array(3), 1_799_999_995_000);
    // Its writer may be about to say that it writes this very file: waiting is better than a second start.
    await expect(machine.start().open(1, target, openOptions)).rejects.toMatchObject({ code: 'file-locked' });
    expect(machine.disk.list()).toEqual(['file.part', 'file.progress', 'file.progress.lock']);
    machine.disk.put('/base/file.progress.lock', new Uint8Array(3), 1_900_000_000_000);
    await machine.start().open(2, target, openOptions);
  });
});

it('a journal that grew long is written anew, saying the same', { timeout: 60_000 }, async () => {
  const machine = new SimulatedMachine();
  const disk = machine.start();
  await disk.open(1, target, openOptions);
  await write(disk, 1, [0, 1, 2]);
  await disk.close(1);
  let longest = 0;
  for (let handle = 2; handle < 500; handle++) {
    await disk.open(handle, target, openOptions);
    await disk.close(handle);
    longest = Math.max(longest, machine.disk.contentOf('/base/file.progress').length);
  }
  expect(longest).toBeGreaterThan(10_000);
  const bytes = machine.disk.contentOf('/base/file.progress');
  expect(bytes.length).toBeLessThan(longest);
  const parsed = parseJournal(bytes, sha256);
  expect(parsed.kind === 'journal' ? [...parsed.journal.pieces.keys()].sort() : parsed.kind).toEqual([0, 1, 2]);
});

it('an opening that is cancelled while it reads again what is there ends, and leaves no lock', async () => {
  const machine = new SimulatedMachine();
  await expectFinishes(machine);
  const controller = new AbortController();
  const checked: number[] = [];
  const opening = machine.start().open(1, target, {
    signal: controller.signal,
    onCheck: (bytes) => {
      checked.push(bytes);
      if (checked.length === 3) controller.abort();
    },
  });
  await expect(opening).rejects.toMatchObject({ code: 'cancelled' });
  expect(checked).toEqual([1, 2, 3].map((pieces) => pieces * pieceBytes));
  expect(machine.disk.list()).toEqual(['file']);
});
