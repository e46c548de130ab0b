import * as z from 'zod';
import { offerSchema } from '#shared/model/offer.ts';
import { jsonTable } from '../../disk/store/store.ts';

/** An offer as it outlives a restart. `sources`: what an outgoing one sends, the name it travels under and where it lies. */
const offerRecordSchema = z.object({
  offer: offerSchema,
  sources: z.array(z.object({ name: z.string(), path: z.string(), kind: z.enum(['file', 'folder']) })),
});
export type OfferRecord = z.infer<typeof offerRecordSchema>;
export type OfferSource = OfferRecord['sources'][number];

export const offersTable = jsonTable('offers', offerRecordSchema);
