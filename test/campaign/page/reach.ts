import { calls, type CallName } from '#shared/api/contract.ts';
import { messages, type UiTextKey } from '#shared/i18n/index.ts';

const placeNames = ['/', '/browse', '/browse/PEER', '/browse/PEER?path', '/search', '/transfers', '/shares', '/rooms', '/rooms/ROOM', '/settings'] as const;

/** The titles of what lies above a page, but for the code of a server, whose title is its name. */
const dialogTitles = [
  'ui.cancel.title', 'ui.clearFinished.title', 'ui.clearFinished.titleReceived', 'ui.clearFinished.titleSent', 'ui.files.title', 'ui.stop.title', 'ui.rename.title', 'ui.audience.title', 'ui.audience.titleMany', 'ui.shares.problems',
  'ui.block.title', 'ui.unpair.title', 'ui.forget.title', 'ui.speed.peerTitle', 'ui.address.title', 'ui.text.title', 'ui.doctor.whyNotHere', 'ui.pair.title', 'ui.pair.done', 'ui.pair.differ', 'ui.pair.failed',
  'ui.roomMake.title', 'ui.roomJoin.title', 'ui.roomInvite.title', 'ui.roomEnd.title', 'ui.roomLeave.title', 'ui.roomRemove.title', 'ui.servers.removeTitle', 'ui.scan.title',
  'ui.sendTo.title', 'ui.picker.send', 'ui.picker.share', 'ui.picker.saveIn', 'ui.settings.folderTitle',
] as const satisfies readonly UiTextKey[];

/** A text of the UI in every language. */
export function textsOf(key: UiTextKey): string[] {
  return Object.values(messages).map((all) => {
    let at: unknown = all;
    for (const part of key.split('.')) at = typeof at === 'object' && at !== null ? Object.entries(at).find(([name]) => name === part)?.[1] : undefined;
    if (typeof at !== 'string') throw new Error(`no text ${key}`);
    return at;
  });
}

const patternOf = (text: string): RegExp => new RegExp(`^${text.split(/\{\w+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[^]*')}$`);
const titles = dialogTitles.flatMap((key) => textsOf(key).flatMap((text) => text.split(' | ')).map((text) => ({ key, pattern: patternOf(text), length: text.length }))).sort((a, b) => b.length - a.length);

const add = (counts: Map<string, number>, name: string): void => { counts.set(name, (counts.get(name) ?? 0) + 1); };
const listed = (counts: ReadonlyMap<string, number>): string => [...counts].sort(([, a], [, b]) => b - a).map(([name, count]) => `${name} ${count}`).join(', ');
const never = (all: readonly string[], counts: ReadonlyMap<string, number>): string => all.filter((each) => !counts.has(each)).join(', ') || 'none';

export interface Sight { readonly hash: string; readonly titles: readonly string[]; readonly isOfferThere: boolean }

/** Runs in the page. */
export function sightNow(): Sight {
  const above = [...document.querySelectorAll('[role=dialog], [role=alertdialog]')].filter((each) => each.checkVisibility());
  return { hash: window.location.hash, titles: above.map((each) => each.querySelector('.t-dialog')?.textContent?.trim() ?? each.getAttribute('aria-label') ?? ''), isOfferThere: document.querySelector('.offer') !== null };
}

/** How often each page, each dialog and each command was reached. */
export class Reach {
  readonly places = new Map<string, number>();
  readonly dialogs = new Map<string, number>();
  /** What was meant to be done, and how what asked was answered. */
  readonly aims = new Map<string, number>();
  readonly commands = new Map<string, number>();
  #last: Sight = { hash: '', titles: [], isOfferThere: false };

  /** What is there after a step; what stays open counts once. */
  see(sight: Sight): void {
    if (sight.hash !== this.#last.hash) add(this.places, placeOf(sight.hash));
    for (const title of sight.titles) if (!this.#last.titles.includes(title)) add(this.dialogs, titles.find(({ pattern }) => pattern.test(title))?.key ?? 'another');
    if (sight.isOfferThere && !this.#last.isOfferThere) add(this.dialogs, 'an offer');
    this.#last = sight;
  }

  aimed(what: string): void {
    add(this.aims, what);
  }

  called(name: string): void {
    add(this.commands, name);
  }

  /** Adds what was reached in another round. */
  take(other: Reach): void {
    for (const [mine, theirs] of [[this.places, other.places], [this.dialogs, other.dialogs], [this.aims, other.aims], [this.commands, other.commands]] as const) for (const [name, count] of theirs) mine.set(name, (mine.get(name) ?? 0) + count);
  }

  lines(): string[] {
    const all: readonly CallName[] = Object.keys(calls).filter((name): name is CallName => name in calls);
    return [
      `pages: ${listed(this.places)}; never: ${never(placeNames, this.places)}`, `dialogs: ${listed(this.dialogs)}; never: ${never([...dialogTitles, 'an offer'], this.dialogs)}`,
      `aims: ${listed(this.aims)}`, `commands: ${listed(this.commands)}; never: ${never(all, this.commands)}`,
    ];
  }
}

function placeOf(hash: string): string {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?');
  const [, area = '', rest = ''] = path.split('/');
  if (rest === '') return `/${area}`;
  return area === 'browse' ? `/browse/PEER${query.includes('path=') ? '?path' : ''}` : `/${area}/ROOM`;
}
