import * as z from 'zod';
import { limits } from '../limits.ts';
import { settingsPatchSchema, settingsSchema } from '../settings.ts';
import { contentIdSchema, offerIdSchema, shareIdSchema, transferIdSchema, bytesSchema } from '../model/ids.ts';
import { diagnosisSchema } from '../model/diagnosis.ts';
import { rateLimitSchema } from '../model/limit.ts';
import { pairingSchema, peerSchema } from '../model/peer.ts';
import { invitationSchema, roomSchema } from '../model/room.ts';
import { audienceSchema, entrySchema, shareSchema } from '../model/share.ts';
import { directionSchema, filePrioritySchema, prioritySchema, transferDetailSchema, transferFileSchema, transferSchema } from '../model/transfer.ts';
import { offerSchema } from '../model/offer.ts';
import { searchFilterSchema, searchStateSchema } from '../model/search.ts';
import { nodeStatusSchema } from '../model/status.ts';

/** A call: what it takes and what it gives. Every transport validates both ends with these schemas. */
interface Call<Args extends z.ZodType, Result extends z.ZodType> {
  readonly args: Args;
  readonly result: Result;
}
const call = <Args extends z.ZodType, Result extends z.ZodType>(args: Args, result: Result): Call<Args, Result> => ({ args, result });

const nothing = z.object({});
const done = z.object({});
/** A device: its id, a unique prefix of one, its name, or a part of that that fits no other (`find-named.ts`: whose). */
const peerRef = z.string().min(1).max(200);
/** `SHARE/FOLDER/FILE` on a device; empty means the list of shares. */
const remotePath = z.string().max(limits.names.pathBytes);
const localPath = z.string().min(1).max(limits.names.pathBytes);
/** Opaque; from the previous page's `next`. */
const cursor = z.string().max(2 * limits.names.pathBytes);
const pageSize = z.int().min(1).max(limits.browse.entriesPerPage);

/** A room: its id, a unique beginning of it, its name, or a part of that that fits no other. */
const roomRef = z.string().min(1).max(200);
const roomName = z.string().trim().min(1).max(limits.rooms.nameChars);
/** From now on, milliseconds; null: it does not end by itself. */
const lasts = z.int().min(1).max(limits.rooms.lastsMs).nullable();

const sourceSchema = z.discriminatedUnion('kind', [
  /** `known`: as a listing told it, so that the download of somebody who is away can wait until they are back. */
  z.object({
    kind: z.literal('path'), peer: peerRef, path: remotePath.min(1),
    known: z.object({ kind: z.enum(['file', 'folder']), contentId: contentIdSchema.nullable() }).optional(),
  }),
  z.object({ kind: z.literal('content'), contentId: contentIdSchema, name: z.string().max(255).optional() }),
]);
export type TransferSource = z.infer<typeof sourceSchema>;

/**
 * The one contract of a running DistriShare. UI (Electron IPC or WebSocket), CLI and tests all speak it; none of them
 * reaches the node in any other way. Names are `area.verb`.
 */
