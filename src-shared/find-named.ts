import { AppError, type ErrorCode } from './errors.ts';
import type { Peer } from './model/peer.ts';

interface Named {
  readonly id: string;
  readonly name: string;
}

/** Fewer characters fit too many ids by chance. */
const minBeginning = 4;

const compact = (text: string): string => text.toUpperCase().replace(/[\s-]/g, '');

/**
 * The one that somebody means by its id, the beginning of its id, or its name; case, spaces and dashes of ids do not matter.
 * Anybody may take any name: of several with one name it is the one that `rank` puts above all others, and what fits one
 * thing as a name and another as an id is neither. Throws `missing` or `ambiguous`.
 */
export function findNamed<Thing extends Named>(things: readonly Thing[], written: string, missing: ErrorCode, rank: (thing: Thing) => number = () => 0): Thing {
  const [id, name] = [compact(written), written.toLowerCase()];
  const whole = things.find((thing) => compact(thing.id) === id);
  if (whole !== undefined) return whole;
  const named = things.filter((thing) => thing.name !== '' && thing.name.toLowerCase() === name);
  const top = Math.max(...named.map(rank));
  const begun = id.length < minBeginning ? [] : things.filter((thing) => compact(thing.id).startsWith(id));
  const [first, second] = new Set([...named.filter((thing) => rank(thing) === top), ...begun]);
  if (first === undefined) throw new AppError(missing, { name: written });
  if (second !== undefined) throw new AppError('ambiguous', { name: written });
  return first;
}

/** Whom the user trusts is meant before a stranger of the same name, who may have taken it on purpose; then who is here. */
const trustRanks = { blocked: 0, seen: 2, verified: 4, paired: 6 } as const;

export const findPeer = <Device extends Pick<Peer, 'id' | 'name' | 'trust' | 'online'>>(devices: readonly Device[], written: string): Device =>
  findNamed(devices, written, 'peer-unknown', ({ trust, online }) => trustRanks[trust] + (online ? 1 : 0));

export const findRoom = <Room extends Named>(rooms: readonly Room[], written: string): Room => findNamed(rooms, written, 'room-unknown');

/** Nobody is preferred: it is asked for to be removed. */
export const findMember = <Member extends Named>(members: readonly Member[], written: string): Member => findNamed(members, written, 'member-unknown');
