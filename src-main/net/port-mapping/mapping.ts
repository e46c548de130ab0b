import type { MappingMethod } from '#shared/model/port-mapping.ts';
import type { Lease } from '../../core/port-mapping/mapping-machine.ts';
import type { Router } from './routers.ts';

/** The reason of a router that has no line to anywhere itself. */
export const noAddress = 'no-address';

/** A port of a router that leads to ours. */
export interface Mapping extends Lease {
  readonly method: MappingMethod;
  readonly router: Router;
  /** Where others dial: the router's outside address. */
  readonly host: string;
  readonly outsidePort: number;
  /** What the method needs to renew and to end it: PCP's nonce, UPnP's control URL and service. */
  readonly proof: { readonly nonce: Uint8Array } | { readonly controlUrl: string; readonly service: string } | null;
}

/** What came of asking a router in one way. */
export type Outcome =
  | { readonly kind: 'granted'; readonly mapping: Mapping }
  | { readonly kind: 'refused'; readonly reason: string }
  /** It does not know this way. */
  | { readonly kind: 'silent' };

export interface AskOptions {
  /** Where we listen. */
  readonly port: number;
  /** What to renew. */
  readonly before: Mapping | null;
  readonly signal: AbortSignal;
}
