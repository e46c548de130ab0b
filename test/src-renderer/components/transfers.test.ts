import { describe, expect, it, vi } from 'vitest';
import type { SearchState } from '#shared/model/search.ts';
import type { Transfer, TransferDetail, TransferFile } from '#shared/model/transfer.ts';
import ProgressBar from '../../../src-renderer/components/base/ProgressBar.vue';
import AskedPanel from '../../../src-renderer/components/search/AskedPanel.vue';
import { mainAction, transferActions } from '../../../src-renderer/components/transfers/transfer-facts.ts';
import FilesDialog from '../../../src-renderer/components/transfers/FilesDialog.vue';
import TransferDetailPanel from '../../../src-renderer/components/transfers/TransferDetailPanel.vue';
import BrakeNote from '../../../src-renderer/components/transfers/BrakeNote.vue';
import SourcesTable from '../../../src-renderer/components/transfers/SourcesTable.vue';
import TransferRow from '../../../src-renderer/components/transfers/TransferRow.vue';
import { mount } from '@vue/test-utils';
import { nextTick } from 'vue';
import { deviceIdFor, inventedPeople } from '../fake/people.ts';
import { inventTransfer, inventedTransfers } from '../fake/transfers.ts';
import { mountComponent } from '../with-app.ts';

const row = (name: string) => mountComponent(TransferRow, { transfer: inventedTransfers().find((each) => each.name === name), people: inventedPeople().slice(0, 1), expanded: false, canShow: false });

