import { endByPcp, askByPcp } from './pcp.ts';
import type { MappingWays } from './port-mapper.ts';
import { listRouters, listRouters6 } from './routers.ts';
import { askByUpnp, endByUpnp } from './upnp.ts';

/** PCP and NAT-PMP first: two packets, and nothing to misread. */
export const mappingWays: MappingWays = {
  routers: listRouters,
  methods: [askByPcp, askByUpnp],
  end: (mapping, port, signal) => (mapping.method === 'upnp' ? endByUpnp(mapping, signal) : endByPcp(mapping, port, signal)),
};

/** The router of an IPv6 network translates nothing, but lets nobody in unasked: PCP makes an opening (a pinhole) for our address and port. */
export const pinholeWays: MappingWays = { routers: listRouters6, methods: [askByPcp], end: endByPcp };
