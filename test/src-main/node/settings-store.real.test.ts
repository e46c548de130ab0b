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
    await store.set({ name: 'Amber Falcon' });
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
    await expect(store.set({ downloadLimit: 0 })).rejects.toMatchObject({ code: 'bad-argument', params: { name: 'downloadLimit' } });
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

  it.each(['', '{"version":1,', '[]', '{"version":0,"settings":{}}', '\u0000\u0000\u0000'])('damaged as %j: keeps it, takes the one before, says so once', async (damage) => {
    const first = await open();
    await first.set({ name: 'Good' });
    await first.set({ name: 'Better' });
    await writeFile(file('settings.json'), damage);
    const store = await open();
    expect(store.get().name).toBe('Good');
    expect(store.problem).toEqual({ code: 'settings-damaged', params: { path: file('settings.damaged-1.json') } });
    expect(await readFile(file('settings.damaged-1.json'), 'utf8')).toBe(damage);
    expect((await open()).problem).toBeNull();
    expect((await open()).get().name).toBe('Good');
  });

  it('damaged together with its backup: uses the defaults', async () => {
    await writeFile(file('settings.json'), '{');
    await writeFile(file('settings.json.bak'), '{');
    const store = await open();
    expect(store.get()).toEqual(defaults);
    expect(store.problem?.code).toBe('settings-damaged');
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
});