describe('a transfer', () => {
  it('says how much is there, from whom, how fast and how long', () => {
    const text = row('Field recordings 2025').text();
    for (const part of ['108 of 1,204 files', '3.46', 'from Amber Falcon', 'MB/s']) expect(text.replaceAll('\u00a0', ' ')).toContain(part);
  });
  it('says why it waits, and what ends it', () => {
    const text = row('Archive_2019-2023.tar.zst').text();
    expect(text).toContain('The disk with “/media/archive” is full.');
    expect(text).toContain('It continues by itself when there is room again.');
  });
  it('offers what fits its state', () => {
    const of = (state: Parameters<typeof inventTransfer>[0]['state']) => inventTransfer({ name: 'x', kind: 'folder', ...(state ? { state } : {}) });
    expect([mainAction(of('running')), mainAction(of('paused')), mainAction(of('failed')), mainAction(of('done'))]).toEqual(['pause', 'resume', 'retry', null]);
    const ids = (transfer: ReturnType<typeof of>) => transferActions(transfer, true, String).map((item) => item.id);
    expect(ids(of('running'))).toEqual(['show', 'files', 'copy-id', 'high', 'normal', 'low', 'cancel']);
    expect(ids(of('done'))).toEqual(['show', 'files', 'again', 'copy-id', 'forget']);
    expect(ids({ ...of('cancelled'), contentId: null })).toEqual(['show', 'forget']);
    // What others take is theirs to stop: nothing is offered that could not be done.
    const upload = { ...of('running'), direction: 'up' as const, path: null, contentId: null };
    expect([mainAction(upload), ids(upload)]).toEqual([null, []]);
    expect([mainAction({ ...upload, state: 'cancelled' }), ids({ ...upload, state: 'done' }), ids({ ...upload, state: 'cancelled' })]).toEqual([null, ['forget'], ['forget']]);
  });
  it('claims no share of an upload whose end nobody knows', () => {
    const wrapper = mountComponent(TransferRow, { transfer: inventTransfer({ name: 'Films', kind: 'folder', direction: 'up', bytes: 5e6, doneBytes: 5e6, rate: 1e6 }), people: inventedPeople().slice(0, 1), expanded: false, canShow: false });
    expect(wrapper.find('[role=progressbar]').exists()).toBe(false);
    expect(wrapper.text().replaceAll('\u00a0', ' ')).toContain('5.00 MB to Amber Falcon');
    expect(wrapper.find('[aria-haspopup]').exists()).toBe(false);
  });
  it('that went out says to whom, how much and when, and that it was not all', () => {
    const sent = inventTransfer({ name: 'Scans', kind: 'folder', direction: 'up', state: 'done', bytes: 5e6, doneBytes: 5e6, files: 3, finishedAt: 1 });
    const text = (transfer: typeof sent): string => mountComponent(TransferRow, { transfer, people: inventedPeople().slice(0, 1), expanded: false, canShow: true }).text().replaceAll('\u00a0', ' ');
    expect(text(sent)).toContain('3 files, 5.00 MB to Amber Falcon');
    expect(text(sent)).toMatch(/Sent(?! in part)/);
    expect(text({ ...sent, state: 'cancelled', doneBytes: 2e6 })).toContain('3 files, 2.00 MB of 5.00 MB to Amber Falcon');
    expect(text({ ...sent, state: 'cancelled', doneBytes: 2e6 })).toContain('Sent in part');
  });
  it('is read aloud with its whole name, and of nobody where nobody takes part', () => {
    const wrapper = mountComponent(TransferRow, { transfer: inventTransfer({ name: 'the whole evening.mkv' }), people: [], expanded: false, canShow: false });
    const name = wrapper.get('.transfer__name');
    name.element.querySelectorAll('[aria-hidden=true]').forEach((half) => { half.remove(); });
    expect(name.text()).toBe('the whole evening.mkv');
    expect(wrapper.find('[role=img]').exists()).toBe(false);
  });
  it('that waits its turn claims no figures before its list has come', () => {
    const queued = inventTransfer({ name: 'Music', kind: 'folder', state: 'queued', files: 0, bytes: 0 });
    const text = (transfer: typeof queued): string => mountComponent(TransferRow, { transfer, people: [], expanded: false, canShow: false }).text();
    expect(text(queued)).toContain('It starts when those before it are done.');
    expect(text(queued)).not.toContain('0 of 0');
    expect(text({ ...queued, state: 'running' })).not.toContain('0 of 0');
    expect(text({ ...queued, files: 3, bytes: 30 }).replaceAll('\u00a0', ' ')).toContain('0 of 3 files, 0 B of 30 B');
  });
  it('that gets nothing says so, and what it waits for', () => {
    const still = { transfer: inventTransfer({ name: 'Music', rate: 0 }), people: [], expanded: false, canShow: false };
    const alone = mountComponent(TransferRow, still).text();
    expect(alone).toContain('No data yet');
    expect(alone).not.toContain('B/s');
    expect(mountComponent(TransferRow, { ...still, behind: true }).text()).toContain('Others are fetched first.');
    const preparing = (files: number) => ({ ...still, transfer: inventTransfer({ name: 'Music', kind: 'folder', state: 'preparing', files }), behind: true });
    expect(mountComponent(TransferRow, preparing(3)).text()).toContain('Others are fetched first.');
    expect(mountComponent(TransferRow, preparing(0)).text()).not.toContain('Others are fetched first.');
  });
});

describe('a click on a transfer', () => {
  it('opens it wherever there is no button, and a button does only what it says', async () => {
    const view = row('Field recordings 2025').getComponent(TransferRow);
    await view.get('.transfer__text').trigger('click');
    expect(view.emitted('toggle')).toHaveLength(1);
    await view.get('button[aria-label^="Pause"]').trigger('click');
    expect([view.emitted('toggle')?.length, view.emitted('act')]).toEqual([1, [['pause']]]);
    await view.get('button[aria-label^="Details"]').trigger('click');
    expect(view.emitted('toggle')).toHaveLength(2);
  });
});

