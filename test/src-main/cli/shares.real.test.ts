import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '#shared/errors.ts';
import { deviceA, deviceB, until } from '../../contract/fake-node.ts';
import { CliHarness } from './cli-harness.ts';
import { content, entryOf, hitOf, peerOf, searchOf, shareOf } from './things.ts';

let cli: CliHarness;
beforeEach(async () => { cli = await CliHarness.start(); });
afterEach(() => cli.close());

describe('share', () => {
  it('waits until everything is hashed and gives share id and content id', async () => {
    const hashed = shareOf({ state: 'ready', contentId: content, problems: { count: 1, first: [{ path: 'a', error: { code: 'name-not-shareable' } }] } });
    cli.node.handlers['shares.add'] = () => shareOf();
    cli.node.handlers['shares.whenHashed'] = async () => {
      await cli.tell({ type: 'share', share: shareOf({ path: join(cli.dataDir, 'Holiday'), hashedBytes: 1500 }) });
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
    await cli.tell({ type: 'peer', peer: peerOf() });
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
