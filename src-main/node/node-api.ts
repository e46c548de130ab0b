import { AppError } from '#shared/errors.ts';
import { parseAddress } from '#shared/address.ts';
import type { CallArgs, CallName, CallResult, CheckedArgs } from '#shared/api/contract.ts';
import { calls } from '#shared/api/contract.ts';
import type { NodeApi } from '#shared/api/node-api.ts';
import type { NodeEvent } from '#shared/api/events.ts';
import { limits } from '#shared/limits.ts';
import { defaultSettings } from '#shared/settings.ts';
import { badArgument } from '#shared/value-problem.ts';
import { findLocal, listLocal } from './local-files.ts';
import type { NodeParts } from './node-parts.ts';

type Handlers = { readonly [Name in CallName]: (args: CheckedArgs<Name>, signal: AbortSignal) => Promise<CallResult<Name>> };

/** The NodeApi of a running node: every call of the contract, answered by the service it belongs to. */
export function createNodeApi(parts: NodeParts): NodeApi {
  const handlers = handlersOf(parts);
  const run = <Name extends CallName>(name: Name, args: CheckedArgs<Name>, signal: AbortSignal): Promise<CallResult<Name>> => handlers[name](args, signal);
  return {
    async call<Name extends CallName>(name: Name, args: CallArgs<Name>, options?: { signal?: AbortSignal }) {
      const signal = options?.signal ?? new AbortController().signal;
      if (signal.aborted) throw new AppError('cancelled');
      const checked = calls[name].args.safeParse(args);
      if (!checked.success) throw badArgument(checked.error);
      return run(name, checked.data as CheckedArgs<Name>, signal);
    },
    subscribe(listener: (event: NodeEvent) => void) {
      return parts.events.subscribe(listener);
    },
  };
}

