import * as z from 'zod';
import { diagnosisSchema } from '../model/diagnosis.ts';
import { errorInfoSchema } from '../model/error.ts';
import { deviceIdSchema, offerIdSchema, roomIdSchema, shareIdSchema, transferIdSchema } from '../model/ids.ts';
import { pairingSchema, peerSchema } from '../model/peer.ts';
import { roomSchema, roomEndSchema } from '../model/room.ts';
import { shareSchema } from '../model/share.ts';
import { directionSchema, transferSchema } from '../model/transfer.ts';
import { offerSchema } from '../model/offer.ts';
import { searchStateSchema } from '../model/search.ts';
import { nodeStatusSchema } from '../model/status.ts';
import { settingsSchema } from '../settings.ts';

/**
 * Everything that happens in a node, as one stream. An event carries the whole new state of the one thing it is about,
 * so that a face that missed some can go on. A thing changes at most twice a second in the stream.
 */
export const nodeEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('status'), status: nodeStatusSchema }),
  z.object({ type: z.literal('settings'), settings: settingsSchema }),
  z.object({ type: z.literal('peer'), peer: peerSchema }),
  z.object({ type: z.literal('peer-gone'), id: deviceIdSchema }),
  z.object({ type: z.literal('pairing'), pairing: pairingSchema }),
  z.object({ type: z.literal('room'), room: roomSchema }),
  /** `became`: the room goes on under this id, which was not known while it was joined by words alone. */
  z.object({ type: z.literal('room-gone'), id: roomIdSchema, name: z.string(), why: roomEndSchema, became: roomIdSchema.nullable() }),
  z.object({ type: z.literal('share'), share: shareSchema }),
  z.object({ type: z.literal('share-gone'), id: shareIdSchema }),
  /** What a device shares has changed; `share` tells which one, by name, and is empty when it may be any. */
  z.object({ type: z.literal('listing'), peer: deviceIdSchema, share: z.string() }),
  z.object({ type: z.literal('transfer'), transfer: transferSchema }),
  /** All of a direction that are forgotten at once, so that a cleared list of thousands is a few events. */
  z.object({ type: z.literal('transfers-gone'), direction: directionSchema, ids: z.array(transferIdSchema) }),
  z.object({ type: z.literal('offer'), offer: offerSchema }),
  z.object({ type: z.literal('offer-gone'), id: offerIdSchema }),
  z.object({ type: z.literal('search'), search: searchStateSchema }),
  /** What a run of the doctor has found so far. */
  z.object({ type: z.literal('diagnosis'), diagnosis: diagnosisSchema }),
  /** Something a user should hear of once: shown as a toast or a line. */
  z.object({ type: z.literal('problem'), error: errorInfoSchema }),
]);
export type NodeEvent = z.infer<typeof nodeEventSchema>;
