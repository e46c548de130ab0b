import { AppError } from './errors.ts';
import { limits } from './limits.ts';

/**
 * Names that come from other people. Every path component from a peer, a manifest or a link passes `safeName` before
 * it touches a disk; what is illegal or misleading is mapped, and `changed` says why, so that the user sees it.
 */
export type NameChange =
  /** Nothing was left, or there was nothing. */
  | 'empty'
  /** Not valid Unicode. */
  | 'not-text'
  /** `/` or `\`, which would make it a path. */
  | 'separator'
  /** `:`, which opens a stream on NTFS and a drive on Windows. */
  | 'stream'
  /** Control characters and line separators. */
  | 'control'
  /** Characters that turn the reading direction around, so that `gpj.exe` reads as `exe.jpg`. */
  | 'bidi'
  /** Ends in a dot or a space, which Windows drops; `.` and `..` among them. */
  | 'trailing'
  /** A device name of Windows (CON, NUL, COM1 …), also with extensions. */
  | 'reserved'
  /** `< > " | ? *`, mapped only for destinations that cannot store them. */
  | 'not-storable'
  /** Longer than `limits.names.componentBytes`. */
  | 'too-long';

export interface SafeName {
  readonly name: string;
  readonly changed: readonly NameChange[];
}

export interface NameRules {
  /** The destination follows the rules of Windows: `< > " | ? *` cannot be stored. */
  readonly windows?: boolean;
}

const replacement = '_';
const steps: readonly (readonly [NameChange, RegExp, string])[] = [
  ['not-text', /\p{Surrogate}/gu, '\ufffd'],
  ['separator', /[/\\]/g, replacement],
  ['stream', /:/g, replacement],
  ['control', /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, replacement],
  ['bidi', /[\u202a-\u202e\u2066-\u2069]/g, replacement],
];
/** They show nothing and turn what stands around them. Names in Arabic and Hebrew have them, so they are kept on disk. */
const marks = /[\u061c\u200e\u200f]/g;
const notStorable = /[<>"|?*]/g;
const trailing = /[. ]+$/;
/** Windows ignores what follows the first dot, and spaces before it. Superscript digits count as digits there. */
const reserved = /^(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3]) *(?:\.|$)/i;

/** What most names are, and nothing but the device names could be wrong with: one look instead of ten. */
const plain = /^[A-Za-z0-9_-](?:[A-Za-z0-9_ .-]{0,100}[A-Za-z0-9_-])?$/;
const unchanged: readonly NameChange[] = [];

/** Bytes of a name in UTF-8. */
export function nameBytes(name: string): number {
  let bytes = 0;
  for (const character of name) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}

/** Longest ending that counts as an extension and is kept when a name is cut, dot included. */
const extensionBytes = 32;

/** Splits `archive.zip` into `archive` and `.zip`. Names that begin with their only dot have no extension. */
function splitExtension(name: string): readonly [stem: string, extension: string] {
  const dot = name.lastIndexOf('.');
  if (dot <= 0 || dot === name.length - 1) return [name, ''];
  const extension = name.slice(dot);
  return nameBytes(extension) > extensionBytes ? [name, ''] : [name.slice(0, dot), extension];
}

/** Longest run of whole characters from the beginning that fits; from the end when they come reversed. */
function fitting(characters: readonly string[], bytes: number): string[] {
  let used = 0;
  let count = 0;
  for (const character of characters) {
    used += nameBytes(character);
    if (used > bytes) break;
    count++;
  }
  return characters.slice(0, count);
}

/** Cuts the middle out of a stem, so that beginning, end (often a number) and extension stay. */
function cut(stem: string, ending: string, maxBytes: number): string {
  if (nameBytes(stem) + nameBytes(ending) <= maxBytes) return stem + ending;
  const room = maxBytes - nameBytes(ending) - nameBytes('…');
  const characters = [...stem];
  const head = fitting(characters, Math.ceil(room / 2));
  const tail = fitting(characters.slice(head.length).reverse(), room - nameBytes(head.join(''))).reverse();
  return `${head.join('')}…${tail.join('')}${ending}`;
}

/** A name cut to a number of bytes of UTF-8, keeping its extension; unchanged if it fits. */
export function shortName(name: string, maxBytes: number): string {
  const [stem, extension] = splitExtension(name);
  return cut(stem, extension, maxBytes);
}

const isPlain = (component: string): boolean => plain.test(component) && !reserved.test(component);

/**
 * One path component from somebody else as a name that is safe on every system: never empty, `.`, `..`, a path, a
 * stream or a device, valid Unicode, at most `limits.names.componentBytes` bytes of UTF-8. Safe names come back unchanged.
 */