function handlersOf(parts: NodeParts): Handlers {
  const { devices, transfers, uploads, finishedUploads, offers, pairing, rooms, search, settings, library, browse } = parts;
  const done = {};
  return {
    'node.status': () => parts.status(),
    'settings.get': async () => Promise.resolve(settings.get()),
    'settings.set': async ({ patch }) => {
      // A folder that nothing can go to is refused now, not by the first download.
      if (patch.downloadDir !== undefined) await transfers.makeFolder(patch.downloadDir);
      return settings.set(patch);
    },

    'peers.list': async () => Promise.resolve(devices.list()),
    'peers.connect': async ({ address }, signal) => {
      const target = parseAddress(address) ?? parseAddress(address.includes(':') && !address.startsWith('[') ? `[${address}]:${defaultSettings.port}` : `${address}:${defaultSettings.port}`);
      if (target === null) throw new AppError('bad-argument', { argument: 'address', problem: 'address' });
      return parts.connect(target, signal);
    },
    'peers.block': ({ peer, blocked }) => parts.block(peer, blocked),
    'peers.setAutoAccept': ({ peer, autoAccept }) => devices.setAutoAccept(peer, autoAccept),
    'peers.setLimits': ({ peer, down, up }) => parts.setLimits(peer, { ...(down === undefined ? {} : { down }), ...(up === undefined ? {} : { up }) }),
    'peers.unpair': ({ peer }) => parts.unpair(peer),
    'peers.forgive': async ({ peer }) => {
      const { id } = devices.find(peer);
      transfers.forgive(id);
      return Promise.resolve(devices.find(id));
    },
    'peers.forget': async ({ peer }) => {
      await parts.forgetDevice(peer);
      return done;
    },

    'pairing.start': ({ peer }) => pairing.start(devices.linkOf(peer)),
    'pairing.answer': ({ peer, same }) => pairing.answer(devices.linkOf(peer), same),
    'pairing.list': async () => Promise.resolve(pairing.list()),

    'rooms.list': async () => Promise.resolve(rooms.list()),
    'rooms.create': ({ name, lastsMs }) => rooms.create(name, lastsMs),
    'rooms.join': ({ invitation }) => rooms.join(invitation),
    'rooms.invite': async ({ room, language }) => Promise.resolve(rooms.invite(room, language)),
    'rooms.update': ({ room, name, lastsMs }) => rooms.update(room, { name, lastsMs }),
    'rooms.removeMember': ({ room, member }) => rooms.removeMember(room, member),
    'rooms.leave': async ({ room }) => {
      await rooms.leave(room);
      return done;
    },

    'doctor.run': ({ peer }, signal) => parts.diagnose(peer ?? null, signal),

    'shares.list': async () => [...(await library.shares())],
    'shares.add': ({ path, audience, name }) => library.add(path, rooms.audience(audience), name),
    'shares.update': ({ share, audience, name }) => library.update(share, { ...(audience === undefined ? {} : { audience: rooms.audience(audience) }), ...(name === undefined ? {} : { name }) }),
    'shares.remove': async ({ share }) => {
      await library.remove(share);
      return done;
    },
    'shares.rescan': ({ share }) => library.rescan(share),
    'shares.pauseHashing': ({ share, paused }) => library.pauseHashing(share, paused),
    'shares.whenHashed': ({ id }, signal) => library.whenHashed(id, signal),
    'shares.browse': async ({ path, cursor, limit }) => {
      const page = await library.browse({ kind: 'self' }, path, cursor, limit);
      return { ...page, entries: [...page.entries] };
    },

    'local.find': ({ path }) => findLocal(path),
    'local.list': ({ path, files }) => listLocal(path, files),
    'browse.list': ({ peer, path, cursor, limit }, signal) => browse(devices.linkOf(devices.findToAsk(peer).id), path, cursor, limit, signal),

    'search.start': async ({ words, filter }) => Promise.resolve(search.start(words, filter ?? { type: 'any' })),
    'search.get': async ({ id }) => Promise.resolve(search.get(id)),
    'search.stop': async ({ id }) => {
      search.stop(id);
      return Promise.resolve(done);
    },

    'transfers.list': ({ finished, direction, cursor, limit }) => parts.listTransfers({ finished, direction }, cursor, limit ?? limits.browse.entriesPerPage),
    'transfers.get': async ({ id }) => uploads.detail(id) ?? (await finishedUploads.detail(id)) ?? (await transfers.detail(id)),
    'transfers.files': ({ id, cursor, limit }) => transfers.files(id, cursor, limit),
    'transfers.start': ({ source, to, priority, inOrder }, signal) => parts.startDownload(source, { to, priority: priority ?? 'normal', inOrder: inOrder ?? false }, signal),
    'transfers.pause': ({ id }) => transfers.pause(id),
    'transfers.resume': ({ id }) => transfers.resume(id),
    'transfers.cancel': ({ id, deletePartial }) => transfers.cancel(id, deletePartial ?? false),
    'transfers.retry': async ({ id }) => ({ retried: await transfers.retry(id) }),
    'transfers.pauseAll': async ({ paused }) => ({ changed: await transfers.pauseAll(paused) }),
    'transfers.setPriority': ({ id, priority }) => transfers.setPriority(id, priority),
    'transfers.setInOrder': ({ id, inOrder }) => transfers.setInOrder(id, inOrder),
    'transfers.setFilePriority': ({ id, indices, priority }) => transfers.setFilePriority(id, indices, priority),
    'transfers.forget': async ({ id, direction }) => ({ forgotten: await parts.forgetTransfers(id, direction) }),

    'offers.list': async () => Promise.resolve(offers.list()),
    'offers.send': ({ peer, paths }) => offers.send(devices.linkOf(peer), paths),
    'offers.sendText': ({ peer, text }) => offers.sendText(devices.linkOf(peer), text),
    'offers.accept': ({ id, to }) => offers.accept(id, to),
    'offers.decline': ({ id }) => offers.decline(id),
    'offers.cancel': ({ id }) => offers.cancel(id),

    'demo.start': async () => {
      await parts.demo.start();
      return done;
    },
    'demo.stop': async () => {
      await parts.demo.stop();
      return done;
    },
  };
}

