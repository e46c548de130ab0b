import type { DeviceId } from '#shared/ids.ts';
import { BootstrapError } from '#shared/protocol/bootstrap-errors.ts';
import type { HealthAnswer } from '#shared/protocol/bootstrap.ts';
import type { BootstrapAnswer, BootstrapInput, BootstrapRouteName } from '#shared/protocol/bootstrap-routes.ts';
import { second } from '#shared/units.ts';
import type { BootstrapConfig } from './config.ts';
import type { Proofs } from './proofs.ts';
import type { NodeRecord } from './registry/node-record.ts';
import type { Registry } from './registry/registry.ts';
import type { RegistryStore } from './registry-store.ts';

/** Who asks: proven device (null where none is needed), and where it comes from. */
export interface Caller {
  readonly deviceId: DeviceId | null;
  readonly host: string;
  /** Null behind a proxy. */
  readonly port: number | null;
}

export type BootstrapHandlers = { readonly [Name in BootstrapRouteName]: (input: BootstrapInput<Name>, caller: Caller) => BootstrapAnswer<Name> | Promise<BootstrapAnswer<Name>> };

export interface ServiceParts {
  readonly config: BootstrapConfig;
  readonly registry: Registry;
  readonly store: RegistryStore;
  readonly proofs: Proofs;
  /** Milliseconds of a clock that never goes back; nobody else's clock matters. */
  readonly now: () => number;
  readonly health: () => HealthAnswer;
  /** Stored entries are not all read yet. */
  readonly isStarting: () => boolean;
}

const proven = ({ deviceId }: Caller): DeviceId => {
  if (deviceId === null) throw new BootstrapError('not-authorised');
  return deviceId;
};

const standing = ({ revision, entries }: NodeRecord): BootstrapAnswer<'heartbeat'> => ({ revision, entries });

/** What the server answers, whatever carries the question. What an answer says was taken is stored, if the store can. */
export const bootstrapHandlers = ({ config, registry, store, proofs, now, health, isStarting }: ServiceParts): BootstrapHandlers => ({
  address: (_, { host, port }) => ({ address: host, port }),
  health: () => health(),
  challenge: () => proofs.challenge(now()),
  token: (input) => proofs.signIn(now(), input),
  async register({ addresses, rooms }, caller) {
    const node = registry.register(now(), proven(caller), { addresses, rooms, outside: caller.host });
    await store.settled();
    return { deviceId: node.deviceId, heartbeatMs: config.heartbeatSeconds * second, silenceMs: config.silenceSeconds * second, ...standing(node) };
  },
  heartbeat: (_, caller) => standing(registry.heartbeat(now(), proven(caller), caller.host)),
  async unregister(_, caller) {
    registry.unregister(proven(caller));
    await store.settled();
    return {};
  },
  async entries(input, caller) {
    // What is not read yet can be neither removed nor counted.
    if (isStarting()) throw new BootstrapError('starting', { retryAfterMs: second });
    const node = registry.announce(proven(caller), input);
    await store.settled();
    return standing(node);
  },
  roomNodes: ({ room, after }, caller) => registry.roomNodes(proven(caller), room, after),
  holders: ({ contentIds }) => ({ contents: [...new Set(contentIds)].map((contentId) => ({ contentId, ...registry.holders(contentId) })) }),
  search: (input) => {
    const { hits, truncated } = registry.search(input);
    return { hits, truncated: truncated || isStarting() };
  },
});
