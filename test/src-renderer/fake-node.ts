import { ref } from 'vue';
import type { Ref } from 'vue';
import type { ConnectionState, LiveApi } from '../../src-renderer/api.ts';
import { calls } from '#shared/api/contract.ts';
import type { CallArgs, CallName, CallResult, CheckedArgs } from '#shared/api/contract.ts';
import type { NodeEvent } from '#shared/api/events.ts';
import { nodeEventSchema } from '#shared/api/events.ts';
import { AppError } from '#shared/errors.ts';
import type { SpeedState } from '#shared/model/limit.ts';
import type { PortMapping } from '#shared/model/port-mapping.ts';
import type { Network } from '#shared/model/network.ts';
import { defaultSettings } from '#shared/settings.ts';
import type { Settings } from '#shared/settings.ts';
import { fakeHandlers } from './fake/handlers.ts';
import { avatarSeedFor, deviceIdFor, epoch, inventedPeople } from './fake/people.ts';
import { inventedRooms } from './fake/rooms.ts';
import { searchAfter } from './fake/search.ts';
import { seeded } from './fake/seeded.ts';
import { healthOf, inventedServers } from './fake/servers.ts';
import { inventedOffer, inventedShares, inventedText } from './fake/shares.ts';
import { inventedTransfers, moved } from './fake/transfers.ts';
import type { World } from './fake/world.ts';

declare global {
  interface Window {
    /** Set by the development page, for browser tests. */
    fakeNode: FakeNode;
  }
}

export interface FakeNode {
  readonly api: LiveApi;
  readonly world: World;
  /** Every call in order, for tests. */
  readonly calls: { name: CallName; args: unknown }[];
  readonly connection: Ref<ConnectionState>;
  emit(event: NodeEvent): void;
  /** Lets time pass: bytes move, answers come in. */
  advance(ms: number): void;
}

/** With the ping protected, downloads are held back a little. */
function speedOf({ alternativeLimits, alternativeDownloadLimit, pingBudget }: Settings): SpeedState {
  const down = alternativeLimits && alternativeDownloadLimit !== 'off' ? { bytesPerSecond: alternativeDownloadLimit, cause: 'alternative' as const } : null;
  return pingBudget === 'off' ? { alternative: alternativeLimits, down, up: null, addedDelayMs: null } : { alternative: alternativeLimits, down: down ?? { bytesPerSecond: 2_240_000, cause: 'ping' }, up: null, addedDelayMs: 12.4 };
}

const inventedNetworks: readonly Omit<Network, 'used'>[] = [
  { name: 'wlp0s20f3', key: 'wlp0s20f3', vpn: null, addresses: ['192.168.1.24', 'fd12:3456:789a::24'] },
  { name: 'tailscale0', key: 'tailscale0', vpn: 'tailscale', addresses: ['100.101.7.24', 'fd7a:115c:a1e0::5b01:718'] },
];

const mappingOf = ({ portMapping, servers }: Settings): PortMapping => (portMapping === 'off' ? { state: 'off' } : servers.length === 0 ? { state: 'unneeded' } : { state: 'mapped', method: 'upnp', router: '192.168.1.1', network: 'wlp0s20f3', address: '203.0.113.9:47800', isPublic: true, until: epoch + 3_600_000 });

/** A node in memory with invented people. `empty`: first run, nobody there, nothing shared. */
export function createFakeNode({ empty = false, settings = {} }: { empty?: boolean; settings?: Partial<Settings> } = {}): FakeNode {
  const listeners = new Set<(event: NodeEvent) => void>();
  const connection = ref<ConnectionState>('connected');
  const otherVersion = ref(false);
  const made: FakeNode['calls'] = [];
  const random = seeded(7);
  const retryAt = Date.now() + 84_000;
  const emit = (event: NodeEvent): void => {
    const checked = nodeEventSchema.parse(JSON.parse(JSON.stringify(event)));
    listeners.forEach((listener) => listener(checked));
  };
  const world: World = {
    settings: { ...defaultSettings, name: 'Jade Otter', downloadDir: '/home/jade/Downloads', language: 'en', theme: 'light', servers: empty ? [] : [...inventedServers], ...settings },
    peers: empty ? [] : inventedPeople(),
    transfers: empty ? [] : inventedTransfers(),
    rooms: empty ? [] : inventedRooms(),
    shares: empty ? [] : inventedShares(),
    offers: empty ? [] : [inventedOffer(), inventedText()],
    filePriorities: new Map(), search: null, searchSeconds: 0, demo: 'off', emit,
    status: () => {
      const sum = (direction: 'down' | 'up'): number => world.transfers.filter((each) => each.direction === direction && each.state === 'running').reduce((all, each) => all + each.rate, 0);
      const networks = inventedNetworks.map((network) => ({ ...network, used: !world.settings.unusedNetworks.includes(network.key) }));
      return {
        deviceId: deviceIdFor('Jade Otter'), name: world.settings.name, avatarSeed: avatarSeedFor('Jade Otter'), version: '0.1.0', startedAt: epoch, port: 47800, addresses: networks.flatMap(({ addresses, used }) => (used ? addresses : [])), networks, portMapping: mappingOf(world.settings), dataDir: '/home/jade/.local/share/distrishare',
        downloadDir: world.settings.downloadDir, freeBytes: 218e9, downRate: sum('down'), upRate: sum('up'),
        speed: speedOf(world.settings), peersOnline: world.peers.filter((peer) => peer.online).length, activeTransfers: world.transfers.filter((each) => each.state === 'running').length, offersWaiting: world.offers.length,
        discovery: { multicast: world.settings.multicast ? 'on' : 'off', mdns: world.settings.mdns ? 'on' : 'off' }, servers: healthOf(world.settings.servers, retryAt), demo: world.demo, problems: [],
      };
    },
  };
  const handlers = fakeHandlers(world);

  function answer<Name extends CallName>(name: Name, args: CallArgs<Name>): CallResult<Name> {
    made.push({ name, args });
    const checked = calls[name].args.parse(JSON.parse(JSON.stringify(args))) as CheckedArgs<Name>;
    const handler: (args: CheckedArgs<Name>) => CallResult<Name> = handlers[name];
    return structuredClone(handler(checked));
  }

  const api: LiveApi = {
    state: connection,
    otherVersion,
    async call(name, args, options) {
      await Promise.resolve();
      if (connection.value !== 'connected') throw new AppError('node-not-running');
      if (options?.signal?.aborted) throw new AppError('cancelled');
      return answer(name, args);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };

  function advance(ms: number): void {
    if (connection.value !== 'connected') return;
    world.transfers = world.transfers.map((transfer) => {
      const next = moved(transfer, ms / 1000, random);
      if (next) emit({ type: 'transfer', transfer: next });
      return next ?? transfer;
    });
    if (world.search && !world.search.finished) {
      world.searchSeconds += ms / 1000;
      world.search = searchAfter(world.search, world.peers, world.searchSeconds);
      emit({ type: 'search', search: world.search });
    }
    for (const share of world.shares) {
      if (share.state !== 'hashing') continue;
      share.hashedBytes = Math.min(share.bytes, share.hashedBytes + 0.3e6 * ms);
      share.hashedFiles = Math.floor((share.files * share.hashedBytes) / share.bytes);
      share.etaSeconds = (share.bytes - share.hashedBytes) / 0.3e9;
      if (share.hashedBytes >= share.bytes) share.state = 'ready';
      emit({ type: 'share', share });
    }
    emit({ type: 'status', status: world.status() });
  }
  return { api, world, calls: made, connection, emit, advance };
}
