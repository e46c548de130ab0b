import { endByPcp, askByPcp } from './pcp.ts';
import type { MappingWays } from './port-mapper.ts';
import { listRouters } from './routers.ts';
import { askByUpnp, endByUpnp } from './upnp.ts';

/** PCP and NAT-PMP first: two packets, and nothing to misread. */
export const mappingWays: MappingWays = {
  routers: listRouters,
  methods: [askByPcp, askByUpnp],
  end: (mapping, port, signal) => (mapping.method === 'upnp' ? endByUpnp(mapping, signal) : endByPcp(mapping, port, signal)),
};
