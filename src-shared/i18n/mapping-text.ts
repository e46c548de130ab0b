import { mappingMethodNames, type PortMapping } from '../model/port-mapping.ts';

/** Which text of `mapping` says how things stand with the router, and what it names. */
export function mappingText(mapping: PortMapping): { readonly key: PortMapping['state'] | 'inner'; readonly params: Readonly<Record<string, string>> } {
  switch (mapping.state) {
    case 'mapped': return { key: mapping.isPublic ? 'mapped' : 'inner', params: { address: mapping.address, method: mappingMethodNames[mapping.method] } };
    case 'none': return { key: 'none', params: { router: mapping.router } };
    case 'failed': return { key: 'failed', params: { router: mapping.router, reason: mapping.reason } };
    default: return { key: mapping.state, params: {} };
  }
}
