import * as z from 'zod';
import { bytesSchema, deviceIdSchema, offerIdSchema, timestampSchema, transferIdSchema } from './ids.ts';
import { errorInfoSchema } from './error.ts';

/** A push: files, folders or a text that one person hands to another, who is asked. */
export const offerSchema = z.object({
  id: offerIdSchema,
  direction: z.enum(['in', 'out']),
  peer: deviceIdSchema,
  state: z.enum(['sending', 'asked', 'accepted', 'declined', 'done', 'cancelled', 'failed']),
  reason: errorInfoSchema.nullable(),
  /** A snippet of text; then there are no files. */
  text: z.string().nullable(),
  /** The first items; `count` tells how many there are. */
  items: z.array(z.object({ name: z.string(), kind: z.enum(['file', 'folder']), bytes: bytesSchema, files: z.int().nonnegative() })),
  count: z.int().nonnegative(),
  /** Links and special files (pipes, sockets, devices) in folders that we offer: they are not sent. `first`: paths of some; absent: there are none, or it is offered to us. */
  leftOut: z.object({ count: z.int().positive(), first: z.array(z.string()) }).optional(),
  bytes: bytesSchema,
  doneBytes: bytesSchema,
  /** The transfers that carry it on this device, once accepted. */
  transfers: z.array(transferIdSchema),
  at: timestampSchema,
});
export type Offer = z.infer<typeof offerSchema>;

/** The first of what is left out, as a sentence goes on with them. */
export const leftOutNames = ({ count, first }: NonNullable<Offer['leftOut']>): string => first.join(', ') + (count > first.length ? ', …' : '');
