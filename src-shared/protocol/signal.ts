import * as z from 'zod';
import { limits } from '../limits.ts';

const addressSchema = z.string().min(3).max(300);
/** Tells one try of two devices to meet from another; whoever begins makes it up. */
const attemptSchema = z.string().regex(/^[0-9a-f]{16}$/);

/**
 * What two devices tell each other through a bootstrap server before they are linked. It proves nothing: a server or a stranger can make it up, and gets a
 * connection that ends in the handshake.
 */
export const signalSchema = z.discriminatedUnion('kind', [
  /** Dial me: these are all my addresses. */
  z.object({ kind: z.literal('call'), addresses: z.array(addressSchema).max(limits.bootstrap.addressesPerNode) }),
  /** Connect to this address from a port of your own, again and again for some seconds, and tell me where that port is seen from outside. I do the same. */
  z.object({ kind: z.literal('punch'), attempt: attemptSchema, address: addressSchema }),
  z.object({ kind: z.literal('punch-answer'), attempt: attemptSchema, address: addressSchema }),
]);
export type Signal = z.infer<typeof signalSchema>;
