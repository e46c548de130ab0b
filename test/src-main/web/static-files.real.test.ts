import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sendStatic } from '#main/web/static-files.ts';
import { MiB } from '#shared/units.ts';

it('a browser that goes away in the middle of a file, as when a page is reloaded, is nothing that went wrong', async () => {
  const server = createServer();
  const folder = await mkdtemp(join(tmpdir(), 'static-'));
  await writeFile(join(folder, 'large.js'), Buffer.alloc(32 * MiB));
  const sent = new Promise<boolean>((resolve, reject) => {
    server.on('request', (_, response) => { sendStatic(response, folder, '/large.js', false).then(resolve, reject); });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const browser = connect(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1', () => { browser.write('GET /large.js HTTP/1.1\r\nHost: x\r\n\r\n'); });
  browser.once('data', () => { browser.destroy(); });
  await expect(sent).resolves.toBe(true);
  server.close();
  await rm(folder, { recursive: true });
});
