import type { Brake as SharedBrake } from '#shared/model/brake.ts';
import type { LimitCause } from '#shared/model/limit.ts';
import type { Millis } from '#shared/units.ts';
import type { PeerNumber } from '../swarm/numbers.ts';
import type { DownloadFacts, Excuse, MachineFacts, SourceFacts, UploadFacts } from './facts.ts';

/** As `Brake`, with the machine's numbers for devices. */
export type Brake = Exclude<SharedBrake, { peer: unknown }> | { readonly by: Extract<SharedBrake, { peer: unknown }>['by']; readonly peer: PeerNumber | null };

/** A thread that works so much of the time is what the others wait for. */
const busy = 0.9;
/** Threads that compute all the time take about a core each; those that wait for the disk take less than this of one. */
const computing = 0.75;
/** A path whose round trip grows by this much, and to twice what it was, has bytes queueing before it. */
const grownByMs: Millis = 30;

/** What a download hangs on at one moment; null: nothing that can be told. What is certain comes before what is guessed. */
export function brakeOfDownload(facts: DownloadFacts): Brake | null {
  const { machine, sources } = facts;
  const limit = limitOf(sources);
  if (limit !== null) return { by: 'own-limit', limit };
  if (facts.behind) return { by: 'behind' };
  // Whoever takes full buffers from us is busy. If it computed, it would take a core besides the one of the links.
  if (facts.buffersWait) return { by: machine.cores >= computing * (machine.loop + 1) ? 'cpu' : 'disk' };
  if (machine.loop >= busy) return { by: 'cpu' };
  const feeding = sources.filter(({ state }) => state === 'feeding');
  if (feeding.length > 0) return facts.finishing ? null : brakeOfFeeders(feeding, sources);
  return brakeOfSilence(facts);
}

/** Whether a verdict that nobody gives anything is refuted by somebody who does. */
export function isRefuted(brake: Brake, sources: readonly Pick<SourceFacts, 'state'>[]): boolean {
  return (brake.by === 'no-sources' || brake.by === 'no-answer') && sources.some(({ state }) => state === 'feeding');
}

/** The limit of ours that holds back at least half of what could arrive. */
function limitOf(sources: readonly SourceFacts[]): LimitCause | null {
  const asked = sources.filter(({ state }) => state === 'feeding' || state === 'asked');
  const weightOf = (of: readonly SourceFacts[]): number => of.reduce((sum, { rate }) => sum + Math.max(1, rate), 0);
  const bound = asked.filter(({ limit }) => limit !== null);
  if (bound.length === 0 || 2 * weightOf(bound) < weightOf(asked)) return null;
  return bound.reduce((a, b) => (b.rate > a.rate ? b : a)).limit;
}

/** Nobody gives anything. */
function brakeOfSilence({ sources, finishing }: DownloadFacts): Brake | null {
  const of = (...states: SourceFacts['state'][]): SourceFacts[] => sources.filter(({ state }) => states.includes(state));
  const waiting = of('choked', 'elsewhere');
  if (waiting.length > 0) return { by: 'turn', peer: onlyOne(waiting) };
  if (of('stalled').length > 0) return { by: 'no-answer' };
  // It was asked a moment ago, or what is missing is being verified.
  if (of('asked').length > 0) return null;
  // Nothing is missing any more: it is written out, which takes a slow disk long. Without any source nothing has begun yet.
  if (finishing) return sources.length > 0 ? { by: 'disk' } : null;
  return { by: 'no-sources' };
}

const nameOf: Readonly<Record<Excuse, 'their-limit' | 'their-machine' | 'turn' | 'link' | null>> = {
  limit: 'their-limit', machine: 'their-machine', turns: 'turn', link: 'link', you: null, nothing: null,
};

/** They give, and could be asked for more: what holds back most of what arrives. */
function brakeOfFeeders(feeding: readonly SourceFacts[], sources: readonly SourceFacts[]): Brake {
  const weights = new Map<'their-limit' | 'their-machine' | 'their-pace' | 'turn' | 'link', number>();
  for (const source of feeding) {
    const by = (source.excuse === null ? null : nameOf[source.excuse]) ?? (isDelayed(source) ? 'link' : 'their-pace');
    weights.set(by, (weights.get(by) ?? 0) + Math.max(1, source.rate));
  }
  const [by] = [...weights].reduce((a, b) => (b[1] > a[1] ? b : a));
  if (by === 'link') return { by, peer: onlyOne(feeding) };
  const waiting = sources.filter(({ state }) => state === 'choked' || state === 'elsewhere');
  if (waiting.length > feeding.length) return { by: 'turn', peer: null };
  const without = sources.filter(({ state }) => state === 'idle');
  if (without.length >= feeding.length) return { by: 'few-sources', have: sources.length - without.length, linked: sources.length };
  return { by, peer: onlyOne(feeding) };
}

const onlyOne = (sources: readonly SourceFacts[]): PeerNumber | null => (sources.length === 1 ? sources[0]?.peer ?? null : null);

const isDelayed = ({ delayMs, restMs }: SourceFacts): boolean => delayMs !== null && restMs !== null && delayMs >= restMs + Math.max(grownByMs, restMs);

/** What goes out to one device hangs on this; null: nothing that can be told. */
export function brakeOfUpload(facts: UploadFacts): Brake | null {
  const { machine, peer } = facts;
  if (facts.choked) return { by: 'turn', peer };
  if (facts.limit !== null && facts.queued > 0) return { by: 'own-limit', limit: facts.limit };
  if (machine.loop >= busy) return { by: 'cpu' };
  if (facts.queued + facts.inService === 0) return { by: 'their-pace', peer };
  if (facts.inService > 0) return isReading(facts) ? { by: 'disk' } : { by: 'link', peer };
  return { by: 'turn', peer };
}

const isReading = ({ reading, inServiceOfAll }: UploadFacts): boolean => 2 * reading > inServiceOfAll;

/** What we answer a device that asks why we give it no more. */
export function excuseFor(brake: Brake | null, machine: MachineFacts): Excuse {
  switch (brake?.by) {
    case 'own-limit': return 'limit';
    case 'turn': return 'turns';
    case 'disk':
    case 'cpu': return 'machine';
    case 'link': return 'link';
    case 'their-pace': return machine.loop >= busy ? 'machine' : 'you';
    default: return 'nothing';
  }
}
