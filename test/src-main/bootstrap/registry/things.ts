import { contentIdOf, deviceIdOf, type ContentId, type DeviceId } from '#shared/ids.ts';
import type { Entry } from '#shared/protocol/bootstrap.ts';
import { Registry, type RegistryLimits, type RegistryOut } from '#main/bootstrap/registry/registry.ts';

const filled = (number: number): Uint8Array => {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
};
export const deviceOf = (number: number): DeviceId => deviceIdOf(filled(number));
export const contentOf = (number: number): ContentId => contentIdOf(filled(number));
export const roomOf = (number: number): string => number.toString(16).padStart(16, '0');

export const entryOf = (number: number, name = `file ${number}.txt`, bytes = 1000): Entry => ({ contentId: contentOf(number), kind: 'file', name, bytes });

export const wide: RegistryLimits = { silenceMs: 30_000, nodes: 1000, nodesPerNetwork: 1000, entries: 100_000, entriesPerNode: 10_000, entriesPerNetwork: 100_000 };

export const deaf: RegistryOut = { nodeChanged: () => undefined, nodeGone: () => undefined, entryAdded: () => undefined, entryRemoved: () => undefined };

export const registryOf = (bounds: Partial<RegistryLimits> = {}, out: RegistryOut = deaf): Registry => new Registry({ ...wide, ...bounds }, out);

export const said = (number: number, rooms: readonly string[] = []) => ({ addresses: [`10.0.0.${number % 250}:47800`], rooms, outside: `192.0.2.${number % 250}` });

/** Everything that a store keeps of a registry. */
export const stateOf = (registry: Registry): unknown => [...registry.nodes()]
  .map((node) => ({ deviceId: node.deviceId, addresses: node.addresses, rooms: node.rooms, outside: node.outside, revision: node.revision, entries: [...node.listings.values()].map((listing) => node.entryOf(listing)).sort((one, other) => (one.contentId < other.contentId ? -1 : 1)) }))
  .sort((one, other) => (one.deviceId < other.deviceId ? -1 : 1));
