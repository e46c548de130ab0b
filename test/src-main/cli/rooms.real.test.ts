import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { roomIdSchema } from '#shared/model/ids.ts';
import type { Room } from '#shared/model/room.ts';
import { AppError } from '#shared/errors.ts';
import { hour } from '#shared/units.ts';
import { deviceB } from '../../contract/fake-node.ts';
import { CliHarness } from './cli-harness.ts';
import { shareOf } from './things.ts';

const words = 'legal winner thank year wave sausage worth useful legal winner thank yellow';
const link = `distrishare:room/${'7f'.repeat(16)}`;
const roomOf = (change: Partial<Room> = {}): Room => ({
  id: roomIdSchema.parse('e'.repeat(32)), name: 'Kitchen', state: 'ready', isMine: true, endsAt: null, joinedAt: 1,
  members: [{ id: deviceB, name: 'Basil', avatarSeed: '', online: true, lastSeen: 5, isOwner: false }], ...change,
});

let cli: CliHarness;
beforeEach(async () => {
  cli = await CliHarness.start();
  cli.node.handlers['rooms.list'] = () => [roomOf()];
  cli.node.handlers['rooms.invite'] = () => ({ words, link });
});
afterEach(() => cli.close());
const lastArgs = (): unknown => cli.node.asked.findLast(({ name }) => name !== 'rooms.list' && name !== 'rooms.invite')?.args;

describe('a room', () => {
  it('is made, with the words and the link that let others in', async () => {
    cli.node.handlers['rooms.create'] = () => roomOf();
    const { code, out } = await cli.run('room create Kitchen --lasts 3h');
    expect([code, lastArgs()]).toEqual([0, { name: 'Kitchen', lastsMs: 3 * hour }]);
    expect(out).toContain(words);
    expect(out).toContain(link);
    for (const lasts of ['soon', '0m', '9999d', '3']) expect((await cli.run(`room create Kitchen --lasts ${lasts}`)).err).toContain(`${lasts} is no time`);
  });

  it('is joined by words, by a link, and by what is typed in', async () => {
    cli.node.handlers['rooms.join'] = ({ invitation }) => {
      if (invitation === 'nonsense') throw new AppError('invitation-unreadable', { place: 1, word: 'nonsense' });
      return roomOf({ name: '', state: 'looking', isMine: false });
    };
    expect((await cli.run(`room join ${words}`)).out).toContain('You are in the room as soon as one of its members is online.');
    expect(lastArgs()).toEqual({ invitation: words });
    const refused = await cli.run('room join nonsense');
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('word 1, “nonsense”')]);
  });

  it('is listed, with its members, and by its name or its id', async () => {
    expect((await cli.run('room list')).out).toMatch(/Kitchen +eeeeeeee +ready +2 +2 +does not end by itself/);
    for (const name of ['kitchen', 'eeee']) expect((await cli.run(`room members ${name}`)).out).toMatch(/Basil +\S+ +online/);
    expect((await cli.run('room members Cellar')).err).toContain('There is no room “Cellar”.');
    cli.node.handlers['rooms.list'] = () => [];
    expect((await cli.run('room list')).out).toContain('You are in no room.');
  });

  it('is shown again to whoever invites, also as a picture', async () => {
    expect((await cli.run('room invite Kitchen --json')).json()).toEqual([{ event: 'invitation', words, link }]);
    const picture = (await cli.run('room invite Kitchen --qr')).out.split('\n').filter((line) => /^[▀▄█ ]{20,}$/.test(line));
    expect(picture.length).toBeGreaterThan(10);
    expect(new Set(picture.map(({ length }) => length)).size).toBe(1);
  });

  it('is renamed, ended, left, and cleared of somebody', async () => {
    cli.node.handlers['rooms.update'] = ({ name, lastsMs }) => roomOf({ name: name ?? 'Kitchen', endsAt: lastsMs == null ? null : Date.now() + lastsMs });
    cli.node.handlers['rooms.removeMember'] = () => roomOf({ members: [] });
    cli.node.handlers['rooms.leave'] = () => ({});
    expect((await cli.run('room rename Kitchen Pantry')).out).toContain('“Pantry”');
    expect((await cli.run('room lasts Kitchen 2h')).out).toContain('ends in 2 h');
    await cli.run('room lasts Kitchen off');
    expect(lastArgs()).toEqual({ room: 'Kitchen', lastsMs: null });
    expect((await cli.run('room remove Kitchen bas')).out).toContain('Basil is not in “Kitchen” any more.');
    expect((await cli.run('room leave kit')).out).toContain('You have left: Kitchen.');
    expect(lastArgs()).toEqual({ room: 'e'.repeat(32) });
  });

  it('is an audience, by its name', async () => {
    cli.node.handlers['shares.add'] = ({ audience }) => shareOf({ audience });
    cli.node.handlers['shares.list'] = () => [shareOf({ audience: { kind: 'room', room: 'e'.repeat(32) } })];
    expect((await cli.run('share Holiday --room Kitchen')).out).toContain('Visible to: the room “Kitchen”.');
    expect(lastArgs()).toMatchObject({ audience: { kind: 'room', room: 'e'.repeat(32) } });
    expect((await cli.run('shares')).out).toContain('the room “Kitchen”');
    expect((await cli.run('share Holiday --room Cellar')).err).toContain('There is no room “Cellar”.');
  });
});
