import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { errorInfo } from '#shared/errors.ts';
import { readConfig } from '#main/bootstrap/config.ts';
import { envOf, flagOf, settingNames } from '#main/bootstrap/setting-names.ts';

let folder: string;
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'distrishare-config-')); });
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

const read = (file: unknown, env: Record<string, string> = {}, flags: Record<string, unknown> = {}) => {
  if (file !== undefined) writeFileSync(join(folder, 'server.json'), typeof file === 'string' ? file : JSON.stringify(file));
  return readConfig({ file: file === undefined ? undefined : 'server.json', env, flags, cwd: folder });
};

it('takes what options say, then the environment, then the file, then what is usual', async () => {
  const config = await read({ port: 1, maxNodes: 2, maxEntries: 3, certFile: 'tls/cert.pem', keyFile: '/key.pem' }, { DISTRISHARE_BOOTSTRAP_MAX_NODES: '20', DISTRISHARE_BOOTSTRAP_MAX_ENTRIES: '30', PATH: '/bin' }, { maxEntries: '300' });
  expect(config).toMatchObject({ port: 1, maxNodes: 20, maxEntries: 300, heartbeatSeconds: 10, trustProxy: [], certFile: join(folder, 'tls/cert.pem'), keyFile: '/key.pem' });
});

it('finds the file by the environment, too', async () => {
  writeFileSync(join(folder, 'other.json'), '{"port":7}');
  expect(await readConfig({ file: undefined, env: { DISTRISHARE_BOOTSTRAP_CONFIG: join(folder, 'other.json') }, flags: {}, cwd: '/' })).toMatchObject({ port: 7 });
});

it('reads lists and switches from text', async () => {
  expect(await read(undefined, { DISTRISHARE_BOOTSTRAP_TRUST_PROXY: '127.0.0.1, 10.0.0.0/8,::1', DISTRISHARE_BOOTSTRAP_PLAIN_HTTP: 'on', DISTRISHARE_BOOTSTRAP_PUBLIC_URL: 'https://Share.Example.org:443/' })).toMatchObject({ trustProxy: ['127.0.0.1', '10.0.0.0/8', '::1'], plainHttp: true, publicUrl: 'https://share.example.org' });
});

it.each([
  ['port', { port: 70_000 }, {}, {}], ['--port', {}, {}, { port: 'x' }], ['DISTRISHARE_BOOTSTRAP_PORT', {}, { DISTRISHARE_BOOTSTRAP_PORT: '-1' }, {}],
  ['DISTRISHARE_BOOTSTRAP_PROT', {}, { DISTRISHARE_BOOTSTRAP_PROT: '1' }, {}], ['server.json', { prot: 1 }, {}, {}], ['server.json', '{', {}, {}], ['server.json', '[]', {}, {}],
  ['keyFile', { certFile: 'a' }, {}, {}], ['publicUrl', { plainHttp: true }, {}, {}], ['plainHttp', { plainHttp: true, publicUrl: 'https://a.example', certFile: 'a', keyFile: 'b' }, {}, {}],
  ['redisUrl', { redisUrl: 'http://localhost' }, {}, {}], ['redisUrl', { redisUrl: 'redis://a,unix:/b' }, {}, {}], ['--redis-url', {}, {}, { redisUrl: 'redis://u:secret@host' }],
  ['publicUrl', { publicUrl: 'https://a.example/path' }, {}, {}], ['--own-url', {}, {}, { ownUrl: 'http://a.example' }], ['ownUrl', { ownUrl: 'https://a.example/#AAAA' }, {}, {}], ['trustProxy', { trustProxy: ['example.org'] }, {}, {}], ['silenceSeconds', { silenceSeconds: 10 }, {}, {}], ['adminToken', { adminToken: 'short' }, {}, {}],
])('names %s when it does not fit', async (name, file, env, flags) => {
  const error: unknown = await read(file, env, flags).catch((thrown: unknown) => thrown);
  expect(errorInfo(error).code).toBe('bad-argument');
  expect(errorInfo(error).params?.['name']).toContain(name);
});

it.each(['redis://h', 'rediss://user:p%40ss@redis.example:6380/2', 'unix:/run/redis/redis.sock?db=3', 'redis://a:1,redis://b:2'])('takes %s as a Redis', async (redisUrl) => {
  expect(await read({ redisUrl })).toMatchObject({ redisUrl });
});

it.each([['https://A.example.org:443/', 'https://a.example.org'], ['a.example.org:47900', 'https://a.example.org:47900']])('takes %s as the URL of one server', async (ownUrl, url) => {
  expect(await read(undefined, { DISTRISHARE_BOOTSTRAP_OWN_URL: ownUrl })).toMatchObject({ ownUrl: url });
});

it('shows nobody the password of a Redis when something is wrong with it', async () => {
  const error: unknown = await read({ redisUrl: 'redis://user:hunter2@host/none' }).catch((thrown: unknown) => thrown);
  expect(JSON.stringify(errorInfo(error)) + String(error)).not.toContain('hunter2');
  expect(errorInfo(error).params?.['name']).toBe('redisUrl');
});

it('says which file is missing', async () => {
  await expect(readConfig({ file: 'nowhere.json', env: {}, flags: {}, cwd: folder })).rejects.toMatchObject({ code: 'file-missing', params: { path: join(folder, 'nowhere.json') } });
});

it('has one name for each setting everywhere', () => {
  expect(flagOf('maxNodesPerAddress')).toBe('max-nodes-per-address');
  expect(new Set(settingNames.map(envOf)).size).toBe(settingNames.length);
});
