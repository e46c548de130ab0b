import { setTimeout as sleep } from 'node:timers/promises';
import type { Locator, Page } from 'playwright-core';
import { AppError } from '#shared/errors.ts';
import type { UiTextKey } from '#shared/i18n/index.ts';
import { KiB } from '#shared/units.ts';
import { basicOperations, somethingOf } from '../monkey/operations.ts';
import { connectAll, type Inhabitant } from '../monkey/world.ts';
import { isMissed } from './missed.ts';
import { textsOf } from './reach.ts';
import type { Visit } from './visit.ts';

/** What somebody sets out to do: what a hand that clicks at random hardly ever comes to, because it must be there first, or asks before. */
interface Aim {
  readonly name: string;
  /** Makes that there is something to do it with; answers with where, or null where there is nothing. */
  readonly ready: (visit: Visit) => Promise<string | null>;
  readonly does: (visit: Visit) => Promise<string>;
}

const appearMs = 5000;
const dialogs = '[role=dialog], [role=alertdialog]';
const isThere = (place: Locator, timeout = appearMs): Promise<boolean> => place.first().waitFor({ timeout }).then(() => true, () => false);
/** With exactly this text, in whichever language. */
const saying = (page: Page, selector: string, key: UiTextKey): Locator => page.locator(selector).filter({ hasText: new RegExp(`^\\s*(${textsOf(key).map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})\\s*$`) });
const other = (visit: Visit): Inhabitant => visit.one(visit.world.people.filter((each) => each !== visit.host)) ?? visit.host;

/** Yes, no, or away with it; before that a choice or two in it. */
async function answer(visit: Visit): Promise<string> {
  const dialog = visit.page.locator(dialogs).last();
  if (!(await isThere(dialog, 2500))) return 'at once';
  visit.reach.see(await visit.sight());
  for (let count = Math.floor(visit.random() * 3); count > 0; count--) {
    const choices = dialog.locator('[role=switch], [role=checkbox], [role=radio]').filter({ visible: true });
    const found = await choices.count();
    if (found > 0) await choices.nth(Math.floor(visit.random() * found)).click({ timeout: 6000 }).catch(() => undefined);
  }
  const kind = visit.random();
  const buttons = dialog.locator('.dialog__foot button:enabled');
  const found = await buttons.count();
  if (kind < 0.15 || found === 0) {
    await visit.page.keyboard.press('Escape');
    return 'Escape';
  }
  // What goes on is the last one.
  await buttons.nth(kind < 0.65 ? found - 1 : 0).click({ timeout: 6000 });
  return kind < 0.65 ? 'yes' : 'no';
}

/** Opens the menu of one after the other, until one has the item. */
const fromMenu = (area: string, item: UiTextKey) => async (visit: Visit): Promise<string> => {
  const { page } = visit;
  if (!(await isThere(page.locator(area)))) return 'nothing there';
  const areas = page.locator(area);
  const count = await areas.count();
  const first = Math.floor(visit.random() * count);
  for (let tries = 0; tries < Math.min(count, 4); tries++) {
    await areas.nth((first + tries) % count).click({ button: 'right', timeout: 6000, position: { x: 12, y: 12 } });
    const found = saying(page, '[role=menuitem]', item);
    if (await isThere(found, 2000)) {
      await found.first().click({ timeout: 6000 });
      return answer(visit);
    }
    if (await page.locator('[role=menu]').count() > 0) await page.keyboard.press('Escape');
  }
  return 'in no menu';
};

const fromButton = (find: (page: Page) => Locator) => async (visit: Visit): Promise<string> => {
  const button = find(visit.page).filter({ visible: true });
  if (!(await isThere(button))) return 'nothing there';
  await button.first().click({ timeout: 6000 });
  return answer(visit);
};

/** The page's own node fetches something so slowly that it can be met. */
async function somethingSlow(visit: Visit): Promise<string> {
  const { host, world } = visit;
  await host.person.call('settings.set', { patch: { downloadLimit: 64 * KiB, alternativeLimits: false, schedule: { on: false, days: [], from: '00:00', to: '00:00' } } });
  const isRunning = (): boolean => [...host.person.lists.transfers.values()].some(({ direction, state }) => direction === 'down' && state !== 'done' && state !== 'cancelled');
  const download = basicOperations.find(({ name }) => name === 'download');
  for (let tries = 0; tries < 4 && !isRunning(); tries++) await download?.does(world, host);
  return '/transfers';
}

async function ownRoom(visit: Visit, withOther: boolean): Promise<string | null> {
  const { host } = visit;
  const mine = [...host.person.lists.rooms.values()].filter(({ isMine, name }) => isMine && !name.startsWith('secret'));
  const room = visit.one(mine) ?? await host.person.call('rooms.create', { name: `room ${Math.floor(visit.random() * 9)}`, lastsMs: null });
  if (!withOther) return room.id;
  host.hasInvited = true;
  const { words } = await host.person.call('rooms.invite', { room: room.id, language: 'en' });
  await other(visit).person.call('rooms.join', { invitation: words });
  return room.id;
}

