import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deviceIdOf } from '#shared/ids.ts';
import type { Settings } from '#shared/settings.ts';
import { defaultSettings } from '#shared/settings.ts';
import { statusOf } from '../../contract/fake-node.ts';
import { CliHarness } from './cli-harness.ts';

const fingerprint = deviceIdOf(new Uint8Array(32).fill(5));
const server = `https://192.0.2.7:47900#${fingerprint}`;
let settings: Settings;
let cli: CliHarness;

beforeEach(async () => {
  settings = { ...defaultSettings, name: 'Jade Otter', downloadDir: '/downloads' };
  cli = await CliHarness.start();
  cli.node.handlers['settings.get'] = () => settings;
  cli.node.handlers['settings.set'] = ({ patch }) => (settings = { ...settings, ...patch } as Settings);
});
afterEach(() => cli.close());

describe('servers', () => {
  it('are added as they are handed on, once each, and removed without their fingerprint', async () => {
    expect((await cli.run(`servers add ${server.toLowerCase()}`)).out).toContain('https://192.0.2.7:47900 is used from now on.');
    await cli.run('servers add share.example.org');
    await cli.run(`servers add https://192.0.2.7:47900/`);
    expect(settings.servers).toEqual(['https://share.example.org', 'https://192.0.2.7:47900']);
    expect((await cli.run('servers remove 192.0.2.7:47900')).code).toBe(0);
    expect(settings.servers).toEqual(['https://share.example.org']);
    expect((await cli.run('servers remove 192.0.2.7:47900')).err).toContain('“https://192.0.2.7:47900” is not there');
    expect((await cli.run('servers add http://nonsense/path')).err).toContain('http://nonsense/path is no address of a server');
  });

  it('are shown with how they are', async () => {
    cli.node.handlers['node.status'] = () => statusOf({
      servers: [
        { url: server, state: 'online', since: 1, error: null, nextAt: null, latencyMs: 31.4, nodes: 4, relay: true, unknown: 0 },
        { url: 'https://newer.example.org', state: 'online', since: 1, error: null, nextAt: null, latencyMs: 31.4, nodes: 4, relay: true, unknown: 2 },
        { url: 'https://share.example.org', state: 'waiting', since: 1, error: { code: 'not-reachable' }, nextAt: 9, latencyMs: null, nodes: 0, relay: false, unknown: 0 },
      ],
    });
    const { out } = await cli.run('servers');
    expect(out).toMatch(/https:\/\/192\.0\.2\.7:47900 +online +31 ms +4/);
    expect(out).toMatch(/newer\.example\.org +online .*It speaks of 2 things that this version does not know\./);
    expect(out).toMatch(/share\.example\.org +tried again soon +0 +The device cannot be reached\./);
    cli.node.handlers['node.status'] = () => statusOf();
    expect((await cli.run('servers')).out).toContain('You use no server');
  });
});
