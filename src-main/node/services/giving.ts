import type { DeviceId, OfferId, ShareId, TransferId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { Brake } from '#shared/model/brake.ts';
import type { Direction } from '#shared/model/limit.ts';
import type { Offer } from '#shared/model/offer.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import { minute } from '#shared/units.ts';
import { AlternativeSchedule } from '../rates/alternative-schedule.ts';
import { PingProtection } from '../rates/ping-protection.ts';
import { SpeedLimits } from '../rates/speed-limits.ts';
import { BlockCompressor } from '../serving/block-compressor.ts';
import { BlockServer } from '../serving/block-server.ts';
import { FinishedUploads, viewOf } from '../serving/finished-uploads.ts';
import { serveSettingsOf } from '../serving/serve-settings.ts';
import { Uploads } from '../serving/uploads.ts';
import { SwarmDriver } from '../swarm/swarm-driver.ts';
import { FetchedSmallFiles } from '../transfers/passing-on/fetched-small-files.ts';
import type { SharedDownloads } from '../transfers/passing-on/shared-downloads.ts';
import type { People } from './people.ts';
import type { Surroundings } from './surroundings.ts';

const forgetRightsEveryMs = 1 * minute;

/** What goes over the links in either direction, under which limits, and who is given what. */
export interface Giving {
  /** Names of the shares, for telling others what changed. */
  readonly shareNames: Map<ShareId, string>;
  readonly uploads: Uploads;
  readonly finishedUploads: FinishedUploads;
  readonly swarm: SwarmDriver;
  readonly speed: SpeedLimits;
  readonly blocks: BlockServer;
  readonly fetchedSmall: FetchedSmallFiles;
  /** Numbers by which the swarm knows what is fetched and what is given. */
  readonly nextNumber: () => number;
}

export interface GivingPorts {
  readonly people: Pick<People, 'conduct' | 'devices'>;
  readonly fetched: SharedDownloads;
  /** What holds up what goes out to a device. */
  readonly brakeOf: (peer: DeviceId) => Brake | null;
  readonly offerOf: (id: OfferId) => Offer | undefined;
  /** What is told of an upload; `onDone`: the last of it. */
  readonly onChange: (transfer: Transfer) => void;
  readonly onDone: (transfer: Transfer) => void;
  readonly onGone: (direction: Direction, ids: readonly TransferId[]) => void;
}

export function createGiving({ foundation, ways: { links, outgoing }, background, closers }: Surroundings, { people: { conduct, devices }, fetched, brakeOf, offerOf, onChange, onDone, onGone }: GivingPorts): Giving {
  const { settings, store, hasher, library, now, elapsed } = foundation;
  const shareNames = new Map<ShareId, string>();
  const uploads: Uploads = new Uploads({
    now, shareName: (id) => shareNames.get(id),
    nameOf: (id) => devices.get(id)?.name,
    brakeOf, offerOf, onChange,
    onGone: (id) => { onGone('up', [id]); },
    onResumed: (id) => { background(finishedUploads.forget(id)); },
    onEnd: (upload) => {
      onDone(viewOf(upload));
      background(finishedUploads.note(upload));
    },
  });
  const finishedUploads = new FinishedUploads({ store, kept: limits.transfer.finishedUploads, onGone: (ids) => { onGone('up', ids); } });
  closers.push(() => {
    uploads.close();
    return finishedUploads.idle();
  });
  let numbers = 0;
  const nextNumber = (): number => ++numbers;
  const mayCompress = (): boolean => settings.get().compression === 'auto';
  const swarm: SwarmDriver = new SwarmDriver({ receiveBudgetBytes: settings.get().receiveBudget, requestWindowBytes: limits.transfer.requestWindowBytes, serving: serveSettingsOf(() => settings.get()), conduct, outgoing, now: () => performance.now(), nextNumber, takesCompressed: mayCompress });
  closers.push(() => { swarm.close(); });
  const schedule = new AlternativeSchedule({ settings, wall: () => new Date(), background });
  closers.push(() => { schedule.close(); });
  const ping = new PingProtection({ links: () => links().all(), swarm, now: () => performance.now() });
  closers.push(() => { ping.close(); });
  const speed = new SpeedLimits({ settings: () => settings.get(), limitsOf: (id) => devices.limitsOf(id), swarm, schedule, ping });
  const fetchedSmall = new FetchedSmallFiles(store, now, elapsed);
  const blocks: BlockServer = new BlockServer({
    hasher, now, turns: swarm, outgoing,
    compressor: new BlockCompressor({ isOn: mayCompress, limitTo: (id) => swarm.limitOf('up', id), now: () => performance.now() }),
    findFile: async (link, id) => {
      const viewer = devices.viewerOf(link);
      return (await fetchedSmall.find(viewer, id)) ?? (await library.fileToRead(viewer, id)) ?? fetched.find(viewer, id);
    },
    changed: (file) => { if (file.share !== null) library.wasChanged(file); },
    learned: (file, contentId, layer) => { if (file.share !== null) background(library.learned(file, contentId, layer)); },
    sent: (link, file, bytes, wireBytes) => { uploads.sent(link, file, bytes, wireBytes); },
  });
  closers.push(() => blocks.close());
  // What is passed on for a while only ends without a word.
  const forgetting = setInterval(() => { blocks.forgetRights(); }, forgetRightsEveryMs);
  closers.push(() => { clearInterval(forgetting); });
  swarm.serveWith(blocks);
  return { shareNames, uploads, finishedUploads, swarm, speed, fetchedSmall, blocks, nextNumber };
}
