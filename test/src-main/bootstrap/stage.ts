import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { bootstrapConfigSchema } from '#main/bootstrap/config.ts';
import { startBootstrapServer, type RunningServer } from '#main/bootstrap/start-server.ts';
import type { BootstrapSetting } from '#main/bootstrap/setting-names.ts';
import { TestClient } from './bootstrap-client.ts';

/** Servers and clients of one test, all gone when it ends. */
export class BootstrapStage {
  readonly #closing: (() => Promise<void> | void)[] = [];

  async folder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'distrishare-bootstrap-'));
    this.#closing.push(() => rm(folder, { recursive: true, force: true }));
    return folder;
  }

  async server(settings: Partial<Record<BootstrapSetting, unknown>> = {}, dataDir?: string, pageDir?: string): Promise<{ server: RunningServer; base: string }> {
    const config = bootstrapConfigSchema.parse({ listen: '127.0.0.1', port: 0, logLevel: 'silent', drainSeconds: 1, ...settings });
    const server = await startBootstrapServer(config, dataDir ?? (await this.folder()), pino({ level: 'silent' }), pageDir);
    this.#closing.push(() => server.close());
    return { server, base: `${config.plainHttp ? 'http' : 'https'}://127.0.0.1:${server.port}` };
  }

  async client(base: string, withCertificate = true): Promise<TestClient> {
    const client = await TestClient.make(base, withCertificate);
    this.#closing.push(() => { client.close(); });
    return client;
  }

  async close(): Promise<void> {
    for (const close of this.#closing.splice(0).reverse()) await close();
  }
}
