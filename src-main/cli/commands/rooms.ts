import { text as textOf } from 'node:stream/consumers';
import encodeQR from 'qr';
import { findMember, findRoom } from '#shared/find-named.ts';
import { formatSeconds } from '#shared/i18n/format.ts';
import { shortId } from '#shared/ids.ts';
import type { Room, RoomMember } from '#shared/model/room.ts';
import { limits } from '#shared/limits.ts';
import { second } from '#shared/units.ts';
import type { AddCommands, CliContext } from '../context.ts';
import { durationOption } from '../duration-text.ts';
import { withNode } from '../with-node.ts';

export const addRoomCommand: AddCommands = (program, context) => {
  const { t, out } = context;
  const room = program.command('room').description(t('cli.command.room'));
  const changed = (now: Room, line: string): void => {
    out.event('room', now);
    out.line(line);
  };
  room.command('create').description(t('cli.room.command.create')).argument('<name>', t('cli.room.argument.name')).option('--lasts <time>', t('cli.room.option.lasts'))
    .action((name: string, { lasts }: { lasts?: string }) => withNode(context, async (api) => {
      const made = await api.call('rooms.create', { name, lastsMs: lasts === undefined ? null : durationOption(t, '--lasts', lasts) });
      const { words, link } = await api.call('rooms.invite', { room: made.id, language: out.locale });
      out.event('room', { ...made, words, link });
      out.line(t('cli.room.created', { name: made.name }));
      showInvitation(context, words, link);
    }));
  room.command('join').description(t('cli.room.command.join')).argument('<invitation...>', t('cli.room.argument.invitation'))
    .action((invitation: string[]) => withNode(context, async (api) => {
      const joined = await api.call('rooms.join', { invitation: await invitationOf(context, invitation) });
      changed(joined, joined.state === 'ready' ? t('cli.room.joined', { name: joined.name }) : joined.name === '' ? t('cli.room.lookingNameless') : t('cli.room.looking', { name: joined.name }));
    }));
  room.command('list').description(t('cli.room.command.list')).action(() => withNode(context, async (api) => {
    const rooms = await api.call('rooms.list', {});
    for (const each of rooms) out.event('room', each);
    showRooms(context, rooms);
  }));
  room.command('members').description(t('cli.room.command.members')).argument('<room>', t('cli.room.argument.room')).action((reference: string) => withNode(context, async (api) => {
    showMembers(context, findRoom(await api.call('rooms.list', {}), reference).members);
  }));
  room.command('invite').description(t('cli.room.command.invite')).argument('<room>', t('cli.room.argument.room')).option('--qr', t('cli.room.option.qr'))
    .action((reference: string, { qr = false }: { qr?: boolean }) => withNode(context, async (api) => {
      const { words, link } = await api.call('rooms.invite', { room: reference, language: out.locale });
      out.event('invitation', { words, link });
      showInvitation(context, words, link);
      if (qr) for (const line of encodeQR(link, 'ascii', { ecc: 'low', border: 2 }).trimEnd().split('\n')) out.line(line);
    }));
  room.command('rename').description(t('cli.room.command.rename')).argument('<room>', t('cli.room.argument.room')).argument('<name>', t('cli.room.argument.name'))
    .action((reference: string, name: string) => withNode(context, async (api) => {
      const now = await api.call('rooms.update', { room: reference, name });
      changed(now, t('cli.room.renamed', { name: now.name }));
    }));
  room.command('lasts').description(t('cli.room.command.lasts')).argument('<room>', t('cli.room.argument.room')).argument('<time>', t('cli.room.option.lasts'))
    .action((reference: string, time: string) => withNode(context, async (api) => {
      const now = await api.call('rooms.update', { room: reference, lastsMs: durationOption(t, 'time', time) });
      changed(now, `${now.name}: ${endText(context, now)}`);
    }));
  room.command('remove').description(t('cli.room.command.remove')).argument('<room>', t('cli.room.argument.room')).argument('<member>', t('cli.room.argument.member'))
    .action((reference: string, member: string) => withNode(context, async (api) => {
      const { id, members } = findRoom(await api.call('rooms.list', {}), reference);
      const taken = findMember(members, member);
      const now = await api.call('rooms.removeMember', { room: id, member: taken.id });
      changed(now, t('cli.room.removed', { name: now.name, member: taken.name }));
    }));
  room.command('leave').description(t('cli.room.command.leave')).argument('<room>', t('cli.room.argument.room'))
    .action((reference: string) => withNode(context, async (api) => {
      const left = findRoom(await api.call('rooms.list', {}), reference);
      await api.call('rooms.leave', { room: left.id });
      out.event('left', { room: left.id, name: left.name });
      out.line(t('cli.room.left', { name: nameOf(context, left) }));
    }));
};

/** Words on the command line can be read by others on this machine while the command runs: `-` takes them from the input. */
async function invitationOf({ stdin }: CliContext, words: readonly string[]): Promise<string> {
  const text = words.length === 1 && words[0] === '-' ? await textOf(stdin) : words.join(' ');
  return text.trim().slice(0, limits.rooms.invitationChars);
}

const nameOf = ({ t }: CliContext, { name }: Room): string => (name === '' ? t('cli.room.nameless') : name);

function endText({ t }: CliContext, { endsAt }: Room): string {
  return endsAt === null ? t('cli.room.endless') : t('cli.room.endsIn', { time: formatSeconds((endsAt - Date.now()) / second) });
}

function showInvitation({ out, t }: CliContext, words: string, link: string): void {
  out.line(t('cli.room.words'));
  out.line(`    ${words}`);
  out.line(t('cli.room.link'));
  out.line(`    ${link}`);
  out.line(t('cli.room.secret'));
}

function showRooms(context: CliContext, rooms: readonly Room[]): void {
  const { out, t } = context;
  if (rooms.length === 0) out.line(t('cli.room.none'));
  out.table(
    [{ title: t('cli.column.name') }, { title: t('cli.column.id') }, { title: t('cli.column.state') }, { title: t('cli.room.column.members'), align: 'right' }, { title: t('cli.room.column.online'), align: 'right' }, { title: t('cli.room.column.ends') }],
    rooms.map((room) => [
      nameOf(context, room), room.id.slice(0, 8), t(`cli.room.state.${room.state}`), String(room.members.length + 1), String(room.members.filter(({ online }) => online).length + 1), endText(context, room),
    ]),
  );
}

function showMembers({ out, t }: CliContext, members: readonly RoomMember[]): void {
  for (const member of members) out.event('member', member);
  if (members.length === 0) out.line(t('cli.room.alone'));
  const clock = new Intl.DateTimeFormat(out.locale, { dateStyle: 'short', timeStyle: 'short' });
  out.table(
    [{ title: t('cli.column.name') }, { title: t('cli.column.id') }, { title: t('cli.column.state') }, { title: t('cli.room.column.seen') }],
    members.map(({ name, id, online, lastSeen, isOwner }) => [
      isOwner ? t('cli.room.owner', { name }) : name, shortId(id), t(online ? 'state.presence.online' : 'state.presence.offline'), lastSeen === null ? t('cli.room.neverMet') : clock.format(lastSeen),
    ]),
  );
}
