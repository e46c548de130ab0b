import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { RedisProcess } from './redis-process.ts';

/** Null where the program is missing; then tests with it are skipped. */
export const redisVersion: string | null = spawnSync('redis-server', ['--version'], { encoding: 'utf8' }).stdout?.trim() ?? null;
if (redisVersion === null) console.warn('Tests with Redis are skipped: the program redis-server (Debian package redis-server) is missing.');

/** A Redis of its own on a socket in a folder of its own, without a word to the disk. */
export class TestRedis {
  readonly #folder: string;
  readonly #process: RedisProcess;
  readonly client: Redis;

  private constructor(folder: string, args: readonly string[]) {
    this.#folder = folder;
    this.client = new Redis({ path: join(folder, 'redis.sock'), lazyConnect: true, retryStrategy: () => 20 });
    this.#process = new RedisProcess(this.client, ['--port', '0', '--unixsocket', join(folder, 'redis.sock'), '--dir', folder, '--daemonize', 'no', ...args]);
  }

  static async start(...args: readonly string[]): Promise<TestRedis> {
    const redis = new TestRedis(await mkdtemp(join(tmpdir(), 'distrishare-redis-')), args);
    await redis.start();
    return redis;
  }

  get url(): string {
    return `unix:${join(this.#folder, 'redis.sock')}`;
  }

  start(): Promise<void> {
    return this.#process.start();
  }

  /** All that it knew is gone. */
  kill(): Promise<void> {
    return this.#process.kill();
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#process.signal(name);
  }

  async close(): Promise<void> {
    this.client.disconnect();
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
