import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NodeEvent } from '#shared/api/events.ts';
import { AppError } from '#shared/errors.ts';
import { offerIdSchema, transferIdSchema } from '#shared/model/ids.ts';
import type { Network } from '#shared/model/network.ts';
import type { Offer } from '#shared/model/offer.ts';
import type { Pairing } from '#shared/model/peer.ts';
import type { TransferFile } from '#shared/model/transfer.ts';
import { defaultSettings } from '#shared/settings.ts';
import type { Settings } from '#shared/settings.ts';
import { deviceA, deviceB, forever, statusOf, until } from '../../contract/fake-node.ts';
import { CliHarness } from './cli-harness.ts';
import type { CliRun } from './cli-harness.ts';
import { content, done, entryOf, hitOf, offerId, offerOf, peerOf, searchOf, shareOf, transferId, transferOf } from './things.ts';

let cli: CliHarness;
beforeEach(async () => { cli = await CliHarness.start(); });
afterEach(() => cli.close());

/** Tells the story of a thing, one event after the other, once the command listens. */
async function tell(...events: NodeEvent[]): Promise<void> {
  await until(() => cli.node.listeners.size > 0);
  for (const event of events) cli.node.emit(event);
}

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
    await tell({ type: 'transfer', transfer: transferOf({ doneBytes: 500, rate: 100 }) }, { type: 'transfer', transfer: done({ reusedBytes: 10 }) });
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
      await tell({ type: 'transfer', transfer: done() });
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
    await tell({ type: 'transfer', transfer: waiting }, { type: 'transfer', transfer: { ...waiting, doneBytes: 1 } }, { type: 'transfer', transfer: done() });
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
    await tell({ type: 'transfer', transfer: done() });
    expect((await run.result).err.replaceAll('\u00a0', ' ')).toContain('50 %  500 B / 1.00 kB  100 B/s  5 s left  film.mkv');
  });
});