export const calls = {
  'node.status': call(nothing, nodeStatusSchema),

  'settings.get': call(nothing, settingsSchema),
  'settings.set': call(z.object({ patch: settingsPatchSchema }), settingsSchema),

  'peers.list': call(nothing, z.array(peerSchema)),
  /** Links to `HOST:PORT`, `HOST` (default port) or `[IPV6]:PORT`; answers when linked. */
  'peers.connect': call(z.object({ address: z.string().min(1).max(300) }), peerSchema),
  'peers.block': call(z.object({ peer: peerRef, blocked: z.boolean() }), peerSchema),
  'peers.setAutoAccept': call(z.object({ peer: peerRef, autoAccept: z.boolean() }), peerSchema),
  /** What may come from a device and go to it; what is left out stays as it is. The strictest of all limits wins. */
  'peers.setLimits': call(z.object({ peer: peerRef, down: rateLimitSchema.optional(), up: rateLimitSchema.optional() }), peerSchema),
  /** Takes a device back to `seen` and out of every audience. */
  'peers.unpair': call(z.object({ peer: peerRef }), peerSchema),
  /** Forgets the wrong pieces it sent: whoever was banned for them is asked again at once. */
  'peers.forgive': call(z.object({ peer: peerRef }), peerSchema),
  /** Also takes it out of every audience. */
  'peers.forget': call(z.object({ peer: peerRef }), done),

  /** Starts comparing codes; answers when both devices show the code. */
  'pairing.start': call(z.object({ peer: peerRef }), pairingSchema),
  /** The user's word on whether both codes are the same. */
  'pairing.answer': call(z.object({ peer: peerRef, same: z.boolean() }), pairingSchema),
  'pairing.list': call(nothing, z.array(pairingSchema)),

  'rooms.list': call(nothing, z.array(roomSchema)),
  'rooms.create': call(z.object({ name: roomName, lastsMs: lasts }), roomSchema),
  /** The words of a room, or an invitation link. Answers at once: members are looked for in the background. */
  'rooms.join': call(z.object({ invitation: z.string().min(1).max(limits.rooms.invitationChars) }), roomSchema),
  /** How others get in. Whoever has it can: it is shown to nobody but the user. `language` of the words; a device understands all. */
  'rooms.invite': call(z.object({ room: roomRef, language: z.enum(['en', 'es']) }), invitationSchema),
  /** Only whoever made the room can change its name or end, or remove somebody: that gives the others a new passphrase. */
  'rooms.update': call(z.object({ room: roomRef, name: roomName.optional(), lastsMs: lasts.optional() }), roomSchema),
  'rooms.removeMember': call(z.object({ room: roomRef, member: peerRef }), roomSchema),
  /** What was shared with it is visible to nobody then. */
  'rooms.leave': call(z.object({ room: roomRef }), done),

  /**
   * Tests step by step why nobody appears, or why `peer` (a device, or `HOST:PORT`) does not; answers within seconds, and tells
   * by `diagnosis` events how far it is. Links to the device when it can be reached after all.
   */
  'doctor.run': call(z.object({ peer: z.string().min(1).max(300).optional() }), diagnosisSchema),

  'shares.list': call(nothing, z.array(shareSchema)),
  'shares.add': call(z.object({ path: localPath, audience: audienceSchema, name: z.string().min(1).max(limits.names.shareNameChars).optional() }), shareSchema),
  'shares.update': call(z.object({ share: z.string().min(1), audience: audienceSchema.optional(), name: z.string().min(1).max(limits.names.shareNameChars).optional() }), shareSchema),
  /** `share` is an id, a name or the path that is shared. Files stay where they are. */
  'shares.remove': call(z.object({ share: z.string().min(1) }), done),
  'shares.rescan': call(z.object({ share: z.string().min(1) }), shareSchema),
  /** Stops or continues hashing; files that somebody asks for are hashed all the same. */
  'shares.pauseHashing': call(z.object({ share: z.string().min(1), paused: z.boolean() }), shareSchema),
  /** Answers when every file of the share is hashed. */
  'shares.whenHashed': call(z.object({ id: shareIdSchema }), shareSchema),
  /** What can be seen of one's own share: same listing as `browse.list`, without the link. */
  'shares.browse': call(z.object({ path: remotePath, cursor: cursor.optional(), limit: pageSize }), z.object({ entries: z.array(entrySchema), total: z.int(), next: cursor.nullable() })),

  /** What lies at a path of this machine that somebody typed: whole, from the home folder on, or with `~` for that. */
  'local.find': call(z.object({ path: z.string().min(1).max(limits.names.pathBytes) }), z.object({ path: z.string(), kind: z.enum(['file', 'folder']) })),
  /** Folders and files of this machine, to choose what to share or where to save. Empty path: the home folder; else as in `local.find`. */
  'local.list': call(
    z.object({ path: z.string().max(limits.names.pathBytes), files: z.boolean() }),
    z.object({
      path: z.string(),
      parent: z.string().nullable(),
      entries: z.array(z.object({ name: z.string(), path: z.string(), kind: z.enum(['file', 'folder']), bytes: bytesSchema })),
      truncated: z.boolean(),
    }),
  ),

  'browse.list': call(
    z.object({ peer: peerRef, path: remotePath, cursor: cursor.optional(), limit: pageSize }),
    z.object({ entries: z.array(entrySchema), total: z.int().nonnegative(), next: cursor.nullable() }),
  ),

  /** Asks every connected device; results arrive as `search` events and by `search.get`. */
  'search.start': call(z.object({ words: z.string().min(1).max(limits.search.queryChars), filter: searchFilterSchema.optional() }), searchStateSchema),
  'search.get': call(z.object({ id: z.string() }), searchStateSchema),
  'search.stop': call(z.object({ id: z.string() }), done),

  /**
   * `finished`: only what needs nobody any more, or only the rest; what failed waits for the user. `direction`: only downloads, or only uploads. Newest first, and
   * uploads that ended after everything else.
   */
  'transfers.list': call(z.object({ finished: z.boolean().optional(), direction: directionSchema.optional(), cursor: cursor.optional(), limit: pageSize.optional() }), z.object({ transfers: z.array(transferSchema), total: z.int(), next: cursor.nullable() })),
  'transfers.get': call(z.object({ id: transferIdSchema }), transferDetailSchema),
  'transfers.files': call(z.object({ id: transferIdSchema, cursor: cursor.optional(), limit: pageSize }), z.object({ files: z.array(transferFileSchema), total: z.int(), next: cursor.nullable() })),
  /** `to` is a folder of this machine; the download's own name is created inside it. */
  'transfers.start': call(z.object({ source: sourceSchema, to: localPath.optional(), priority: prioritySchema.optional(), inOrder: z.boolean().optional() }), transferSchema),
  'transfers.pause': call(z.object({ id: transferIdSchema }), transferSchema),
  'transfers.resume': call(z.object({ id: transferIdSchema }), transferSchema),
  /** Ends it. What is already verified stays on disk unless `deletePartial`. */
  'transfers.cancel': call(z.object({ id: transferIdSchema, deletePartial: z.boolean().optional() }), transferSchema),
  'transfers.retry': call(z.object({ id: transferIdSchema.optional() }), z.object({ retried: z.int() })),
  'transfers.pauseAll': call(z.object({ paused: z.boolean() }), z.object({ changed: z.int() })),
  'transfers.setPriority': call(z.object({ id: transferIdSchema, priority: prioritySchema }), transferSchema),
  /** Takes effect on what has not been asked for yet. */
  'transfers.setInOrder': call(z.object({ id: transferIdSchema, inOrder: z.boolean() }), transferSchema),
  /** Files by index; finished ones stay as they are. A download that was done goes on when a file is wanted again. */
  'transfers.setFilePriority': call(z.object({ id: transferIdSchema, indices: z.array(z.int().nonnegative()).max(100_000), priority: filePrioritySchema }), transferSchema),
  /** One that ended, or all that are finished, in one direction or both. No file changes. */
  'transfers.forget': call(z.object({ id: transferIdSchema.optional(), direction: directionSchema.optional() }), z.object({ forgotten: z.int() })),

  'offers.list': call(nothing, z.array(offerSchema)),
  'offers.send': call(z.object({ peer: peerRef, paths: z.array(localPath).min(1).max(limits.push.itemsListed) }), offerSchema),
  'offers.sendText': call(z.object({ peer: peerRef, text: z.string().min(1).max(limits.push.textBytes) }), offerSchema),
  'offers.accept': call(z.object({ id: z.string().min(1), to: localPath.optional() }), offerSchema),
  'offers.decline': call(z.object({ id: z.string().min(1) }), offerSchema),
  'offers.cancel': call(z.object({ id: offerIdSchema }), offerSchema),

  /** A second node on this machine with sample content, so that one person can try everything. */
  'demo.start': call(nothing, done),
  'demo.stop': call(nothing, done),
} as const satisfies Record<string, Call<z.ZodType, z.ZodType>>;

export type CallName = keyof typeof calls;
export type CallArgs<Name extends CallName> = z.input<(typeof calls)[Name]['args']>;
/** Arguments after validation, with defaults filled in. */
export type CheckedArgs<Name extends CallName> = z.output<(typeof calls)[Name]['args']>;
export type CallResult<Name extends CallName> = z.output<(typeof calls)[Name]['result']>;
export const isCallName = (text: string): text is CallName => Object.hasOwn(calls, text);
