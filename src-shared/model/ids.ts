import * as z from 'zod';
import { isContentId, isDeviceId, isOfferId, isRoomId, isShareId, isTransferId } from '../ids.ts';
import type { ContentId, DeviceId, OfferId, RoomId, ShareId, TransferId } from '../ids.ts';

/** Schemas of the branded ids: validation at a border is what makes the brand true. */
export const deviceIdSchema = z.custom<DeviceId>((value) => typeof value === 'string' && isDeviceId(value), 'device id');
export const contentIdSchema = z.custom<ContentId>((value) => typeof value === 'string' && isContentId(value), 'content id');
export const shareIdSchema = z.custom<ShareId>((value) => typeof value === 'string' && isShareId(value), 'share id');
export const transferIdSchema = z.custom<TransferId>((value) => typeof value === 'string' && isTransferId(value), 'transfer id');
export const offerIdSchema = z.custom<OfferId>((value) => typeof value === 'string' && isOfferId(value), 'offer id');
export const roomIdSchema = z.custom<RoomId>((value) => typeof value === 'string' && isRoomId(value), 'room id');

export const bytesSchema = z.int().nonnegative();
export const timestampSchema = z.int().nonnegative();
export const millisSchema = z.number().nonnegative();
