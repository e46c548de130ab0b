import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';

/** Null where the program is missing; then tests with it are skipped. */
export const redisVersion: string | null = spawnSync('redis-server', ['--version'], { encoding: 'utf8' }).stdout?.trim() ?? null;
if (redisVersion === null) console.warn('Tests with Redis are skipped: the program redis-server (Debian package redis-server) is missing.');

/** A Redis of its own on a socket in a folder of its own, without a word to the disk. */
export class TestRedis {
  readonly #folder: string;
  readonly #args: readonly string[];
  #child: ChildProcess | null = null;
  readonly client: Redis;

  private constructor(folder: string, args: readonly string[]) {
    this.#folder = folder;
    this.#args = args;
    this.client = new Redis({ path: join(folder, 'redis.sock'), lazyConnect: true, retryStrategy: () => 20 });
    this.client.on('error', () => undefined);
  }

  static async start(...args: readonly string[]): Promise<TestRedis> {
    const redis = new TestRedis(await mkdtemp(join(tmpdir(), 'distrishare-redis-')), args);
    await redis.start();
    return redis;
  }

  get url(): string {
    return `unix:${join(this.#folder, 'redis.sock')}`;
  }

  async start(): Promise<void> {
    this.#child = spawn('redis-server', ['--port', '0', '--unixsocket', join(this.#folder, 'redis.sock'), '--dir', this.#folder, '--save', '', '--appendonly', 'no', '--daemonize', 'no', ...this.#args], { stdio: 'ignore' });
    for (;;) {
      const answer = await this.client.ping().catch(() => null);
      if (answer === 'PONG') return;
      if (this.#child.exitCode !== null) throw new Error(`redis-server ended with ${this.#child.exitCode}`);
      await wait(10);
    }
  }

  /** All that it knew is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(name);
  }

  async close(): Promise<void> {
    this.client.disconnect();
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
