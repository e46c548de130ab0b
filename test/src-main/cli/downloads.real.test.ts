import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '#shared/errors.ts';
import { transferIdSchema } from '#shared/model/ids.ts';
import type { TransferFile } from '#shared/model/transfer.ts';
import { deviceA, deviceB, until } from '../../contract/fake-node.ts';
import { CliHarness } from './cli-harness.ts';
import { content, done, offerOf, peerOf, transferId, transferOf } from './things.ts';

let cli: CliHarness;
beforeEach(async () => { cli = await CliHarness.start(); });
afterEach(() => cli.close());

describe('what of a transfer comes first', () => {
  const file = (index: number, path: string): TransferFile => ({ index, path, mappedPath: null, bytes: 1000, doneBytes: 400, priority: index === 0 ? 'high' : 'skip', state: 'waiting' });
  beforeEach(() => {
    const transfer = transferOf({ kind: 'folder', inOrder: true });
    cli.node.handlers['transfers.list'] = () => ({ transfers: [transfer], total: 1, next: null });
    cli.node.handlers['transfers.files'] = () => ({ files: [file(0, 'one/a.mkv'), file(1, 'one/b.mkv'), file(2, 'two.mkv')], total: 3, next: null });
    cli.node.handlers['transfers.get'] = () => ({ transfer, cells: '', piecesPerCell: 1, pieces: 0, verifiedPieces: 0, sources: [], brake: null, rates: [] });
    cli.node.handlers['peers.list'] = () => [];
    for (const name of ['transfers.setInOrder', 'transfers.setPriority', 'transfers.setFilePriority'] as const) cli.node.handlers[name] = () => transfer;
  });
  const changes = () => cli.node.asked.filter(({ name }) => name.startsWith('transfers.set'));

  it('is said for the whole, for files and for folders in it, and shown', async () => {
    const { code, out } = await cli.run('transfer 1111 --in-order on');
    expect([code, out]).toEqual([0, expect.stringContaining('It is fetched from beginning to end.')]);
    await cli.run('transfer 1111 --priority low');
    const listed = await cli.run('transfer 1111 --priority skip --files --file one/ two.mkv');
    expect(listed.out).toMatch(/one\/a.mkv +high +40 % +1.00/);
    const { id } = transferOf();
    expect(changes().map(({ args }) => args)).toEqual([{ id, inOrder: true }, { id, priority: 'low' }, { id, indices: [0, 1, 2], priority: 'skip' }]);
  });

  it('changes nothing when a part is not understood', async () => {
    for (const args of ['--in-order perhaps', '--priority skip', '--file one', '--in-order on --priority high --file three']) expect((await cli.run(`transfer 1111 ${args}`)).code).not.toBe(0);
    expect(changes()).toEqual([]);
  });

  it('is said at the start', async () => {
    cli.node.handlers['transfers.start'] = () => done();
    await cli.run('get Amber Film/film.mkv --in-order');
    expect(cli.node.asked[0]?.args).toMatchObject({ inOrder: true });
  });
});

