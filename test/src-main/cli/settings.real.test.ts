import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Network } from '#shared/model/network.ts';
import { defaultSettings } from '#shared/settings.ts';
import type { Settings } from '#shared/settings.ts';
import { statusOf } from '../../contract/fake-node.ts';
import { CliHarness } from './cli-harness.ts';
import { peerOf } from './things.ts';

let cli: CliHarness;
beforeEach(async () => { cli = await CliHarness.start(); });
afterEach(() => cli.close());

describe('settings', () => {
  const settings: Settings = { ...defaultSettings, name: 'Jade Otter', downloadDir: '/downloads' };
  beforeEach(() => {
    cli.node.handlers['settings.get'] = () => settings;
    cli.node.handlers['settings.set'] = ({ patch }) => ({ ...settings, ...patch }) as Settings;
  });

  it('shows all, or one', async () => {
    expect((await cli.run('settings')).out).toContain('downloadLimit = off\n');
    expect((await cli.run('settings port')).out).toBe('47800\n');
    expect((await cli.run('settings port --json')).json()).toEqual([{ event: 'setting', key: 'port', value: 47800 }]);
  });

  it.each([
    ['downloadLimit 1000000', { downloadLimit: 1_000_000 }], ['downloadLimit off', { downloadLimit: 'off' }], ['multicast off', { multicast: false }], ['multicast true', { multicast: true }],
    ['downloadLimit 1.5MB', { downloadLimit: 1_500_000 }], ['alternativeUploadLimit 2MiB/s', { alternativeUploadLimit: 2 * 1024 * 1024 }], ['pingBudget 30', { pingBudget: 30 }], ['alternativeLimits on', { alternativeLimits: true }],
    ['name 123', { name: '123' }], ['theme dark', { theme: 'dark' }], ['name off', { name: 'off' }],
  ])('%s', async (args, patch) => {
    expect((await cli.run(`settings ${args}`)).code).toBe(0);
    expect(cli.node.asked).toEqual([{ name: 'settings.set', args: { patch } }]);
  });

  it('takes a folder as it is meant where it is typed, not where the node was started', async () => {
    expect((await cli.run('settings downloadDir come/in')).out).toBe(`downloadDir is now ${join(cli.dataDir, 'come', 'in')}.\n`);
  });
});

describe('networks', () => {
  const network = (name: string, change: Partial<Network> = {}): Network => ({ name, key: name, vpn: null, addresses: ['192.168.1.24'], used: true, ...change });
  let settings: Settings;
  beforeEach(() => {
    settings = { ...defaultSettings, name: 'Jade Otter', downloadDir: '/downloads', unusedNetworks: ['eth0', 'usb7'] };
    cli.node.handlers['settings.get'] = () => settings;
    cli.node.handlers['settings.set'] = ({ patch }) => (settings = { ...settings, ...patch } as Settings);
    cli.node.handlers['node.status'] = () => statusOf({
      networks: [network('eth0', { used: false }), network('Wi-Fi 2'), network('utun4', { key: 'tailscale', vpn: 'tailscale', addresses: ['100.101.2.3', 'fd7a:115c:a1e0::5'] }), network('tun0', { vpn: 'other', addresses: ['10.8.0.6'] })],
    });
  });
  const changes = () => cli.node.asked.filter(({ name }) => name === 'settings.set').map(({ args }) => args);

  it('are listed: what each one is, whether it is used, and those that are off and not there', async () => {
    const { out } = await cli.run('networks');
    expect(out).toMatch(/^eth0 +local network +off +192\.168\.1\.24$/m);
    expect(out).toMatch(/^utun4 +Tailscale +on +100\.101\.2\.3, fd7a:115c:a1e0::5$/m);
    expect(out).toMatch(/^tun0 +VPN +on/m);
    expect(out).toMatch(/^usb7 +not there now +off$/m);
    expect(out).toContain('Letting others in through the router: Not needed while you use no server and are in no room.');
    expect((await cli.run('networks utun4 --json')).json()).toEqual([{ event: 'network', name: 'utun4', key: 'tailscale', vpn: 'tailscale', addresses: ['100.101.2.3', 'fd7a:115c:a1e0::5'], used: true }]);
    expect((await cli.run('networks --lang es')).out).toMatch(/^eth0 +red local +no/m);
    cli.node.handlers['node.status'] = () => statusOf({ networks: [] });
    settings.unusedNetworks = [];
    expect((await cli.run('networks')).out).toBe('This machine is on no network.\n');
    expect((await cli.run('networks eth0 off')).err).toContain('on no network');
    expect(changes()).toEqual([]);
  });

  it.each([
    [['utun4', 'off'], ['eth0', 'usb7', 'tailscale'], /^utun4 is switched off/], [['wi-fi 2', 'off'], ['eth0', 'usb7', 'Wi-Fi 2'], /^Wi-Fi 2 is switched off/],
    [['eth0', 'on'], ['usb7'], /^eth0 is used/], [['usb7', 'on'], ['eth0'], /^usb7 is used/], [['eth0', 'off'], ['usb7', 'eth0'], /^eth0 is switched off/],
  ])('%j', async (args, unusedNetworks, said) => {
    const { code, out } = await cli.runWith(['networks', ...args]);
    expect([code, out]).toEqual([0, expect.stringMatching(said)]);
    expect(changes()).toEqual([{ patch: { unusedNetworks } }]);
  });

  it.each([['networks eth9 off', 'eth0, Wi-Fi 2, utun4, tun0, usb7'], ['networks eth0 maybe', 'on, off'], ['settings unusedNetworks eth0', '“distrishare networks NAME on” or “… off”']])('%s is refused, and said why', async (args, named) => {
    const { code, err } = await cli.run(args);
    expect([code, err]).toEqual([2, expect.stringContaining(named)]);
    expect(changes()).toEqual([]);
  });

  it('stand among the settings as they are', async () => {
    expect((await cli.run('settings')).out).toContain('unusedNetworks = eth0, usb7\n');
    expect((await cli.run('settings unusedNetworks --json')).json()).toEqual([{ event: 'setting', key: 'unusedNetworks', value: ['eth0', 'usb7'] }]);
    settings.unusedNetworks = [];
    expect((await cli.run('settings unusedNetworks')).out).toBe('-\n');
  });
});