export function safeName(component: string, rules: NameRules = {}): SafeName {
  if (isPlain(component)) return { name: component, changed: unchanged };
  const changed: NameChange[] = [];
  let name = component;
  const apply = (why: NameChange, result: string): void => {
    if (result === name) return;
    name = result;
    changed.push(why);
  };
  for (const [why, pattern, by] of steps) apply(why, name.replace(pattern, by));
  if (rules.windows === true) apply('not-storable', name.replace(notStorable, replacement));
  apply('trailing', name.replace(trailing, (end) => replacement.repeat(end.length)));
  apply('empty', name === '' ? replacement : name);
  apply('reserved', reserved.test(name) ? replacement + name : name);
  apply('too-long', shortName(name, limits.names.componentBytes));
  return { name, changed };
}

/**
 * A name from somebody else as a person is shown it, in one line and with its end at the end: `_` for what `safeName` would map because it deceives the eye, and no marks of
 * direction. For looking at only, since the device it is from knows the file by its own name.
 */
export function shownName(name: string): string {
  if (isPlain(name)) return name;
  return steps.reduce((shown, [why, pattern, by]) => (why === 'control' || why === 'bidi' ? shown.replace(pattern, by) : shown), name).replace(marks, '');
}

/** Control characters, marks that reorder text, and what shows nothing: with any of them a device could pose as another one, or as nobody. */
const deceptive = /[\p{Cc}\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffb\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/gu;
/** Joiners and variants of a character belong to scripts and pictures (a key with a digit is one, too); beside plain letters they only show nothing. */
const idleJoiners = /(?<![^\u0000-\u007f])(?!(?<=[0-9#*])\ufe0f\u20e3)[\u200c\u200d\ufe00-\ufe0f]+|[\u200c\u200d]+(?![^\u0000-\u007f])/gu;

/** The name of a device without what could deceive the eye; empty when nothing else was in it. */
export const plainDeviceName = (name: string): string => name.replace(deceptive, '').replace(idleJoiners, '').trim();

const noneChanged: SafePath['changed'] = [];

export interface SafePath {
  readonly path: readonly string[];
  /** What became of each changed component, in order. */
  readonly changed: readonly { readonly from: string; readonly to: string; readonly why: readonly NameChange[] }[];
}

/**
 * Components of a path from somebody else, each made safe. Throws `bad-argument` for an empty path, `too-deep`
 * beyond `limits.content.folderDepth` components and `name-too-long` beyond `limits.names.pathBytes` bytes.
 */
export function safePath(components: readonly string[], rules: NameRules = {}): SafePath {
  if (components.length === 0) throw new AppError('bad-argument', { argument: 'path' });
  if (components.length > limits.content.folderDepth) throw new AppError('too-deep', { name: components.at(-1) ?? '' });
  // Most paths are safe as they are, and a list holds thousands of them. A character is a byte there.
  const plainBytes = components.reduce((sum, component) => (isPlain(component) ? sum + component.length + 1 : Infinity), -1);
  if (plainBytes <= limits.names.pathBytes) return { path: components, changed: noneChanged };
  const safe = components.map((component) => ({ from: component, ...safeName(component, rules) }));
  const path = safe.map((component) => component.name);
  if (nameBytes(path.join('/')) > limits.names.pathBytes) throw new AppError('name-too-long', { name: path.at(-1) ?? '' });
  return {
    path,
    changed: safe.filter((component) => component.changed.length > 0).map(({ from, name, changed }) => ({ from, to: name, why: changed })),
  };
}

/**
 * Names with the same key may be one and the same file on volumes that ignore case or Unicode form. Coarser than any one
 * file system (ß is ss, ﬁ is fi, K is k): two names held apart without need cost nothing, two taken for one cost a file.
 */
export function collisionKey(name: string): string {
  return name.normalize('NFKD').toLowerCase().toUpperCase().normalize('NFKD').toUpperCase();
}

/** `name (2).ext` for n = 2 and so on; the name itself for n = 1. Cut to fit where needed. */
export function numberedName(name: string, n: number): string {
  if (n <= 1) return name;
  const [stem, extension] = splitExtension(name);
  return cut(stem, ` (${n})${extension}`, limits.names.componentBytes);
}

/**
 * Names of one folder made distinct under a key, in order: the first keeps its name, later ones get the lowest free
 * number. The same list always gives the same result, so it can be computed again after a restart.
 */
export function distinctNames(names: readonly string[], key: (name: string) => string = (name) => name): readonly string[] {
  const taken = new Set(names.map(key));
  /** The number last given to a name, by key: many equal names cost one step each. */
  const numbers = new Map<string, number>();
  return names.map((name) => {
    const own = key(name);
    const last = numbers.get(own);
    numbers.set(own, last ?? 1);
    if (last === undefined) return name;
    for (let n = last + 1; ; n++) {
      const candidate = numberedName(name, n);
      if (taken.has(key(candidate))) continue;
      numbers.set(own, n);
      taken.add(key(candidate));
      return candidate;
    }
  });
}