describe('get', () => {
  it('waits, reports progress, and ends with what scripts rely on', async () => {
    cli.node.handlers['transfers.start'] = () => transferOf({ state: 'queued' });
    const run = cli.begin('get Amber Film/film.mkv --to there --json');
    await until(() => run.out().includes('queued'));
    await cli.tell({ type: 'transfer', transfer: transferOf({ doneBytes: 500, rate: 100 }) }, { type: 'transfer', transfer: done({ reusedBytes: 10 }) });
    const { code, json } = await run.result;
    expect(code).toBe(0);
    expect(cli.node.asked).toContainEqual({ name: 'transfers.start', args: { source: { kind: 'path', peer: 'Amber', path: 'Film/film.mkv' }, to: join(cli.dataDir, 'there') } });
    // The node makes it: only that knows whether a drive is away.
    expect(existsSync(join(cli.dataDir, 'there'))).toBe(false);
    const lines = json();
    expect(lines[0]).toMatchObject({ event: 'queued', id: transferId('1') });
    expect(lines.filter(({ event }) => event === 'progress').length).toBe(3);
    expect(lines.at(-1)).toEqual({ event: 'done', bytes: 1000, seconds: 2, path: '/downloads/film.mkv', files: 1, reusedBytes: 10, paths: ['/downloads/film.mkv'], ids: [transferId('1')] });
  });

  it('takes an end that comes before the answer to its start', async () => {
    cli.node.handlers['transfers.start'] = async () => {
      await cli.tell({ type: 'transfer', transfer: done() });
      return transferOf({ state: 'queued' });
    };
    expect((await cli.run('get Amber Film/film.mkv')).code).toBe(0);
  });

  it('takes a content id alone, in any case', async () => {
    cli.node.handlers['transfers.start'] = () => done();
    expect((await cli.run(`get ${content.toUpperCase()}`)).code).toBe(0);
    expect(cli.node.asked[0]?.args).toEqual({ source: { kind: 'content', contentId: content } });
  });

  it('gets several, and tells the folder they are in', async () => {
    let started = 0;
    cli.node.handlers['transfers.start'] = () => {
      started++;
      return done({ id: transferId(String(started)), name: `${started}`, path: `/downloads/${started}`, addedAt: 1000 * started, finishedAt: 5000 });
    };
    const { code, json } = await cli.run('get Amber Film/1 Film/2 --json');
    expect(code).toBe(0);
    expect(json().at(-1)).toMatchObject({ event: 'done', bytes: 2000, seconds: 4, path: '/downloads', paths: ['/downloads/1', '/downloads/2'] });
  });

  it('gets what can be got when one of several cannot, and says so in the end', async () => {
    cli.node.handlers['transfers.start'] = ({ source }) => {
      if (source.kind === 'path' && source.path === 'Film/none') throw new AppError('not-found', { name: 'Film/none' });
      return done();
    };
    const { code, json } = await cli.run('get Amber Film/none Film/film.mkv --json');
    expect(code).toBe(1);
    expect(json().slice(-2)).toMatchObject([{ event: 'done', bytes: 1000 }, { event: 'error', code: 'not-found' }]);
  });

  it.each([['failed', { code: 'refused', params: { name: 'Ana' } }, 4, 'refused'], ['failed', { code: 'disk-error' }, 1, 'disk-error'], ['cancelled', null, 1, 'cancelled']] as const)('that ends %s exits with its reason', async (state, reason, exit, code) => {
    cli.node.handlers['transfers.start'] = () => transferOf({ state, reason });
    const result = await cli.run('get Amber Film/film.mkv --json');
    expect(result.code).toBe(exit);
    expect(result.json().at(-1)).toMatchObject({ event: 'error', code });
  });

  it('says why it waits, once, and goes on', async () => {
    const waiting = transferOf({ state: 'waiting', reason: { code: 'peer-offline', params: { name: 'Amber' } } });
    cli.node.handlers['transfers.start'] = () => transferOf({ state: 'queued' });
    const run = cli.begin('get Amber Film/film.mkv');
    await until(() => run.err().includes('in the queue'));
    await cli.tell({ type: 'transfer', transfer: waiting }, { type: 'transfer', transfer: { ...waiting, doneBytes: 1 } }, { type: 'transfer', transfer: done() });
    const { code, err, out } = await run.result;
    expect(code).toBe(0);
    expect(err.split('Amber is not online.')).toHaveLength(2);
    expect(out).toContain('“film.mkv” has arrived: /downloads/film.mkv');
  });

  it('leaves the transfer in the queue on Ctrl-C, and says how to go on', async () => {
    cli.node.handlers['transfers.start'] = () => transferOf();
    const run = cli.begin('get Amber Film/film.mkv');
    await until(() => run.err().includes('in the queue'));
    run.interrupt();
    const { code, err } = await run.result;
    expect(code).toBe(5);
    expect(err).toContain(`distrishare cancel ${transferId('1')}`);
    expect(cli.node.asked.map(({ name }) => name)).toEqual(['transfers.start']);
  });

  it('only queues with --no-wait', async () => {
    cli.node.handlers['transfers.start'] = () => transferOf({ state: 'queued' });
    const { code, json } = await cli.run('get Amber Film/film.mkv --no-wait --json');
    expect(code).toBe(0);
    expect(json()).toMatchObject([{ event: 'queued', id: transferId('1') }]);
  });

  it('exits with 3 when the node ends meanwhile', async () => {
    cli.node.handlers['transfers.start'] = () => transferOf();
    const run = cli.begin('get Amber Film/film.mkv --json');
    await until(() => run.out().includes('queued'));
    await cli.close();
    expect((await run.result).code).toBe(3);
    cli = await CliHarness.start();
  });

  it('draws a bar on a terminal', async () => {
    cli.node.handlers['transfers.start'] = () => transferOf({ doneBytes: 500, rate: 100 });
    const run = cli.begin('get Amber Film/film.mkv', { tty: true });
    await until(() => run.err().includes('50 %'));
    await cli.tell({ type: 'transfer', transfer: done() });
    expect((await run.result).err.replaceAll('\u00a0', ' ')).toContain('50 %  500 B / 1.00 kB  100 B/s  5 s left  film.mkv');
  });
});