describe('its details', () => {
  const panel = (part: Partial<Transfer>, told: Record<string, unknown> = {}) => mountComponent(TransferDetailPanel, { detail: { transfer: inventTransfer({ name: 'x', ...part }), cells: '', piecesPerCell: 1, pieces: 0, verifiedPieces: 0, sources: [], brake: null, rates: [] }, inOrder: false, person: () => undefined, ...told });
  it('switch whether it comes in order, and lead to its files', async () => {
    const [onInOrder, onFiles] = [vi.fn(), vi.fn()];
    const wrapper = panel({ kind: 'folder' }, { onInOrder, onFiles });
    await wrapper.find('[role=switch]').trigger('click');
    expect(onInOrder.mock.calls).toEqual([[true]]);
    await wrapper.findAll('button').find((button) => button.text().includes('Choose files'))?.trigger('click');
    expect(onFiles).toHaveBeenCalledOnce();
  });
  it('speak of a file’s pieces, and of how much of a folder is there, which has none', () => {
    const map = (kind: Transfer['kind']): string => {
      const detail = { transfer: inventTransfer({ name: 'x', kind }), cells: `${'v'.repeat(50)}${'.'.repeat(150)}`, piecesPerCell: 1, pieces: 200, verifiedPieces: 50, sources: [], brake: null, rates: [] };
      return panel({}, { detail }).get('figure:last-of-type').text().replaceAll('\u00a0', ' ');
    };
    expect(map('file')).toMatch(/^Pieces50 of 200 verifiedVerifiedArriving/);
    expect(map('folder')).toBe('How much is here25 % thereVerified');
  });
  it('draw nothing of what nobody has sent anything of yet', () => {
    expect(panel({ state: 'waiting', reason: { code: 'no-sources' } }).find('figure').exists()).toBe(false);
    expect(panel({ state: 'running' }).find('figure').text().replaceAll('\u00a0', ' ')).toContain('1.00 kB/s');
  });
  it('offer neither for what is over, nor for what others take', () => {
    for (const part of [{ state: 'done' }, { state: 'cancelled' }, { direction: 'up' }] as const) expect(panel(part).find('[role=switch]').exists()).toBe(false);
  });
});

describe('the files of a download', () => {
  const file = (index: number, part: Partial<TransferFile> = {}): TransferFile => ({ index, path: `file ${index}`, mappedPath: null, bytes: 1e6, doneBytes: 0, priority: 'normal', state: 'waiting', ...part });
  // The dialog is drawn beside the component, in the page.
  const dialog = async (files: TransferFile[]) => {
    const onApply = vi.fn();
    mountComponent(FilesDialog, { name: 'x', files, total: files.length, loading: false, onApply });
    await nextTick();
    await nextTick();
    const button = (text: string): HTMLButtonElement => [...document.querySelectorAll('button')].find((each) => each.textContent.trim() === text) ?? expect.fail(text);
    return { onApply, button, summary: () => document.querySelector('[role=dialog] [aria-live]')?.textContent.replaceAll('\u00a0', ' ') };
  };
  it('are skipped and wanted again together, each with the priority it had; only what changed is said, and what is there stays', async () => {
    const { onApply, button, summary } = await dialog([file(0), file(1, { priority: 'high' }), file(2, { priority: 'skip' }), file(3, { state: 'done', priority: 'skip' })]);
    expect(summary()).toBe('3 files, 3.00 MB');
    expect(button('Apply').disabled).toBe(true);
    button('None').click();
    await nextTick();
    expect(summary()).toBe('1 file, 1.00 MB');
    button('All').click();
    await nextTick();
    expect(summary()).toBe('4 files, 4.00 MB');
    button('Apply').click();
    expect(onApply.mock.calls).toEqual([[new Map([['normal', [2]]])]]);
  });
});

describe('a filter that fits no file', () => {
  it('says so in the place of the list', async () => {
    document.body.innerHTML = '';
    mountComponent(FilesDialog, { name: 'x', files: [], total: 0, loading: false });
    await nextTick();
    await nextTick();
    const field = document.querySelector('input') ?? expect.fail('no field');
    field.value = 'nothing like it';
    field.dispatchEvent(new Event('input'));
    await nextTick();
    expect(document.querySelector('[role=dialog] [role=status]')?.textContent).toBe('Nothing here fits the filter.');
  });
});

