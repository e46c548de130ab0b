import * as z from 'zod';
import { timestampSchema } from './ids.ts';

/** How a router was asked: PCP (RFC 6887), NAT-PMP (RFC 6886), UPnP IGD. */
export const mappingMethodSchema = z.enum(['pcp', 'nat-pmp', 'upnp']);
export type MappingMethod = z.infer<typeof mappingMethodSchema>;

/** What those are called, the same in every language. */
export const mappingMethodNames = { pcp: 'PCP', 'nat-pmp': 'NAT-PMP', upnp: 'UPnP' } as const satisfies Record<MappingMethod, string>;

/** Whether the router forwards our port, so that devices elsewhere can dial us. */
export const portMappingSchema = z.discriminatedUnion('state', [
  /** Switched off, or we are hidden. */
  z.object({ state: z.literal('off') }),
  /** Nobody outside would look for us: there is neither a server nor a room. */
  z.object({ state: z.literal('unneeded') }),
  /** No network in use that is no VPN has a router. */
  z.object({ state: z.literal('no-router') }),
  z.object({ state: z.literal('asking') }),
  z.object({
    state: z.literal('mapped'),
    method: mappingMethodSchema,
    /** The router's address (host), and the network it is in. */
    router: z.string(),
    network: z.string(),
    /** Where others dial us, `HOST:PORT`. */
    address: z.string(),
    /** False: the router is itself behind another one, so that the address means nothing on the internet. */
    isPublic: z.boolean(),
    /** When it ends unless it is renewed. */
    until: timestampSchema,
  }),
  /** The router does not do it (`none`), or would not (`failed`, with its answer as a code: `UPnP 606`). It is asked again at `nextAt`. */
  z.object({ state: z.literal('none'), router: z.string(), nextAt: timestampSchema }),
  z.object({ state: z.literal('failed'), router: z.string(), reason: z.string(), nextAt: timestampSchema }),
]);
export type PortMapping = z.infer<typeof portMappingSchema>;