describe('transfers', () => {
  beforeEach(() => { cli.node.handlers['peers.list'] = () => []; });

  it('says how much of a download is there, and of an upload only how much went out', async () => {
    cli.node.handlers['transfers.list'] = () => ({ transfers: [transferOf({ bytes: 200, doneBytes: 100 }), transferOf({ id: transferId('2'), direction: 'up', bytes: 100, doneBytes: 100 })], total: 2, next: null });
    const { out } = await cli.run('transfers');
    expect(out.match(/\d+ %/g)).toEqual(['50 %']);
  });

  it('says of what went out to whom, whether it was all, and when it ended', async () => {
    const sent = transferOf({ id: transferId('2'), name: 'Scans', direction: 'up', state: 'done', bytes: 200, doneBytes: 200, peers: [deviceB], takerName: 'Ana', finishedAt: Date.UTC(2026, 4, 6, 12) });
    cli.node.handlers['transfers.list'] = () => ({ transfers: [sent, { ...sent, id: transferId('3'), state: 'cancelled', doneBytes: 50 }], total: 2, next: null });
    const out = (await cli.run('transfers --all')).out.replaceAll('\u00a0', ' ');
    expect(out).toMatch(/up +Scans +sent +100 % +200 B +Ana +5\/6\/26/);
    expect(out).toMatch(/up +Scans +sent in part +25 % +200 B +Ana +5\/6\/26/);
    expect(cli.node.asked[0]?.args).not.toHaveProperty('finished');
  });

  it('lists all pages', async () => {
    cli.node.handlers['transfers.list'] = ({ cursor }) => (cursor === undefined ? { transfers: [transferOf()], total: 2, next: 'more' } : { transfers: [transferOf({ id: transferId('2') })], total: 2, next: null });
    const { json } = await cli.run('transfers --json');
    expect(json().map(({ id }) => id)).toEqual([transferId('1'), transferId('2')]);
    expect(cli.node.asked[0]?.args).toMatchObject({ finished: false });
  });

  it.each(['pause', 'resume'] as const)('%s takes the beginning of an id', async (command) => {
    cli.node.handlers['transfers.list'] = () => ({ transfers: [transferOf(), transferOf({ id: transferId('2') })], total: 2, next: null });
    cli.node.handlers[`transfers.${command}`] = ({ id }) => transferOf({ id, state: 'paused' });
    const { code, json } = await cli.run(`${command} 22 --json`);
    expect(code).toBe(0);
    expect(json()).toMatchObject([{ event: 'transfer', id: transferId('2'), state: 'paused' }]);
  });

  it('changes nothing when one of several ids is unknown or ambiguous', async () => {
    const twins = [transferIdSchema.parse('2'.repeat(16)), transferIdSchema.parse('2'.repeat(15) + '3')];
    cli.node.handlers['transfers.list'] = () => ({ transfers: [transferOf(), ...twins.map((id) => transferOf({ id }))], total: 3, next: null });
    expect((await cli.run('pause 1 9')).code).toBe(1);
    expect((await cli.run('pause 1 2')).code).toBe(2);
    expect(cli.node.asked.some(({ name }) => name === 'transfers.pause')).toBe(false);
  });

  it('resume tries a failed one again', async () => {
    cli.node.handlers['transfers.list'] = () => ({ transfers: [transferOf({ state: 'failed' })], total: 1, next: null });
    cli.node.handlers['transfers.retry'] = () => ({ retried: 1 });
    cli.node.handlers['transfers.get'] = () => ({ transfer: transferOf({ state: 'queued' }), cells: '', piecesPerCell: 1, pieces: 0, verifiedPieces: 0, sources: [], brake: null, rates: [] });
    expect((await cli.run('resume 1 --json')).json()).toMatchObject([{ state: 'queued' }]);
  });

  it('shows one closely: who gives what, how they stand to it, and why it is not faster', async () => {
    cli.node.handlers['transfers.list'] = () => ({ transfers: [transferOf()], total: 1, next: null });
    cli.node.handlers['peers.list'] = () => [peerOf({ name: 'Amber' })];
    const until = Date.UTC(2026, 10, 21, 12);
    const source = { peer: deviceA, latencyMs: 12, pieces: 3, bytes: 750, rate: 5e6, state: 'feeding' as const, until: null, failures: 0 };
    cli.node.handlers['transfers.get'] = () => ({
      transfer: transferOf({ doneBytes: 500, rate: 5e6 }), cells: '', piecesPerCell: 1, pieces: 0, verifiedPieces: 0, brake: { by: 'their-limit', peer: deviceA }, rates: [],
      sources: [source, { ...source, peer: deviceB, bytes: 250, rate: 0, state: 'banned', failures: 2, badPieces: { count: 2, banned: true, until, latest: [] } }],
    });
    const { code, out: shown } = await cli.run('transfer 1');
    expect(code).toBe(0);
    const out = shown.replaceAll('\u00a0', ' ');
    expect(out).toContain('Why not faster? Amber limits what it sends.');
    expect(out).toMatch(/Amber +Sending +5\.00 MB\/s +75 % +750 B +12\.0 ms/);
    expect(out).toMatch(/Banned until .+ 25 % +250 B +12\.0 ms +2/);
    expect((await cli.run('transfer 1 --json')).json()).toMatchObject([{ event: 'transfer-detail', brake: { by: 'their-limit' } }]);
    expect((await cli.run('transfer 1 --lang es')).out).toContain('Amber limita lo que envía.');
  });

  it('cancel also takes back an offer', async () => {
    cli.node.handlers['transfers.list'] = () => ({ transfers: [], total: 0, next: null });
    cli.node.handlers['offers.list'] = () => [offerOf({ state: 'asked' })];
    cli.node.handlers['offers.cancel'] = () => offerOf({ state: 'cancelled' });
    expect((await cli.run('cancel ccc --json')).json()).toMatchObject([{ event: 'offer', state: 'cancelled' }]);
  });
});