describe('who feeds it', () => {
  const table = (part: Partial<Transfer>, sources: TransferDetail['sources'] = []) => {
    const detail: TransferDetail = { transfer: inventTransfer({ name: 'x', ...part }), cells: '', piecesPerCell: 1, pieces: 0, verifiedPieces: 0, sources, brake: null, rates: [] };
    return mountComponent(SourcesTable, { detail, person: () => undefined }).text().replaceAll('\u00a0', ' ');
  };
  it('says why nobody does, never that somebody is missing who is not', () => {
    expect(table({ state: 'paused' })).toContain('Nothing is fetched while it is paused.');
    expect(table({ state: 'queued' })).toContain('It starts when those before it are done.');
    expect(table({ state: 'running' })).toContain('Nobody has sent any of it yet.');
    expect(table({ state: 'waiting', reason: { code: 'no-sources' } })).toContain('Nobody who is online has it right now. It continues by itself when somebody who has it is back.');
    expect([0, 1, 2].map((n) => table({ state: 'waiting', reason: { code: 'no-sources', params: { who: 'Anna’s laptop', n } } }).match(/Waits for [^.]*\./)?.[0])).toEqual(['Waits for Anna’s laptop.', 'Waits for Anna’s laptop and 1 other.', 'Waits for Anna’s laptop and 2 others.']);
    expect(table({ state: 'failed', reason: { code: 'content-mismatch' } })).toContain('What arrived is not what was promised.');
  });
  it('leaves the reason to the row above where people gave before and give nothing now', () => {
    const gone = [{ peer: deviceIdFor('Slate Lynx'), latencyMs: null, pieces: 3, bytes: 3e6, rate: 0, failures: 2, state: 'away' as const, until: null }];
    expect(table({ state: 'waiting', reason: { code: 'no-sources' } }, gone)).toMatch(/^Sources0 of 1 sending/);
    expect(table({ state: 'waiting', reason: { code: 'no-sources' } }, gone)).not.toContain('Nobody who is online');
    const open = mountComponent(TransferRow, { transfer: inventTransfer({ name: 'x', state: 'waiting', reason: { code: 'no-sources' } }), people: [], expanded: true, canShow: false });
    expect(open.get('.transfer__reason').classes()).toContain('transfer__reason--whole');
    expect(row('Archive_2019-2023.tar.zst').get('.transfer__reason').classes()).not.toContain('transfer__reason--whole');
  });
  it('of an upload shows how much each takes, not pieces nobody counts', () => {
    const text = table({ direction: 'up' }, [{ peer: deviceIdFor('Slate Lynx'), latencyMs: 2, pieces: 0, bytes: 3e6, rate: 1e6, failures: 0, state: 'feeding', until: null }]);
    expect(text).toContain('3.00 MB');
    expect(text).not.toContain('Pieces');
  });
});