describe('transfers', () => {
  it('says how much of a download is there, and of an upload only how much went out', async () => {
    cli.node.handlers['transfers.list'] = () => ({ transfers: [transferOf({ bytes: 200, doneBytes: 100 }), transferOf({ id: transferId('2'), direction: 'up', bytes: 100, doneBytes: 100 })], total: 2, next: null });
    const { out } = await cli.run('transfers');
    expect(out.match(/\d+ %/g)).toEqual(['50 %']);
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

describe('share', () => {
  it('waits until everything is hashed and gives share id and content id', async () => {
    const hashed = shareOf({ state: 'ready', contentId: content, problems: { count: 1, first: [{ path: 'a', error: { code: 'name-not-shareable' } }] } });
    cli.node.handlers['shares.add'] = () => shareOf();
    cli.node.handlers['shares.whenHashed'] = async () => {
      await tell({ type: 'share', share: shareOf({ path: join(cli.dataDir, 'Holiday'), hashedBytes: 1500 }) });
      return hashed;
    };
    const { code, json } = await cli.run('share Holiday --audience everyone --wait --json');
    expect(code).toBe(0);
    expect(cli.node.asked[0]).toEqual({ name: 'shares.add', args: { path: join(cli.dataDir, 'Holiday'), audience: { kind: 'everyone' } } });
    expect(json()).toMatchObject([{ event: 'progress', doneBytes: 1500 }, { event: 'done', id: hashed.id, shareId: hashed.id, contentId: content }]);
  });

  it('is visible to nobody unless told otherwise, and says so with what shares it', async () => {
    cli.node.handlers['shares.add'] = ({ path }) => shareOf({ path, audience: { kind: 'nobody' } });
    const { out } = await cli.run('share x');
    expect(cli.node.asked[0]?.args).toMatchObject({ audience: { kind: 'nobody' } });
    expect(out).toContain(`“Holiday” is in your list, but nobody sees it yet.\nSay who may: distrishare share ${join(cli.dataDir, 'x')} --audience everyone`);
    expect((await cli.runWith(['share', 'my pictures'])).out).toContain(`share "${join(cli.dataDir, 'my pictures')}" --audience`);
  });

  it('changes who sees what is shared already, when that is said', async () => {
    const here = shareOf({ path: join(cli.dataDir, 'here') });
    cli.node.handlers['shares.add'] = () => { throw new AppError('already-exists', { name: 'here' }); };
    cli.node.handlers['shares.list'] = () => [here];
    cli.node.handlers['shares.update'] = () => ({ ...here, audience: { kind: 'public' } });
    expect((await cli.run('share here --audience public')).out).toContain('Sharing “Holiday”. Visible to: public.');
    expect(cli.node.asked.at(-1)).toEqual({ name: 'shares.update', args: { share: here.id, audience: { kind: 'public' } } });
    // Without a word about it nobody is shut out, and another folder of the same name stays what it is.
    expect((await cli.run('share here')).err).toContain('There is already something named “here”.');
    expect((await cli.run('share elsewhere --audience public')).code).toBe(1);
    expect(cli.node.asked.filter(({ name }) => name === 'shares.update')).toHaveLength(1);
  });

  it('names devices as people do, and says whom it took them for', async () => {
    cli.node.handlers['peers.list'] = () => [peerOf({ name: 'Jade Falcon', trust: 'verified' }), peerOf({ id: deviceB, name: 'Jade Otter', trust: 'paired' })];
    cli.node.handlers['shares.add'] = ({ audience }) => shareOf({ audience });
    const several = await cli.run('share x --device jade');
    expect([several.code, several.err]).toEqual([2, expect.stringContaining(`“jade” fits more than one: Jade Falcon (${deviceA.slice(0, 15)}), Jade Otter (${deviceB.slice(0, 15)}).`)]);
    expect(cli.node.asked.some(({ name }) => name === 'shares.add')).toBe(false);
    const { out } = await cli.run(`share x --device otter --device ${deviceA.slice(0, 9).toLowerCase()}`);
    expect(cli.node.asked.find(({ name }) => name === 'shares.add')?.args).toMatchObject({ audience: { kind: 'devices', devices: [deviceB, deviceA] } });
    expect(out).toContain('Visible to: Jade Otter, Jade Falcon.');
  });

  it('takes nobody for a stranger by a part of the name', async () => {
    cli.node.handlers['peers.list'] = () => [peerOf({ name: 'Jade Falcon' })];
    const { code, err } = await cli.run('share x --device jade');
    expect([code, err]).toEqual([3, expect.stringContaining('whole')]);
    expect(cli.node.asked.some(({ name }) => name === 'shares.add')).toBe(false);
  });

  it('stops by name, a part of it, or path', async () => {
    cli.node.handlers['shares.list'] = () => [shareOf({ path: join(cli.dataDir, 'here') })];
    cli.node.handlers['shares.remove'] = () => ({});
    expect((await cli.run('unshare Holiday')).code).toBe(0);
    expect((await cli.run('unshare here')).code).toBe(0);
    expect((await cli.run('unshare holi')).code).toBe(0);
    expect((await cli.run('unshare other')).code).toBe(1);
  });

  it('lists what is shared', async () => {
    cli.node.handlers['shares.list'] = () => [shareOf()];
    expect((await cli.run('shares')).out).toMatch(/Holiday +preparing +3 +3\.00.kB +everyone on this network +\/pictures\/Holiday/);
  });
});

describe('browse', () => {
  it('prints every page, with whole paths for programs', async () => {
    cli.node.handlers['browse.list'] = ({ cursor }) => (cursor === undefined
      ? { entries: [entryOf('Áa', { kind: 'folder', files: 7 })], total: 2, next: 'more' } : { entries: [entryOf('名前.txt', { bytes: 5, haveBytes: 5 })], total: 2, next: null });
    expect((await cli.run('browse Amber Film --json')).json()).toMatchObject([{ event: 'entry', path: 'Film/Áa' }, { event: 'entry', path: 'Film/名前.txt' }, { event: 'done', count: 2 }]);
    expect((await cli.run('browse Amber')).out).toMatch(/Áa\/ +1.B +7\n[^]*名前\.txt +5.B +you have it\n2 entries/);
  });
});

describe('search', () => {
  beforeEach(() => {
    cli.node.handlers['search.start'] = () => searchOf();
    cli.node.handlers['search.stop'] = () => ({});
    cli.node.handlers['peers.list'] = () => [peerOf()];
  });

  it('names whose a hit is and its path there, as they can be given to get', async () => {
    cli.node.handlers['search.get'] = () => searchOf({ finished: true, hits: [hitOf('one.mkv')], peers: [{ peer: deviceA, state: 'answered', hits: 1 }] });
    expect((await cli.run('search film')).out).toContain('Amber: Film/one.mkv');
  });

  it('streams hits as they come and ends when all have answered', async () => {
    cli.node.handlers['search.get'] = () => searchOf({ hits: [hitOf('one.mkv')] });
    const run = cli.begin('search my film --type video --json');
    await until(() => run.out().includes('one.mkv'));
    cli.node.emit({ type: 'search', search: searchOf({ finished: true, hits: [hitOf('two.mkv'), hitOf('one.mkv')], peers: [{ peer: deviceA, state: 'answered', hits: 2 }] }) });
    const { code, json } = await run.result;
    expect(code).toBe(0);
    expect(cli.node.asked[0]?.args).toEqual({ words: 'my film', filter: { type: 'video' } });
    expect(json()).toMatchObject([{ event: 'hit', name: 'one.mkv' }, { event: 'hit', name: 'two.mkv' }, { event: 'done', hits: 2, finished: true }]);
  });

  it('ends after the time given, with what there is', async () => {
    cli.node.handlers['search.get'] = () => searchOf();
    const { code, json } = await cli.run('search film --for 0.05 --json');
    expect(code).toBe(0);
    expect(json()).toMatchObject([{ event: 'done', hits: 0, finished: false, peers: [{ state: 'waiting' }] }]);
  });

  it('with a time asks who comes online meanwhile', async () => {
    let starts = 0;
    cli.node.handlers['search.start'] = () => {
      starts++;
      return searchOf({ id: `s${starts}`, peers: [] });
    };
    cli.node.handlers['search.get'] = ({ id }) => (id === 's1' ? searchOf({ id, finished: true, peers: [] }) : searchOf({ id, finished: true, hits: [hitOf('late.mkv')] }));
    const run = cli.begin('search film --for 60 --json');
    await until(() => cli.node.asked.some(({ name }) => name === 'search.get'));
    await tell({ type: 'peer', peer: peerOf() });
    expect((await run.result).json()).toMatchObject([{ event: 'hit', name: 'late.mkv' }, { event: 'done', hits: 1 }]);
  });

  it('tells apart no match, no answer yet, and not reachable', async () => {
    cli.node.handlers['search.get'] = () => searchOf({ finished: true, peers: [{ peer: deviceA, state: 'none', hits: 0 }, { peer: deviceB, state: 'unreachable', hits: 0 }] });
    expect((await cli.run('search film')).out).toContain('Asked 2: 1 answered, 0 without answer yet, 1 not reachable.');
    cli.node.handlers['search.get'] = () => searchOf({ finished: true, peers: [] });
    expect((await cli.run('search film')).out).toContain('Nobody is connected.');
  });

  it('can be interrupted', async () => {
    cli.node.handlers['search.get'] = () => searchOf();
    const run = cli.begin('search film --for 60');
    await until(() => cli.node.asked.some(({ name }) => name === 'search.get'));
    run.interrupt();
    expect((await run.result).code).toBe(5);
  });
});

describe('send', () => {
  beforeEach(() => { cli.node.handlers['peers.list'] = () => [peerOf()]; });
  /** Runs the command and tells it what becomes of its offer. */
  async function send(...events: Partial<Offer>[]): Promise<CliRun> {
    cli.node.handlers['offers.send'] = () => offerOf();
    const run = cli.begin('send amber a.txt --json');
    await until(() => run.out().includes('sending'));
    for (const change of events) cli.node.emit({ type: 'offer', offer: offerOf(change) });
    return run;
  }

  it('waits for the answer and until everything is there', async () => {
    const { code, json } = await (await send({ state: 'asked' }, { state: 'accepted' }, { state: 'accepted', doneBytes: 500 }, { state: 'done', doneBytes: 1000 })).result;
    expect(code).toBe(0);
    expect(cli.node.asked[1]?.args).toEqual({ peer: deviceA, paths: [join(cli.dataDir, 'a.txt')] });
    expect(json().at(-1)).toMatchObject({ event: 'done', id: offerId, bytes: 1000, count: 1 });
    expect(json().filter(({ state }) => state === 'asked')).toHaveLength(1);
  });

  it.each([['declined', 4], ['cancelled', 1], ['failed', 1]] as const)('that ends %s exits with %d', async (state, exit) => {
    expect((await (await send({ state: 'asked' }, { state })).result).code).toBe(exit);
  });

  it.each([
    [1, 'Not sent, because it is a link or a special file: Album/pipe\n'], [4, 'Not sent, because they are links and special files (4): Album/pipe, …\n'],
  ])('says what of a folder is not sent (%i)', async (count, said) => {
    cli.node.handlers['offers.send'] = () => offerOf({ leftOut: { count, first: ['Album/pipe'] } });
    expect(await cli.run('send amber Album --no-wait')).toMatchObject({ code: 0, err: said });
  });

  it('leaves the offer on Ctrl-C', async () => {
    const run = await send({ state: 'asked' });
    await until(() => run.out().includes('asked'));
    run.interrupt();
    expect((await run.result).code).toBe(5);
  });
});

describe('inbox', () => {
  const incoming = offerOf({ direction: 'in', state: 'asked' });
  beforeEach(() => {
    cli.node.handlers['peers.list'] = () => [peerOf()];
    cli.node.handlers['offers.list'] = () => [incoming, offerOf({ id: offerIdSchema.parse('e'.repeat(32)), direction: 'in', state: 'asked', text: 'Hi\nthere' }), offerOf({ id: offerIdSchema.parse('f'.repeat(32)) })];
  });

  it('lists what is offered to us', async () => {
    expect((await cli.run('inbox --json')).json()).toHaveLength(2);
    expect((await cli.run('inbox')).out).toMatch(/cccccccccccc +Amber +film\.mkv +1\.00.kB\neeeeeeeeeeee +Amber +Text: Hi\\x0athere/);
  });

  it('accepts into a folder and declines, by the beginning of the id', async () => {
    cli.node.handlers['offers.accept'] = () => offerOf({ direction: 'in', state: 'accepted' });
    cli.node.handlers['offers.decline'] = () => offerOf({ direction: 'in', state: 'declined' });
    expect((await cli.run('accept cc --to there')).code).toBe(0);
    expect(cli.node.asked.at(-1)?.args).toEqual({ id: offerId, to: join(cli.dataDir, 'there') });
    expect((await cli.run('decline cc')).code).toBe(0);
    expect((await cli.run('accept ff')).code).toBe(1);
  });

  it('waits for the arrival with --wait', async () => {
    cli.node.handlers['offers.accept'] = () => {
      queueMicrotask(() => { void tell({ type: 'offer', offer: offerOf({ direction: 'in', state: 'done', doneBytes: 1000 }) }); });
      return offerOf({ direction: 'in', state: 'accepted' });
    };
    expect((await cli.run('accept cc --wait --json')).json().at(-1)).toMatchObject({ event: 'done', state: 'done' });
  });
});

describe('pair', () => {
  const pairingOf = (state: Pairing['state']): Pairing => ({ peer: deviceA, state, code: '123 456', startedByUs: true, expiresAt: 9 });
  beforeEach(() => {
    cli.node.handlers['peers.list'] = () => [peerOf()];
    cli.node.handlers['pairing.list'] = () => [];
    cli.node.handlers['pairing.start'] = () => pairingOf('compare');
  });

  it('shows the code, asks, and waits for the other person', async () => {
    cli.node.handlers['pairing.answer'] = () => {
      queueMicrotask(() => { void tell({ type: 'pairing', pairing: pairingOf('done') }); });
      return pairingOf('waiting-for-them');
    };
    const { code, out } = await cli.run('pair amber', { stdin: 'Y\n' });
    expect(code).toBe(0);
    expect(out).toContain('123 456');
    expect(cli.node.asked.at(-1)).toEqual({ name: 'pairing.answer', args: { peer: deviceA, same: true } });
  });

  it.each(['n\n', '\n', ''])('takes %j for a no', async (stdin) => {
    cli.node.handlers['pairing.answer'] = () => pairingOf('failed');
    const { code, err } = await cli.run('pair amber', { stdin });
    expect(code).toBe(4);
    expect(err).toContain('somebody stands between you');
    expect(cli.node.asked.at(-1)).toEqual({ name: 'pairing.answer', args: { peer: deviceA, same: false } });
  });

  it('joins what the other person has begun, and needs no question with --yes', async () => {
    cli.node.handlers['pairing.list'] = () => [{ ...pairingOf('compare'), startedByUs: false }];
    cli.node.handlers['pairing.answer'] = () => pairingOf('done');
    expect((await cli.run('pair amber --yes --json')).json()).toMatchObject([{ event: 'pairing', code: '123 456' }, { event: 'pairing', state: 'done' }]);
    expect(cli.node.asked.some(({ name }) => name === 'pairing.start')).toBe(false);
  });

  it('fails when the other person says no', async () => {
    cli.node.handlers['pairing.answer'] = () => pairingOf('failed');
    const { code, err } = await cli.run('pair amber --yes');
    expect([code, err.includes('did not confirm the codes')]).toEqual([4, true]);
  });

  it('trusts somebody no more with --off', async () => {
    cli.node.handlers['peers.unpair'] = () => peerOf();
    expect(await cli.run('pair amber --off')).toMatchObject({ code: 0, out: 'Amber is not trusted any more, and sees nothing that is for trusted people only.\n' });
    expect(cli.node.asked).toEqual([{ name: 'peers.unpair', args: { peer: 'amber' } }]);
  });

  it('can be interrupted at the question', async () => {
    const run = cli.begin('pair amber', { stdin: 'wait' });
    cli.node.handlers['pairing.answer'] = forever;
    await until(() => run.out().includes('123 456'));
    run.interrupt();
    expect((await run.result).code).toBe(5);
  });
});

describe('settings', () => {
  const settings: Settings = { ...defaultSettings, name: 'Jade Otter', downloadDir: '/downloads' };
  beforeEach(() => {
    cli.node.handlers['settings.get'] = () => settings;
    cli.node.handlers['settings.set'] = ({ patch }) => ({ ...settings, ...patch }) as Settings;
  });

  it('shows all, or one', async () => {
    expect((await cli.run('settings')).out).toContain('downloadLimit = off\n');
    expect((await cli.run('settings port')).out).toBe('47800\n');
    expect((await cli.run('settings port --json')).json()).toEqual([{ event: 'setting', key: 'port', value: 47800 }]);
  });

  it.each([
    ['downloadLimit 1000000', { downloadLimit: 1_000_000 }], ['downloadLimit off', { downloadLimit: 'off' }], ['multicast off', { multicast: false }], ['multicast true', { multicast: true }],
    ['downloadLimit 1.5MB', { downloadLimit: 1_500_000 }], ['alternativeUploadLimit 2MiB/s', { alternativeUploadLimit: 2 * 1024 * 1024 }], ['pingBudget 30', { pingBudget: 30 }], ['alternativeLimits on', { alternativeLimits: true }],
    ['name 123', { name: '123' }], ['theme dark', { theme: 'dark' }], ['name off', { name: 'off' }],
  ])('%s', async (args, patch) => {
    expect((await cli.run(`settings ${args}`)).code).toBe(0);
    expect(cli.node.asked).toEqual([{ name: 'settings.set', args: { patch } }]);
  });

  it('takes a folder as it is meant where it is typed, not where the node was started', async () => {
    expect((await cli.run('settings downloadDir come/in')).out).toBe(`downloadDir is now ${join(cli.dataDir, 'come', 'in')}.\n`);
  });
});

describe('networks', () => {
  const network = (name: string, change: Partial<Network> = {}): Network => ({ name, key: name, vpn: null, addresses: ['192.168.1.24'], used: true, ...change });
  let settings: Settings;
  beforeEach(() => {
    settings = { ...defaultSettings, name: 'Jade Otter', downloadDir: '/downloads', unusedNetworks: ['eth0', 'usb7'] };
    cli.node.handlers['settings.get'] = () => settings;
    cli.node.handlers['settings.set'] = ({ patch }) => (settings = { ...settings, ...patch } as Settings);
    cli.node.handlers['node.status'] = () => statusOf({
      networks: [network('eth0', { used: false }), network('Wi-Fi 2'), network('utun4', { key: 'tailscale', vpn: 'tailscale', addresses: ['100.101.2.3', 'fd7a:115c:a1e0::5'] }), network('tun0', { vpn: 'other', addresses: ['10.8.0.6'] })],
    });
  });
  const changes = () => cli.node.asked.filter(({ name }) => name === 'settings.set').map(({ args }) => args);

  it('are listed: what each one is, whether it is used, and those that are off and not there', async () => {
    const { out } = await cli.run('networks');
    expect(out).toMatch(/^eth0 +local network +off +192\.168\.1\.24$/m);
    expect(out).toMatch(/^utun4 +Tailscale +on +100\.101\.2\.3, fd7a:115c:a1e0::5$/m);
    expect(out).toMatch(/^tun0 +VPN +on/m);
    expect(out).toMatch(/^usb7 +not there now +off$/m);
    expect(out).toContain('Letting others in through the router: Not needed while you use no server and are in no room.');
    expect((await cli.run('networks utun4 --json')).json()).toEqual([{ event: 'network', name: 'utun4', key: 'tailscale', vpn: 'tailscale', addresses: ['100.101.2.3', 'fd7a:115c:a1e0::5'], used: true }]);
    expect((await cli.run('networks --lang es')).out).toMatch(/^eth0 +red local +no/m);
    cli.node.handlers['node.status'] = () => statusOf({ networks: [] });
    settings.unusedNetworks = [];
    expect((await cli.run('networks')).out).toBe('This machine is on no network.\n');
    expect((await cli.run('networks eth0 off')).err).toContain('on no network');
    expect(changes()).toEqual([]);
  });

  it.each([
    [['utun4', 'off'], ['eth0', 'usb7', 'tailscale'], /^utun4 is switched off/], [['wi-fi 2', 'off'], ['eth0', 'usb7', 'Wi-Fi 2'], /^Wi-Fi 2 is switched off/],
    [['eth0', 'on'], ['usb7'], /^eth0 is used/], [['usb7', 'on'], ['eth0'], /^usb7 is used/], [['eth0', 'off'], ['usb7', 'eth0'], /^eth0 is switched off/],
  ])('%j', async (args, unusedNetworks, said) => {
    const { code, out } = await cli.runWith(['networks', ...args]);
    expect([code, out]).toEqual([0, expect.stringMatching(said)]);
    expect(changes()).toEqual([{ patch: { unusedNetworks } }]);
  });

  it.each([['networks eth9 off', 'eth0, Wi-Fi 2, utun4, tun0, usb7'], ['networks eth0 maybe', 'on, off'], ['settings unusedNetworks eth0', '“distrishare networks NAME on” or “… off”']])('%s is refused, and said why', async (args, named) => {
    const { code, err } = await cli.run(args);
    expect([code, err]).toEqual([2, expect.stringContaining(named)]);
    expect(changes()).toEqual([]);
  });

  it('stand among the settings as they are', async () => {
    expect((await cli.run('settings')).out).toContain('unusedNetworks = eth0, usb7\n');
    expect((await cli.run('settings unusedNetworks --json')).json()).toEqual([{ event: 'setting', key: 'unusedNetworks', value: ['eth0', 'usb7'] }]);
    settings.unusedNetworks = [];
    expect((await cli.run('settings unusedNetworks')).out).toBe('-\n');
  });
});

describe('limits', () => {
  let settings: Settings;
  beforeEach(() => {
    settings = { ...defaultSettings, name: 'Jade Otter', downloadDir: '/downloads', uploadLimit: 250_000 };
    cli.node.handlers['settings.get'] = () => settings;
    cli.node.handlers['settings.set'] = ({ patch }) => (settings = { ...settings, ...patch } as Settings);
    cli.node.handlers['node.status'] = () => statusOf({ speed: { alternative: false, down: null, up: { bytesPerSecond: 120_000, cause: 'ping' }, addedDelayMs: 18.4 } });
    cli.node.handlers['peers.list'] = () => [peerOf({ limits: { down: 'off', up: 64_000 } })];
    cli.node.handlers['peers.setLimits'] = ({ down = 'off', up = 'off' }) => peerOf({ limits: { down, up } });
  });
  const changes = () => cli.node.asked.filter(({ name }) => name === 'settings.set' || name === 'peers.setLimits');

  it('are shown: the usual ones, those of devices, and what holds now', async () => {
    const { out } = await cli.run('limits');
    expect(out).toMatch(/usual limits +no limit +250.kB\/s/);
    expect(out).toMatch(/Amber +no limit +64\.0.kB\/s/);
    expect(out).toMatch(/now, for all +no limit +120.kB\/s \(ping\)/);
    expect(out).toContain('schedule: mon,tue,wed,thu,fri 08:00-20:00 (off)');
    expect(out).toContain('now 18 ms more');
    expect((await cli.run('limits --json')).json()).toMatchObject([{ event: 'limits', uploadLimit: 250_000, peers: [{ name: 'Amber', limits: { up: 64_000 } }] }]);
    expect(changes()).toEqual([]);
  });

  it.each([
    [['--down', '2M', '--up', 'off'], { downloadLimit: 2_000_000, uploadLimit: 'off' }], [['--alt', 'on', '--alt-down', '100k'], { alternativeLimits: true, alternativeDownloadLimit: 100_000 }],
    [['--ping', 'on'], { pingBudget: 20 }], [['--ping', '45'], { pingBudget: 45 }], [['--ping', 'off'], { pingBudget: 'off' }],
    [['--schedule', 'daily 22:30-6:00'], { schedule: { on: true, days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], from: '22:30', to: '06:00' } }],
    [['--schedule', 'fri-mon 00:00-24:00'], { schedule: { on: true, days: ['mon', 'fri', 'sat', 'sun'], from: '00:00', to: '00:00' } }],
    [['--schedule', 'on'], { schedule: { ...defaultSettings.schedule, on: true } }],
  ])('%j', async (args, patch) => {
    expect((await cli.runWith(['limits', ...args])).code).toBe(0);
    expect(changes()).toEqual([{ name: 'settings.set', args: { patch } }]);
  });

  it('one device has its own', async () => {
    expect((await cli.run('limits --peer amber --down 1.5MB')).out).toMatch(/^Amber: receiving 1\.50.MB\/s, sending no limit\.\n$/);
    expect(changes()).toEqual([{ name: 'peers.setLimits', args: { peer: 'amber', down: 1_500_000 } }]);
  });

  it.each([
    [['--down', '0'], '--down'], [['--down', '-5'], '--down'], [['--up', '1000'], '--up'], [['--up', '5 apples'], '--up'], [['--up', '1e9'], '--up'], [['--peer', 'amber', '--up', 'fast'], '--up'],
    [['--alt', 'maybe'], '--alt'], [['--ping', '4'], '--ping'], [['--ping', '1001'], '--ping'], [['--ping', 'soon'], '--ping'],
    [['--schedule', 'mon-fri'], '--schedule'], [['--schedule', 'mon 8-9'], '--schedule'], [['--schedule', 'mon 25:00-26:00'], '--schedule'], [['--schedule', 'funday 08:00-09:00'], '--schedule'], [['--peer', 'amber', '--ping', '20'], '--peer'],
  ])('%j is refused, and said why', async (args, named) => {
    const { code, err } = await cli.runWith(['limits', ...args]);
    expect(code).toBe(2);
    expect(err).toContain(named);
    expect(changes()).toEqual([]);
  });
});

describe('peers', () => {
  it('that sent wrong pieces are shown with the evidence, who is banned for it, and what ends that', async () => {
    const wrong = (piece: number, file: string) => ({ file, contentId: null, piece, at: 1, expected: null });
    const until = Date.UTC(2026, 10, 21, 12);
    cli.node.handlers['peers.list'] = () => [
      peerOf({ badPieces: { count: 3, banned: true, until, latest: [wrong(9, 'a.iso'), wrong(6, 'film.mkv'), wrong(2, 'film.mkv')] } }),
      peerOf({ id: deviceB, name: 'Jade Otter', badPieces: { count: 1, banned: false, until, latest: [wrong(0, 'b.iso')] } }),
    ];
    const { out } = await cli.run('peers');
    expect(out).toMatch(/Amber +\S+ +online, banned +new/);
    expect(out).toMatch(new RegExp(`^Amber is banned until \\d.+\\. Sent 3 wrong pieces\\. The last were pieces 3, 7 of film\\.mkv\\. “distrishare forgive ${deviceA.slice(0, 15)}” asks it again now\\.$`, 'm'));
    expect(out).toMatch(/Jade Otter +\S+ +online +new/);
    expect(out).toContain('Jade Otter is not banned. Sent 1 wrong piece. The last was piece 1 of b.iso.');
    expect((await cli.run('peers --lang es')).out).toContain('Envió 3 piezas erróneas.');
  });

  it('say which VPN leads to them, if we know', async () => {
    cli.node.handlers['peers.list'] = () => [peerOf({ path: 'overlay', vpn: 'tailscale' }), peerOf({ path: 'overlay', vpn: 'other' }), peerOf({ path: 'overlay' })];
    expect((await cli.run('peers')).out.match(/through \w+(?: VPN)?/g)).toEqual(['through Tailscale', 'through a VPN', 'through a VPN']);
    expect((await cli.run('peers --lang es')).out).toContain('por Tailscale');
  });

  it('are listed, connected and blocked', async () => {
    cli.node.handlers['peers.list'] = () => [peerOf()];
    cli.node.handlers['peers.connect'] = () => peerOf();
    cli.node.handlers['peers.block'] = ({ blocked }) => peerOf({ trust: blocked ? 'blocked' : 'seen' });
    expect((await cli.run('peers')).out).toMatch(new RegExp(`Amber +${deviceA.slice(0, 15)} +online +new +192\\.168\\.1\\.9:47800 +LAN +0\\.4 ms +one share, 2\\.00.GB`));
    expect((await cli.run('connect [::1]:5')).out).toContain('Connected to Amber');
    expect((await cli.run('block amber --json')).json()).toMatchObject([{ trust: 'blocked' }]);
    expect((await cli.run('block amber --off --json')).json()).toMatchObject([{ trust: 'seen' }]);
    cli.node.handlers['peers.forgive'] = () => peerOf();
    expect((await cli.run('forgive amber')).out).toContain('Nothing is held against Amber any more.');
    expect(cli.node.asked.at(-1)).toEqual({ name: 'peers.forgive', args: { peer: 'amber' } });
  });
});

describe('hash', () => {
  it('needs no node and says when there is nothing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hash-'));
    const { code, json } = await cli.run(`hash ${join(folder, 'none')} --json`);
    expect(code).toBe(1);
    expect(json()).toMatchObject([{ event: 'error', code: 'file-missing' }]);
    await rm(folder, { recursive: true });
  });
});
