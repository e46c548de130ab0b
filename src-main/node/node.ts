import { randomBytes } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import { isIP } from 'node:net';
import { appVersion } from '#shared/app-version.ts';
import type { SocketAddress } from '#shared/address.ts';
import type { NodeApi } from '#shared/api/node-api.ts';
import { AppError, errorInfo, type ErrorInfo } from '#shared/errors.ts';
import type { DeviceId } from '#shared/ids.ts';
import type { Peer } from '#shared/model/peer.ts';
import type { NodeStatus } from '#shared/model/status.ts';
import type { Settings, SettingsPatch } from '#shared/settings.ts';
import { listChannels } from '../discovery/channels.ts';
import { createDiscovery, type Discovery } from '../discovery/discovery.ts';
import { isLinkLocal } from '../net/host.ts';
import { listNetworks, silentInterfaces } from '../net/networks.ts';
import { ownInterfaces } from '../net/own-interfaces.ts';
import type { PortMapper } from '../net/port-mapping/port-mapper.ts';
import { withTimeout } from '../net/with-timeout.ts';
import { DemoNeighbour } from './demo.ts';
import { diagnose } from './doctor/doctor.ts';
import type { DoctorPorts } from './doctor/doctor-ports.ts';
import { openFoundation, type Closers } from './foundation.ts';
import { listTransfers } from './listed-transfers.ts';
import { createNodeApi } from './node-api.ts';
import type { NodeParts } from './node-parts.ts';
import { straightOut, type Outgoing } from './ports/outgoing.ts';
import { browseDevice } from './peers/browse.ts';
import { createOutside, withOutside, type Outside } from './servers/outside.ts';
import { chooseNoMore, createServices, laterLinks, type Services } from './services.ts';
import { planDownload } from './transfers/plan-download.ts';
import { pause } from './waiting.ts';
import { wireLinks } from './wire-links.ts';

const statusEveryMs = 1000;
/** Every way through a server has been tried by then. */
const seekMs = 20_000;
const demoName = 'Demo';

export interface NodeOptions {
  /** Everything of the node lies here; created if need be, owner-readable only. */
  readonly dataDir: string;
  /** Command line options: above the settings file, not written to it. */
  readonly overrides?: SettingsPatch | undefined;
  /** Address to listen on; all of them by default. */
  readonly listen?: string | undefined;
  /** How what it gives reaches others; only tests and the lab have another way. */
  readonly outgoing?: Outgoing | undefined;
  /** What the user has to hear of how it was started. */
  readonly warnings?: readonly ErrorInfo[];
  /** What nobody who asked can be told: for the log. */
  readonly onError?: (error: unknown) => void;
}

export interface RunningNode {
  readonly api: NodeApi;
  readonly deviceId: DeviceId;
  readonly port: number;
  /** Stops everything and leaves nothing running; what is unfinished goes on at the next start. */
  close(): Promise<void>;
}