describe('limits', () => {
  let settings: Settings;
  beforeEach(() => {
    settings = { ...defaultSettings, name: 'Jade Otter', downloadDir: '/downloads', uploadLimit: 250_000 };
    cli.node.handlers['settings.get'] = () => settings;
    cli.node.handlers['settings.set'] = ({ patch }) => (settings = { ...settings, ...patch } as Settings);
    cli.node.handlers['node.status'] = () => statusOf({ speed: { alternative: false, down: null, up: { bytesPerSecond: 120_000, cause: 'ping' }, addedDelayMs: 18.4 } });
    cli.node.handlers['peers.list'] = () => [peerOf({ limits: { down: 'off', up: 64_000 } })];
    cli.node.handlers['peers.setLimits'] = ({ down = 'off', up = 'off' }) => peerOf({ limits: { down, up } });
  });
  const changes = () => cli.node.asked.filter(({ name }) => name === 'settings.set' || name === 'peers.setLimits');

  it('are shown: the usual ones, those of devices, and what holds now', async () => {
    const { out } = await cli.run('limits');
    expect(out).toMatch(/usual limits +no limit +250.kB\/s/);
    expect(out).toMatch(/Amber +no limit +64\.0.kB\/s/);
    expect(out).toMatch(/now, for all +no limit +120.kB\/s \(ping\)/);
    expect(out).toContain('schedule: mon,tue,wed,thu,fri 08:00-20:00 (off)');
    expect(out).toContain('now 18 ms more');
    expect((await cli.run('limits --json')).json()).toMatchObject([{ event: 'limits', uploadLimit: 250_000, peers: [{ name: 'Amber', limits: { up: 64_000 } }] }]);
    expect(changes()).toEqual([]);
  });

  it.each([
    [['--down', '2M', '--up', 'off'], { downloadLimit: 2_000_000, uploadLimit: 'off' }], [['--alt', 'on', '--alt-down', '100k'], { alternativeLimits: true, alternativeDownloadLimit: 100_000 }],
    [['--ping', 'on'], { pingBudget: 20 }], [['--ping', '45'], { pingBudget: 45 }], [['--ping', 'off'], { pingBudget: 'off' }],
    [['--schedule', 'daily 22:30-6:00'], { schedule: { on: true, days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], from: '22:30', to: '06:00' } }],
    [['--schedule', 'fri-mon 00:00-24:00'], { schedule: { on: true, days: ['mon', 'fri', 'sat', 'sun'], from: '00:00', to: '00:00' } }],
    [['--schedule', 'on'], { schedule: { ...defaultSettings.schedule, on: true } }],
  ])('%j', async (args, patch) => {
    expect((await cli.runWith(['limits', ...args])).code).toBe(0);
    expect(changes()).toEqual([{ name: 'settings.set', args: { patch } }]);
  });

  it('one device has its own', async () => {
    expect((await cli.run('limits --peer amber --down 1.5MB')).out).toMatch(/^Amber: receiving 1\.50.MB\/s, sending no limit\.\n$/);
    expect(changes()).toEqual([{ name: 'peers.setLimits', args: { peer: 'amber', down: 1_500_000 } }]);
  });

  it.each([
    [['--down', '0'], '--down'], [['--down', '-5'], '--down'], [['--up', '1000'], '--up'], [['--up', '5 apples'], '--up'], [['--up', '1e9'], '--up'], [['--peer', 'amber', '--up', 'fast'], '--up'],
    [['--alt', 'maybe'], '--alt'], [['--ping', '4'], '--ping'], [['--ping', '1001'], '--ping'], [['--ping', 'soon'], '--ping'],
    [['--schedule', 'mon-fri'], '--schedule'], [['--schedule', 'mon 8-9'], '--schedule'], [['--schedule', 'mon 25:00-26:00'], '--schedule'], [['--schedule', 'funday 08:00-09:00'], '--schedule'], [['--peer', 'amber', '--ping', '20'], '--peer'],
  ])('%j is refused, and said why', async (args, named) => {
    const { code, err } = await cli.runWith(['limits', ...args]);
    expect(code).toBe(2);
    expect(err).toContain(named);
    expect(changes()).toEqual([]);
  });
});
