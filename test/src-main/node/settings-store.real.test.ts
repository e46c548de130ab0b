import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSettingsStore } from '#main/node/settings-store.ts';
import { defaultSettings } from '#shared/settings.ts';
import type { Settings, SettingsPatch } from '#shared/settings.ts';

const defaults: Settings = { ...defaultSettings, name: 'Jade Otter', downloadDir: '/downloads' };
let dataDir: string;
const file = (name: string) => join(dataDir, name);
const open = (overrides?: SettingsPatch) => openSettingsStore({ dataDir, defaults, overrides });
const onDisk = async (): Promise<unknown> => JSON.parse(await readFile(file('settings.json'), 'utf8'));

beforeEach(async () => { dataDir = await mkdtemp(join(tmpdir(), 'settings-')); });
afterEach(async () => { await rm(dataDir, { recursive: true, force: true }); });

describe('settings store', () => {
  it('starts from the defaults and writes only what was set', async () => {
    const store = await open();
    expect(store.get()).toEqual(defaults);
    expect(store.problem).toBeNull();
    await expect(store.set({ name: '\u200e\u200b ' })).rejects.toMatchObject({ code: 'bad-argument' });
    await store.set({ name: ' Amber\u200b Falcon\u202e ' });
    expect(await onDisk()).toEqual({ version: 1, settings: { name: 'Amber Falcon' } });
    expect((await open()).get().name).toBe('Amber Falcon');
  });

  it('keeps the file to its owner and leaves no temporary file', async () => {
    const store = await open();
    await Promise.all([store.set({ port: 1 }), store.set({ mdns: false }), store.set({ port: 2 })]);
    expect((await stat(file('settings.json'))).mode & 0o777).toBe(0o600);
    expect((await readdir(dataDir)).sort()).toEqual(['settings.json', 'settings.json.bak']);
    expect(await onDisk()).toEqual({ version: 1, settings: { port: 2, mdns: false } });
  });

  it('tells listeners until they stop', async () => {
    const store = await open();
    const heard: string[] = [];
    const stop = store.onChange((settings) => heard.push(settings.name));
    await store.set({ name: 'A' });
    stop();
    await store.set({ name: 'B' });
    expect(heard).toEqual(['A']);
  });

  it('refuses what the schema refuses, and stays as it was', async () => {
    const store = await open();
    await expect(store.set({ downloadLimit: 0 })).rejects.toMatchObject({ code: 'bad-argument', params: { argument: 'downloadLimit' } });
    expect(store.get()).toEqual(defaults);
    expect(await readdir(dataDir)).toEqual([]);
  });

  it('lets command line options win until the setting is set again, without writing them', async () => {
    const store = await open({ port: 5000, mdns: false });
    expect(store.get()).toMatchObject({ port: 5000, mdns: false });
    await store.set({ name: 'A' });
    expect(await onDisk()).toEqual({ version: 1, settings: { name: 'A' } });
    await store.set({ port: 6000 });
    expect(store.get()).toMatchObject({ port: 6000, mdns: false });
  });

  it.each(['', '{"version":1,', '[]', '{"version":0,"settings":{}}', '\u0000\u0000\u0000'])('damaged as %j: keeps it, takes the copy, says so once', async (damage) => {
    const first = await open();
    await first.set({ name: 'Good' });
    await first.set({ name: 'Better' });
    await writeFile(file('settings.json'), damage);
    const store = await open();
    expect(store.get().name).toBe('Better');
    expect(store.problem).toEqual({ code: 'settings-damaged', params: { path: file('settings.damaged-1.json') } });
    expect(await readFile(file('settings.damaged-1.json'), 'utf8')).toBe(damage);
    expect((await open()).problem).toBeNull();
    expect((await open()).get().name).toBe('Better');
  });

  it.each([
    ['damaged, without a copy', '{', null], ['damaged together with its copy', '{', '{'], ['empty, with an impossible copy', '', '{"version":1,"settings":{"visibility":"all"}}'],
    ['gone, with a damaged copy', null, '\u0000'], ['an unknown visibility', '{"version":1,"settings":{"visibility":"hiden"}}', null],
    ['impossible networks', '{"version":1,"settings":{"visibility":"everyone","unusedNetworks":"tun0"}}', '{"version":1,"settings":{}}'],
  ])('%s: nobody finds this device until the user says so, and that is said once', async (_, text, copy) => {
    if (text !== null) await writeFile(file('settings.json'), text);
    if (copy !== null) await writeFile(file('settings.json.bak'), copy);
    const store = await open();
    expect(store.get()).toEqual({ ...defaults, visibility: 'hidden', portMapping: 'off' });
    expect(store.problem).toEqual({ code: 'settings-lost', params: text === null ? {} : { path: file('settings.damaged-1.json') } });
    const again = await open();
    expect([again.get().visibility, again.problem]).toEqual(['hidden', null]);
    await again.set({ visibility: 'everyone' });
    expect((await open()).get().visibility).toBe('everyone');
  });

  it('gone: takes the copy', async () => {
    await (await open()).set({ visibility: 'paired' });
    await rm(file('settings.json'));
    const store = await open();
    expect([store.get().visibility, store.problem?.code]).toEqual(['paired', 'settings-damaged']);
  });

  it('edited by hand: the copy follows', async () => {
    await (await open()).set({ visibility: 'everyone' });
    await writeFile(file('settings.json'), '{"version":1,"settings":{"visibility":"hidden"}}');
    await open();
    await writeFile(file('settings.json'), 'damaged');
    expect((await open()).get().visibility).toBe('hidden');
  });

  it('takes names that every object has for unknown ones', async () => {
    await writeFile(file('settings.json'), '{"version":1,"settings":{"constructor":1,"toString":2,"name":"Kept"}}');
    expect((await open()).get()).toEqual({ ...defaults, name: 'Kept' });
  });

  it('one impossible value: the others hold, the file is kept aside', async () => {
    await writeFile(file('settings.json'), JSON.stringify({ version: 1, settings: { name: 'Kept', port: -1 } }));
    const store = await open();
    expect(store.get()).toMatchObject({ name: 'Kept', port: defaults.port });
    expect(store.problem?.code).toBe('settings-damaged');
    expect(await onDisk()).toEqual({ version: 1, settings: { name: 'Kept' } });
  });

  it('a newer version: uses what it understands and destroys nothing', async () => {
    const newer = { version: 7, settings: { name: 'Kept', theme: 'sepia', teleport: { speed: 9 } } };
    await writeFile(file('settings.json'), JSON.stringify(newer));
    const store = await open();
    expect(store.problem).toBeNull();
    expect(store.get()).toMatchObject({ name: 'Kept', theme: 'system' });
    await store.set({ port: 1234 });
    expect(await onDisk()).toEqual({ version: 7, settings: { ...newer.settings, port: 1234 } });
  });

  it.each([['settings.json', 'settings.json.bak'], ['settings.json.bak', 'settings.json']])('a newer version in %s that says in its own way who finds this device: nobody does, and nothing is destroyed', async (has, gets) => {
    const newer = { version: 7, settings: { visibility: 'friends', unusedNetworks: { tun0: 'at night' }, portMapping: 'on' } };
    await writeFile(file(has), JSON.stringify(newer));
    const store = await open();
    expect(store.get()).toMatchObject({ visibility: 'hidden', portMapping: 'off' });
    expect(store.problem).toEqual(has === 'settings.json' ? { code: 'settings-newer', params: { path: file('settings.json') } } : { code: 'settings-lost', params: {} });
    expect(JSON.parse(await readFile(file(gets), 'utf8'))).toEqual(newer);
    expect((await store.set({ visibility: 'paired' })).visibility).toBe('paired');
  });
});