/**
 * Starts one DistriShare. May exist several times in one process. Rejects with `node-already-running`, `port-taken`,
 * `identity-damaged`, `newer-data`, `no-permission`, `disk-full`, `disk-error`.
 */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const closers: Closers = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).toReversed()) await closer();
  };
  try {
    return { ...(await compose(options, closers)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function compose({ dataDir, overrides, listen, outgoing = straightOut, warnings = [], onError = () => undefined }: NodeOptions, closers: Closers): Promise<Omit<RunningNode, 'close'>> {
  const foundation = await openFoundation(dataDir, overrides, onError, closers);
  const { identity, settings, library, now, problems } = foundation;
  const nonce = randomBytes(8).toString('hex');
  const later = laterLinks();
  let listenPort = 0;
  const ownAddresses = (): SocketAddress[] => reachableHosts(listen, settings.get().unusedNetworks).map((host) => ({ host, port: listenPort }));
  let outside: Outside | null = null;
  const announcedAddresses = (): readonly SocketAddress[] => withOutside(ownAddresses(), outside?.mapper.address ?? null);
  const services = await createServices(foundation, { nonce, links: later.links, outgoing, ownAddresses: announcedAddresses, onRooms: () => { outside?.apply(); } }, closers);
  problems.push(...warnings);
  const { devices, membership, offers, rooms, servers, transfers, background } = services;

  const links = wireLinks(services);
  later.set(links);
  closers.push(() => links.close());
  await devices.open();
  for (const peer of devices.list()) membership.setTrust(peer.id, peer.trust);
  await services.finishedUploads.open();
  await offers.open();
  await rooms.open();
  await followLibrary(services);
  const { port } = await links.listen(settings.get().port, listen ?? '');
  listenPort = port;
  const around = (outside = createOutside(services, port, listen));
  const { mapper } = around;
  closers.push(() => around.close());

  const discovery = createDiscovery({
    port, nonce, now, random: Math.random,
    multicast: settings.get().multicast, mdns: settings.get().mdns, visible: settings.get().visibility !== 'hidden',
    channels: () => listChannels(ownInterfaces()),
    silent: () => silentInterfaces(settings.get().unusedNetworks),
    onHint: (hint) => { membership.hint(hint); },
    onGoodbye: (address, from) => { membership.goodbye(address, from); },
    onNetworkChange: () => {
      // First: whoever is linked is not dialled.
      links.networksChanged();
      membership.networkChanged();
      servers.networksChanged();
      around.networksChanged();
    },
  });
  closers.push(() => discovery.close());
  closers.push(() => { for (const link of links.all()) link.notify({ kind: 'goodbye' }); });
  followSettings(services, discovery, outside);
  await transfers.makeFolder(settings.get().downloadDir).catch((error: unknown) => { problems.push(errorInfo(error)); });
  await transfers.open();
  closers.push(() => transfers.close());

  const startedAt = now();
  const commands = commandsOf(services);
  const demo = new DemoNeighbour({ dataDir, startNode, forget: commands.forgetDevice, ownId: identity.id, ownPort: port, name: demoName, onChange: () => { background(tellStatus()); } });
  closers.push(() => demo.stop());
  const status = (): Promise<NodeStatus> => readStatus(services, { port, startedAt, demo: demo.state, discovery, mapper });
  const tellStatus = async (): Promise<void> => { if (services.events.isHeard) services.events.emit({ type: 'status', status: await status() }); };
  const statusTimer = setInterval(() => { background(tellStatus()); }, statusEveryMs);
  closers.push(() => { clearInterval(statusTimer); });
  background(discovery.start());
  background(servers.set(serversOf(settings.get())));
  outside.apply();
  const doctor: DoctorPorts = {
    port, now, pause, discovery, membership, devices, ownAddresses, servers, mapper,
    seek: async (id, signal) => {
      services.reach.seek(id);
      return services.waiter.linkTo(id, withTimeout(signal, seekMs)).catch(() => null);
    },
    settings: () => settings.get(), networks: () => listNetworks(settings.get().unusedNetworks), links: () => links,
    onProgress: (diagnosis) => { services.events.emit({ type: 'diagnosis', diagnosis }); },
  };
  const diagnoseNow: NodeParts['diagnose'] = (peer, signal) => diagnose(doctor, peer, signal);
  return { api: createNodeApi({ ...services, settings, library, demo, status, diagnose: diagnoseNow, ...commands }), deviceId: identity.id, port };
}

/** Calls that need more than one service. */
function commandsOf({ foundation, devices, holders, membership, ownCopies, speed, transfers, uploads, finishedUploads, links, setTrust }: Services): Pick<NodeParts, 'connect' | 'block' | 'unpair' | 'setLimits' | 'forgetDevice' | 'browse' | 'listTransfers' | 'forgetTransfers' | 'startDownload'> {
  const { settings, library } = foundation;
  /** Chosen for nothing before it is trusted no more: whatever comes in between must not leave it chosen. */
  const distrust = async (id: DeviceId): Promise<Peer> => {
    const [chosen] = await Promise.allSettled([chooseNoMore(library, id)]);
    const peer = await setTrust(id, 'seen');
    if (chosen.status === 'rejected') throw chosen.reason;
    return peer;
  };
  return {
    async connect(address, signal) {
      const link = await links().dial(address, { signal }).catch((error: unknown) => {
        // Nobody answers there now: it is tried again by itself, so that the order of starting two devices does not matter.
        if (error instanceof AppError && (error.code === 'not-reachable' || error.code === 'timeout')) membership.typed(address);
        throw error;
      });
      membership.typed(address);
      await devices.linkUp(link);
      const peer = devices.get(link.remote.id);
      if (peer === undefined) throw new AppError('link-closed', { name: link.remote.name });
      return peer;
    },
    async block(text, blocked) {
      const known = devices.find(text);
      if (!blocked) return known.trust === 'blocked' ? distrust(known.id) : known;
      const peer = await setTrust(known.id, 'blocked');
      await chooseNoMore(library, known.id);
      return peer;
    },
    unpair: (text) => distrust(devices.find(text).id),
    async setLimits(text, change) {
      const peer = await devices.setLimits(text, change);
      speed.deviceChanged(peer.id);
      return peer;
    },
    async forgetDevice(peer) {
      const { id } = devices.find(peer);
      await chooseNoMore(library, id);
      await devices.forget(id);
      membership.forget(id);
      links().get(id)?.close({ code: 'link-closed' });
    },
    browse: (link, path, cursor, limit, signal) => browseDevice(link, ownCopies, path, cursor, limit, signal),
    listTransfers: (which, cursor, limit) => listTransfers({ transfers, uploads, finishedUploads }, which, cursor, limit),
    forgetTransfers: async (id, direction) =>
      (direction === 'up' ? 0 : await transfers.forget(id)) + (direction === 'down' ? 0 : await finishedUploads.forget(id)),
    async startDownload(source, { to, priority, inOrder }, signal) {
      return transfers.start({ ...(await planDownload(source, { devices, links: links(), holdersOf: (id, until) => holders.of(id, until), signal })), base: to ?? settings.get().downloadDir, priority, inOrder });
    },
  };
}

/** What others see and may read follows the library at once. */
async function followLibrary({ foundation, events, blocks, shareNames, links }: Services): Promise<void> {
  const { library } = foundation;
  const tellAll = (share: string): void => { for (const link of links().all()) link.notify({ kind: 'listing', share }); };
  library.onRights(() => { blocks.forgetRights(); });
  library.onShare((share) => {
    shareNames.set(share.id, share.name);
    events.emit({ type: 'share', share });
  });
  library.onShareGone((id) => {
    blocks.forgetRights();
    events.emit({ type: 'share-gone', id });
    tellAll(shareNames.get(id) ?? '');
  });
  library.onListing((share) => { tellAll(share.name); });
  for (const share of await library.shares()) shareNames.set(share.id, share.name);
}

/** Whoever is hidden tells no server where it is. */
const serversOf = ({ servers, visibility }: Settings): readonly string[] => (visibility === 'hidden' ? [] : servers);

function followSettings({ foundation, events, speed, membership, welcome, servers, transfers, links, background }: Services, discovery: Discovery, outside: Outside): void {
  const { settings } = foundation;
  speed.apply();
  let { name, unusedNetworks, visibility } = settings.get();
  settings.onChange((changed) => {
    speed.apply();
    membership.setVisibility(changed.visibility);
    if (changed.visibility !== visibility) welcome.showOut(links().all());
    visibility = changed.visibility;
    background(discovery.set({ multicast: changed.multicast, mdns: changed.mdns, visible: changed.visibility !== 'hidden' }));
    background(servers.set(serversOf(changed)));
    outside.apply();
    transfers.settingsChanged();
    if (changed.name !== name) for (const link of links().all()) link.notify({ kind: 'renamed', name: changed.name });
    name = changed.name;
    if (changed.unusedNetworks.join('\n') !== unusedNetworks.join('\n')) {
      links().networksChanged();
      discovery.networksChanged();
      servers.networksChanged();
      outside.networksChanged();
    }
    unusedNetworks = changed.unusedNetworks;
    events.emit({ type: 'settings', settings: changed });
  });
}

async function readStatus(
  { foundation, transfers, uploads, offers, servers, speed, links }: Services,
  { port, startedAt, demo, discovery, mapper }: { port: number; startedAt: number; demo: NodeStatus['demo']; discovery: Discovery; mapper: PortMapper },
): Promise<NodeStatus> {
  const { identity, settings, dataDir, problems } = foundation;
  const { downloadDir, name, unusedNetworks } = settings.get();
  const networks = listNetworks(unusedNetworks);
  const active = transfers.active;
  return {
    deviceId: identity.id, name, avatarSeed: identity.avatarSeed, version: appVersion, startedAt, port, addresses: networks.flatMap(({ used, addresses }) => (used ? addresses : [])), networks, portMapping: mapper.state, dataDir, downloadDir,
    freeBytes: await statfs(downloadDir).then((volume) => volume.bavail * volume.bsize, () => null),
    downRate: active.reduce((sum, transfer) => sum + transfer.rate, 0), upRate: uploads.rate(), speed: speed.state(),
    peersOnline: [...links().all()].length, activeTransfers: active.filter(({ state }) => state !== 'waiting').length, offersWaiting: offers.waiting,
    discovery: discovery.state(), servers: servers.health(), demo, problems: [...problems, ...discovery.problems()],
  };
}

/** Where others find this one: what it listens on, or its addresses that mean something elsewhere, local networks first. */
function reachableHosts(listen: string | undefined, unused: readonly string[]): string[] {
  if (listen !== undefined && isIP(listen) !== 0 && listen !== '0.0.0.0' && listen !== '::') return [listen];
  return listNetworks(unused).flatMap(({ used, addresses }) => (used ? addresses.filter((host) => !isLinkLocal(host)).sort((a, b) => isIP(a) - isIP(b)) : []));
}