async function paired(visit: Visit): Promise<void> {
  const { person } = other(visit);
  const { host } = visit;
  if (host.person.lists.peers.get(person.id)?.trust === 'paired') return;
  await host.person.call('pairing.start', { peer: person.id });
  await host.person.call('pairing.answer', { peer: person.id, same: true });
  await person.call('pairing.answer', { peer: host.person.id, same: true });
}

/** While somebody is away, and back again. */
const whileAway = (does: (visit: Visit) => Promise<string>) => async (visit: Visit): Promise<string> => {
  const away = other(visit);
  if (away.isBusy || !away.person.isUp) return 'busy';
  away.isBusy = true;
  try {
    await away.person.end('SIGTERM');
    if (!(await isThere(visit.page.locator('article.person--away'), 8000))) return 'not seen to go';
    return await does(visit);
  } finally {
    await away.person.start();
    await connectAll(visit.world, away);
    away.isBusy = false;
  }
};

/** The codes are compared on both sides. */
const pairing = async (visit: Visit): Promise<string> => {
  const { host, world } = visit;
  const same = visit.random() < 0.8;
  const answers = sleep(600).then(() => Promise.all(world.people.filter((each) => each !== host && each.person.isUp).map(({ person }) => person.call('pairing.answer', { peer: host.person.id, same }).catch((error: unknown) => {
    if (!(error instanceof AppError)) throw error;
  }))));
  const [outcome] = await Promise.all([fromMenu('article.person', 'ui.person.pair')(visit), answers]);
  await sleep(500);
  return `${outcome}, ${await answer(visit)}`;
};

const at = (place: string) => (): Promise<string> => Promise.resolve(place);

async function deepFolder(visit: Visit): Promise<string | null> {
  const whose = other(visit);
  const found = await somethingOf(visit.host, whose);
  if (found === null) return null;
  const path = found.entry.kind === 'folder' ? found.path : found.path.split('/').slice(0, -1).join('/');
  return path === '' ? null : `/browse/${whose.person.id}?path=${encodeURIComponent(path)}`;
}

const takeFromFolder = async (visit: Visit): Promise<string> => {
  const { page } = visit;
  const rows = page.locator('main [role=row]');
  if (!(await isThere(rows.nth(1)))) return 'nothing there';
  await rows.nth(1 + Math.floor(visit.random() * ((await rows.count()) - 1))).click({ timeout: 6000 });
  if (visit.random() < 0.4) await page.keyboard.press('Control+A');
  return fromMenu('main [role=row]:nth-child(n+2)', visit.random() < 0.6 ? 'ui.action.download' : 'ui.action.downloadTo')(visit);
};

/** Somebody pushes, and it is answered on the page. */
const takeOffer = async (visit: Visit): Promise<string> => {
  const { host, page } = visit;
  const offer = page.locator('.offer');
  if (!(await offer.first().isVisible())) {
    const whose = other(visit);
    await host.person.call('peers.setAutoAccept', { peer: whose.person.id, autoAccept: false });
    if (visit.random() < 0.2) await whose.person.call('offers.sendText', { peer: host.person.id, text: 'hello <b>you</b> 🎈' });
    else await whose.person.call('offers.send', { peer: host.person.id, paths: [whose.roots[0] ?? '', ...whose.files.ownBelow(whose.roots[1] ?? '').slice(0, Math.floor(visit.random() * 6))] });
  }
  if (!(await isThere(offer, 6000))) return 'does not come';
  visit.reach.see(await visit.sight());
  const buttons = offer.last().locator('.offer__foot button');
  if (visit.random() < 0.3 && (await buttons.count()) > 2) await buttons.nth(1).click({ timeout: 6000 });
  const isYes = visit.random() < 0.6;
  await (isYes ? buttons.last() : buttons.first()).click({ timeout: 6000 });
  return isYes ? 'yes' : 'no';
};

const seeFinished = async (visit: Visit): Promise<string> => {
  await visit.page.locator('main .segments__item').nth(1).click({ timeout: 6000 });
  return 'seen';
};

const findWords = async (visit: Visit): Promise<string> => {
  const hits = visit.page.locator('main article.hit');
  if (!(await isThere(hits, 5000))) return 'nothing found';
  return fromMenu('main article.hit', 'ui.action.download')(visit);
};

const withServer = async (visit: Visit): Promise<string> => {
  await visit.host.person.call('settings.set', { patch: { servers: ['https://127.0.0.1:1'] } });
  return '/settings';
};