describe('the devices that take part', () => {
  const source = (part: Partial<TransferDetail['sources'][number]>): TransferDetail['sources'][number] => ({ peer: deviceIdFor('Slate Lynx'), latencyMs: 2, pieces: 3, bytes: 3e6, rate: 1e6, failures: 0, state: 'feeding', until: null, ...part });
  const tableOf = (sources: TransferDetail['sources']) => {
    const detail: TransferDetail = { transfer: inventTransfer({ name: 'x' }), cells: '', piecesPerCell: 1, pieces: 0, verifiedPieces: 0, sources, brake: null, rates: [] };
    const people = inventedPeople();
    return mountComponent(SourcesTable, { detail, person: (id: string) => people.find((peer) => peer.id === id) });
  };
  const rows = (sources: TransferDetail['sources']) => tableOf(sources).findAll('tbody').map((row) => row.text().replaceAll('\u00a0', ' '));

  it('are named with what they gave of all, who gave most first, and how they stand to it', () => {
    const [first, second, third] = rows([source({ bytes: 1e6 }), source({ peer: deviceIdFor('Amber Falcon'), bytes: 3e6, state: 'choked' }), source({ peer: deviceIdFor('Teal Osprey'), bytes: 0, state: 'stalled', until: Date.now() })]);
    expect(first).toContain('Amber Falcon');
    expect(first).toContain('Serves others now');
    expect(first).toContain('75 %');
    expect(second).toMatch(/Slate Lynx.*Sending.*25 %.*1.00 MB\/s/);
    expect(third).toMatch(/No answer, again at \d/);
    // What another transfer gets from it is no speed of this one.
    expect(first).not.toContain('MB/s');
  });

  it('gave parts that add up to all of it', () => {
    const [first, second] = rows([source({ bytes: 2e6 }), source({ peer: deviceIdFor('Amber Falcon'), bytes: 1e6 })]);
    expect([first, second]).toEqual([expect.stringContaining('67 %'), expect.stringContaining('33 %')]);
  });

  it('that are banned say until when, and for which pieces, and can be asked again', async () => {
    const piece = (at: number) => ({ file: 'film.bin', contentId: null, piece: at, at: 1, expected: null });
    const banned = source({ state: 'banned', bytes: 9e6, badPieces: { count: 2, banned: true, until: Date.UTC(2026, 10, 21, 13, 20), latest: [piece(40), piece(6)] } });
    const table = tableOf([banned, source({ peer: deviceIdFor('Amber Falcon') })]);
    expect(table.findAll('tbody')[1]?.text().replaceAll('\u00a0', ' ')).toMatch(/Banned until .*Sent 2 wrong pieces. The last were pieces 7, 41 of film.bin./);
    // One button, of the one that is banned.
    await table.get('button').trigger('click');
    expect(table.findAll('button').map((button) => button.attributes('aria-label'))).toEqual(['Ask Slate Lynx again']);
    expect(table.findComponent(SourcesTable).emitted('forgive')).toEqual([[banned.peer]]);
  });
});

describe('why it is not faster', () => {
  const note = (brake: TransferDetail['brake'], direction: 'down' | 'up' = 'down') => mountComponent(BrakeNote, { brake, direction, person: () => undefined }).text();
  it('is said in a sentence, with what to do', () => {
    expect(note({ by: 'own-limit', limit: 'limit' })).toContain('Your speed limit for receiving is reached. Raise it or switch it off');
    expect(note({ by: 'own-limit', limit: 'limit' }, 'up')).toContain('Your speed limit for sending is reached.');
    expect(note({ by: 'link', peer: deviceIdFor('Slate Lynx') })).toContain(`The path to ${deviceIdFor('Slate Lynx').slice(0, 15)} carries no more.`);
    expect(note({ by: 'few-sources', have: 1, linked: 4 })).toContain('on only 1 of 4 connected devices');
  });
  it('keeps its place until it is known', () => {
    expect(note(null)).toContain('Why not faster?');
  });
});

describe('a progress bar', () => {
  it('never goes backward while it shows one thing', async () => {
    const bar = mount(ProgressBar, { props: { value: 50, max: 100, label: 'x' } });
    const now = (): string | undefined => bar.find('[role=progressbar]').attributes('aria-valuenow');
    await bar.setProps({ value: 40 });
    expect(now()).toBe('50');
    await bar.setProps({ value: 60 });
    expect(now()).toBe('60');
    await bar.setProps({ value: 10, max: 200 });
    expect(now()).toBe('5');
  });
});

describe('who was asked', () => {
  it('keeps apart: has nothing, no answer yet, not reachable', () => {
    const people = inventedPeople();
    const states = ['answered', 'none', 'waiting', 'unreachable'] as const;
    const search: SearchState = { id: 'x', words: 'x', finished: false, truncated: false, hits: [], peers: states.map((state, index) => ({ peer: deviceIdFor(people[index]?.name ?? ''), state, hits: index === 0 ? 3 : 0 })) };
    const wrapper = mountComponent(AskedPanel, { search, person: vi.fn((id: string) => people.find((peer) => peer.id === id)) });
    const groups = wrapper.findAll('section').map((section) => section.text().replace(/\s+/g, ' '));
    expect(groups).toEqual(['Amber Falcon3', 'Have nothingCoral Heronnothing', 'No answer yetSlate Lynx', 'Not reachableMoss Badgernot reachable']);
    expect(wrapper.text()).toContain('2 of 4 answered');
  });
});
