import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import * as z from 'zod';
import { adminRoutes, type AdminAnswer, type AdminRouteName } from '#shared/protocol/bootstrap-admin.ts';
import { bootstrapErrorSchema } from '#shared/protocol/bootstrap-errors.ts';
import { BootstrapStage } from '../stage.ts';
import type { TestClient } from '../bootstrap-client.ts';
import { contentOf, entryOf } from '../registry/things.ts';

let stage: BootstrapStage;
beforeEach(() => { stage = new BootstrapStage(); });
afterEach(() => stage.close());

const adminToken = 'a secret of the operator';
const codeOf = (text: string): string => bootstrapErrorSchema.parse(JSON.parse(text)).error.code;
const paths = Object.values(adminRoutes).map(({ path }) => path.replace('{deviceId}', 'A').replace('{contentId}', 'B'));

async function operator(base: string, token = adminToken): Promise<{ client: TestClient; read: <Name extends AdminRouteName>(name: Name, path?: string) => Promise<AdminAnswer<Name>> }> {
  const client = await stage.client(base, false);
  client.token = token;
  return { client, read: async (name, path = adminRoutes[name].path) => z.strictObject(adminRoutes[name].answer.shape).parse(JSON.parse((await client.ask(path)).text)) as never };
}

it('shows what it knows to whoever has the token, and to nobody else', async () => {
  const { base } = await stage.server({ adminToken });
  const [one, two] = [await stage.client(base), await stage.client(base)];
  for (const client of [one, two]) await client.call('register', { addresses: ['192.168.1.7:47800'], rooms: [] });
  await one.call('entries', { add: [entryOf(1, 'film.mp4')], revision: 'r' });
  await two.call('entries', { add: [{ ...entryOf(1, 'film.mp4'), have: 40 }], revision: 'r' });

  for (const path of paths) {
    expect(codeOf((await (await stage.client(base, false)).ask(path)).text)).toBe('not-authorised');
    expect(codeOf((await (await operator(base, 'another one')).client.ask(path)).text)).toBe('not-authorised');
    // A device is no operator, whatever it has proven.
    expect(codeOf((await one.ask(path)).text)).toBe('not-authorised');
  }
  const { client, read } = await operator(base);
  await expect.poll(async () => (await read('overview')).health.status).toBe('ok');
  expect(await read('overview')).toMatchObject({ counts: { nodes: 2, entries: 2, contents: 1 }, certificate: { own: true }, alerts: [] });
  expect((await read('nodes')).rows.map((row) => row.deviceId)).toEqual([one.id, two.id]);
  expect((await read('nodes', `/v1/admin/nodes?find=${two.id.slice(0, 7)}`)).rows).toHaveLength(1);
  expect(await read('files', '/v1/admin/files?words=film')).toMatchObject({ rows: [{ seeders: 1, leechers: 1 }], total: 1, next: null });
  expect((await read('holders', `/v1/admin/files/${contentOf(1)}`)).rows.map(({ deviceId, percent, role }) => [deviceId, percent, role])).toEqual([[one.id, 100, 'seeder'], [two.id, 40, 'leecher']]);
  expect((await read('nodeEntries', `/v1/admin/nodes/${two.id}?from=1`)).rows).toEqual([]);
  expect(codeOf((await client.ask('/v1/admin/nodes?from=-1')).text)).toBe('bad-request');
  expect(codeOf((await client.ask(`/v1/admin/nodes?find=${'x'.repeat(101)}`)).text)).toBe('bad-request');
  expect(codeOf((await client.ask('/v1/admin/files/zz')).text)).toBe('bad-request');
});

it('has no answers where there is no token, not even for this machine', async () => {
  const { base } = await stage.server();
  for (const token of ['', 'undefined', adminToken]) expect(codeOf((await (await operator(base, token)).client.ask('/v1/admin/overview')).text)).toBe('not-found');
});

it('makes whoever guesses wait', async () => {
  const { base } = await stage.server({ adminToken, requestBurst: 100, requestsPerSecond: 1 });
  const guesser = await operator(base, 'perhaps this one');
  const codes: string[] = [];
  while (codes.at(-1) !== 'rate-limited' && codes.length < 50) codes.push(codeOf((await guesser.client.ask('/v1/admin/overview')).text));
  // Each takes 12 of what 50 requests would leave enough of.
  expect(codes).toEqual([...Array.from({ length: codes.length - 1 }, () => 'not-authorised'), 'rate-limited']);
  expect(codes.length).toBeLessThan(12);
});

it('keeps what a device has of a content over a restart', async () => {
  const dataDir = await stage.folder();
  const first = await stage.server({ adminToken }, dataDir);
  const device = await stage.client(first.base);
  await device.call('register', { addresses: [], rooms: [] });
  await device.call('entries', { add: [{ ...entryOf(1), have: 70 }, { ...entryOf(2), kind: 'folder', have: 0 }, entryOf(3)], revision: 'r' });
  await first.server.close();
  const { base } = await stage.server({ adminToken }, dataDir);
  const { read } = await operator(base);
  await expect.poll(async () => (await read('nodeEntries', `/v1/admin/nodes/${device.id}`)).rows.map(({ kind, percent }) => [kind, percent])).toEqual([['file', 70], ['folder', 0], ['file', 100]]);
});

it('gives the page to everybody, with a policy that lets it run only what it brings, and no other file', async () => {
  const pageDir = await stage.folder();
  await mkdir(join(pageDir, 'assets'));
  await Promise.all([writeFile(join(pageDir, 'index.html'), '<!doctype html>'), writeFile(join(pageDir, 'assets/a.js'), '1'), writeFile(join(pageDir, 'secret.pem'), 'x')]);
  const { base } = await stage.server({ adminToken }, undefined, pageDir);
  const anybody = await stage.client(base, false);
  const page = await anybody.ask('/dashboard');
  expect(page).toMatchObject({ status: 200, text: '<!doctype html>', headers: { 'content-type': 'text/html; charset=utf-8', 'x-content-type-options': 'nosniff' } });
  expect(page.headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self'; (?!.*unsafe).*frame-ancestors 'none'$/);
  expect(await anybody.ask('/dashboard/')).toMatchObject({ status: 200 });
  expect(await anybody.ask('/dashboard/assets/a.js')).toMatchObject({ status: 200, text: '1', headers: { 'content-type': 'text/javascript; charset=utf-8' } });
  for (const path of ['/dashboard/secret.pem', '/dashboard/../package.json', '/dashboard/%2e%2e/package.json', '/dashboard/assets', '/dashboard/assets%2fb.js']) expect((await anybody.ask(path)).status).toBe(404);
  const bare = await stage.server();
  expect((await (await stage.client(bare.base, false)).ask('/dashboard')).status).toBe(404);
});
