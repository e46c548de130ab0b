import { AppError, type ErrorCode } from './errors.ts';
import { shortId } from './ids.ts';
import type { Peer } from './model/peer.ts';
import type { Share } from './model/share.ts';

interface Named {
  readonly id: string;
  readonly name: string;
}

/** Fewer characters fit too many ids by chance. */
const minBeginning = 4;

const compact = (text: string): string => text.toUpperCase().replace(/[\s-]/g, '');

const spaced = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, ' ').trim();

/** Whether a name says `part` from the beginning of one of its words on, as “Amber Falcon” says “falc” and “amber f”. */
const says = (name: string, part: string): boolean => part !== '' && ` ${spaced(name)}`.includes(` ${part}`);

/** As many of those that fit are named as fit a line. */
const mostNamed = 5;

/** What is told of several that one text fits: it does not say which of `fits` is meant. */
export function ambiguous(written: string, fits: readonly string[]): AppError {
  return new AppError('ambiguous', { name: written, fits: [...fits.slice(0, mostNamed), ...(fits.length > mostNamed ? ['…'] : [])].join(', ') });
}

/** What counts besides ids and names. */
interface Preferences<Thing> {
  /** Of several with one name the highest is meant. */
  readonly rank: (thing: Thing) => number;
  /** A part of its name may mean it also where another one, which anybody may have called so, has that for its whole name. */
  readonly isTrusted: (thing: Thing) => boolean;
  /** Whether a part of its name is enough. */
  readonly isShortened: (thing: Thing) => boolean;
}

const noPreferences = { rank: () => 0, isTrusted: () => false, isShortened: () => true };

/**
 * The one that somebody means by its id, the beginning of its id, its name, or, where nothing has that name, a part of the name
 * that begins a word of it; case, spaces and dashes of ids do not matter. Anybody may take any name: of several with one name it is
 * the one that `rank` puts above all others, of several that a part fits none, and what fits one thing as a name and another
 * as an id is neither. Throws `missing`, or `ambiguous` that names those that fit.
 */
function findNamed<Thing extends Named>(things: readonly Thing[], written: string, missing: ErrorCode, { rank, isTrusted, isShortened }: Preferences<Thing> = noPreferences): Thing {
  const [id, name] = [compact(written), written.toLowerCase()];
  const whole = things.find((thing) => compact(thing.id) === id);
  if (whole !== undefined) return whole;
  const called = things.filter((thing) => thing.name !== '' && thing.name.toLowerCase() === name);
  const top = Math.max(...called.map(rank));
  const named = called.filter((thing) => rank(thing) === top);
  const mayShorten = named.length === 0 ? isShortened : named.some(isTrusted) ? () => false : isTrusted;
  const shortened = things.filter((thing) => mayShorten(thing) && says(thing.name, spaced(written)));
  const begun = id.length < minBeginning ? [] : things.filter((thing) => compact(thing.id).startsWith(id));
  const fits = [...new Set([...named, ...shortened, ...begun])];
  const [first] = fits;
  if (first === undefined) throw new AppError(missing, { name: written });
  if (fits.length > 1) throw ambiguous(written, fits.map((thing) => (`${thing.name} (${shortId(thing.id)})`.trim())));
  return first;
}

type Device = Pick<Peer, 'id' | 'name' | 'trust' | 'online'>;

/** Whom the user trusts is meant before a stranger of the same name, who may have taken it on purpose; then who is here. */
const trustRanks = { blocked: 0, seen: 2, verified: 4, paired: 6 } as const;
const isTrusted = ({ trust }: Device): boolean => trust === 'verified' || trust === 'paired';
const ofPeers = { rank: ({ trust, online }: Device): number => trustRanks[trust] + (online ? 1 : 0), isTrusted };

/** Whom something is given, or what holds for him is changed. Of strangers only a whole name is enough: one whose name begins like that of a friend who was never here must not get what is his. */
export const findPeer = <Found extends Device>(devices: readonly Found[], written: string): Found => findNamed(devices, written, 'peer-unknown', { ...ofPeers, isShortened: isTrusted });

/** Who is only asked for something: a part of a stranger's name is enough, too. */
export const findPeerToAsk = <Found extends Device>(devices: readonly Found[], written: string): Found => findNamed(devices, written, 'peer-unknown', { ...ofPeers, isShortened: () => true });

export const findRoom = <Room extends Named>(rooms: readonly Room[], written: string): Room => findNamed(rooms, written, 'room-unknown');

/** What is shared by this device. */
export const findShare = (shares: readonly Share[], written: string): Share => findNamed(shares, written, 'not-found');

/** Nobody is preferred: it is asked for to be removed. */
export const findMember = <Member extends Named>(members: readonly Member[], written: string): Member => findNamed(members, written, 'member-unknown');
