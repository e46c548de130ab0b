import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { offerIdSchema } from '#shared/model/ids.ts';
import type { Offer } from '#shared/model/offer.ts';
import type { Pairing } from '#shared/model/peer.ts';
import { deviceA, deviceB, until } from '../../contract/fake-node.ts';
import { CliHarness } from './cli-harness.ts';
import type { CliRun } from './cli-harness.ts';
import { offerId, offerOf, peerOf } from './things.ts';

let cli: CliHarness;
beforeEach(async () => { cli = await CliHarness.start(); });
afterEach(() => cli.close());

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
      queueMicrotask(() => { void cli.tell({ type: 'offer', offer: offerOf({ direction: 'in', state: 'done', doneBytes: 1000 }) }); });
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
      queueMicrotask(() => { void cli.tell({ type: 'pairing', pairing: pairingOf('done') }); });
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

  it.each([['at the question', 'wait', 'compare'], ['while it waits for the other person', 'y\n', 'waiting-for-them']] as const)('can be interrupted %s, which is a no', async (_when, stdin, state) => {
    const run = cli.begin('pair amber', { stdin });
    cli.node.handlers['pairing.answer'] = ({ same }) => pairingOf(same ? state : 'failed');
    await until(() => run.out().includes('123 456') && (state === 'compare' || run.err().includes('Waiting for')));
    run.interrupt();
    expect((await run.result).code).toBe(5);
    expect(cli.node.asked.at(-1)).toEqual({ name: 'pairing.answer', args: { peer: deviceA, same: false } });
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
