import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import type { Redis } from 'ioredis';

/** One `redis-server` that keeps nothing, and can be started again after it was killed. */
export class RedisProcess {
  readonly #args: readonly string[];
  readonly #client: Redis;
  #child: ChildProcess | null = null;

  /** `client`: one that finds it. */
  constructor(client: Redis, args: readonly string[]) {
    this.#client = client;
    this.#args = ['--save', '', '--appendonly', 'no', ...args];
    client.on('error', () => undefined);
  }

  async start(): Promise<void> {
    this.#child = spawn('redis-server', this.#args, { stdio: 'ignore' });
    for (;;) {
      if ((await this.#client.ping().catch(() => null)) === 'PONG') return;
      if (this.#child.exitCode !== null) throw new Error(`redis-server ended with ${this.#child.exitCode}`);
      await wait(10);
    }
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(name);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
}