export const aims: readonly Aim[] = [
  { name: 'stop a download', ready: somethingSlow, does: fromMenu('.transfer', 'ui.transfer.cancel') },
  { name: 'choose files of a download', ready: somethingSlow, does: fromMenu('.transfer', 'ui.transfer.chooseFiles') },
  { name: 'fetch first', ready: somethingSlow, does: fromMenu('.transfer', 'ui.transfer.first') },
  { name: 'fetch last', ready: somethingSlow, does: fromMenu('.transfer', 'ui.transfer.last') },
  { name: 'remove from the list', ready: at('/transfers'), does: async (visit) => { await seeFinished(visit); return fromMenu('.transfer', 'ui.transfer.forget')(visit); } },
  { name: 'fetch again', ready: at('/transfers'), does: async (visit) => { await seeFinished(visit); return fromMenu('.transfer', 'ui.transfer.again')(visit); } },
  { name: 'clear the list', ready: at('/transfers'), does: async (visit) => { await seeFinished(visit); return fromButton((page) => saying(page, 'main button', 'ui.transfers.clear'))(visit); } },
  { name: 'stop sharing', ready: at('/shares'), does: fromMenu('article.share', 'ui.shares.stop') },
  { name: 'rename a share', ready: at('/shares'), does: fromMenu('article.share', 'ui.shares.rename') },
  { name: 'rescan a share', ready: at('/shares'), does: fromMenu('article.share', 'ui.shares.rescan') },
  { name: 'who may see a share', ready: at('/shares'), does: fromMenu('article.share', 'ui.shares.changeAudience') },
  { name: 'leave a room', ready: async (visit) => { await ownRoom(visit, false); return '/rooms'; }, does: fromMenu('article.room', 'ui.rooms.leave') },
  { name: 'rename a room', ready: async (visit) => { await ownRoom(visit, false); return '/rooms'; }, does: fromMenu('article.room', 'ui.rooms.rename') },
  { name: 'change the end of a room', ready: async (visit) => { await ownRoom(visit, false); return '/rooms'; }, does: fromMenu('article.room', 'ui.rooms.changeEnd') },
  { name: 'remove a member', ready: async (visit) => `/rooms/${await ownRoom(visit, true) ?? ''}`, does: fromMenu('.member', 'ui.rooms.remove') },
  { name: 'block', ready: at('/'), does: fromMenu('article.person', 'ui.person.block') },
  { name: 'unblock', ready: at('/'), does: fromMenu('article.person', 'ui.person.unblock') },
  { name: 'pair', ready: at('/'), does: pairing },
  { name: 'no longer trust', ready: async (visit) => { await paired(visit); return '/'; }, does: fromMenu('article.person', 'ui.person.unpair') },
  { name: 'limit somebody', ready: at('/'), does: fromMenu('article.person', 'ui.person.limits') },
  { name: 'forget', ready: at('/'), does: whileAway(fromMenu('article.person--away', 'ui.person.forget')) },
  { name: 'accept or decline', ready: at('/'), does: takeOffer },
  { name: 'take from a folder', ready: deepFolder, does: takeFromFolder },
  { name: 'find', ready: (visit) => Promise.resolve(`/search?q=${encodeURIComponent(visit.one(['file', 'folder', 'bin', 'moved']) ?? '')}`), does: findWords },
  { name: 'remove a server', ready: withServer, does: fromButton((page) => page.locator('.server__remove')) },
];

/** What was done least is the likeliest. */
export async function aim(visit: Visit): Promise<string> {
  const { page } = visit;
  const weights = aims.map(({ name }) => 1 / (1 + (visit.aimed.get(name) ?? 0)) ** 2);
  let drawn = visit.random() * weights.reduce((sum, each) => sum + each, 0);
  const chosen = aims[weights.findIndex((each) => (drawn -= each) < 0)];
  if (chosen === undefined || !visit.host.person.isUp) return '';
  visit.aimed.set(chosen.name, (visit.aimed.get(chosen.name) ?? 0) + 1);
  for (let presses = 0; presses < 3 && (await page.locator(`${dialogs}, [role=menu], [role=listbox]`).count()) > 0; presses++) {
    await page.keyboard.press('Escape');
    await sleep(150);
  }
  if (visit.random() < 0.4) await visit.host.person.call('settings.set', { patch: { downloadLimit: 'off' } });
  const outcome = await (async () => {
    const place = await chosen.ready(visit);
    if (place === null) return 'nothing there';
    await page.evaluate((to) => { window.location.hash = to; }, place);
    await sleep(150);
    return chosen.does(visit);
  })().catch((error: unknown) => {
    // Others change what it was about meanwhile.
    if (error instanceof AppError) return `error ${error.code}`;
    if (isMissed(error)) return `missed ${/- (.*intercepts pointer events)/.exec(error.message)?.[1]?.slice(0, 200) ?? ''}`;
    throw error;
  });
  visit.reach.aimed(`${chosen.name}: ${outcome}`);
  return `${chosen.name}: ${outcome}`;
}
