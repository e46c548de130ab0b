import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { RedisProcess } from './redis-process.ts';

const run = promisify(execFile);
/** A machine speaks with the others on a port that is so much higher. */
const busOffset = 10_000;

/** One machine of a cluster. */
class Machine {
  readonly port: number;
  readonly client: Redis;
  readonly #folder: string;
  readonly #process: RedisProcess;

  constructor(folder: string, port: number, args: readonly string[]) {
    this.#folder = folder;
    this.port = port;
    this.client = new Redis({ host: '127.0.0.1', port, lazyConnect: true, retryStrategy: () => 20 });
    this.#process = new RedisProcess(this.client, ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--cluster-enabled', 'yes', ...args]);
  }

  async start(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    await this.#process.start();
  }

  /** All that it knew is gone, but not its place in the cluster. */
  kill(): Promise<void> {
    return this.#process.kill();
  }

  async state(): Promise<'master' | 'in step' | 'behind' | 'away'> {
    const text = await this.client.info('replication').catch(() => '');
    if (text.includes('role:master')) return 'master';
    if (text === '') return 'away';
    return text.includes('master_link_status:up') ? 'in step' : 'behind';
  }
}

async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  const isFree = async (port: number): Promise<boolean> => {
    const probe = createServer();
    const listening = once(probe, 'listening').then(() => true, () => false);
    probe.listen(port, '127.0.0.1');
    const free = await listening;
    if (free) await new Promise((done) => { probe.close(done); });
    return free;
  };
  // Below those that the system gives to outgoing connections, and so is the bus.
  for (let port = 15_000 + (process.pid % 5000); ports.length < count; port++) if ((await isFree(port)) && (await isFree(port + busOffset))) ports.push(port);
  return ports;
}

/** Three masters with a replica each, on this machine. */
export class TestRedisCluster {
  readonly machines: readonly Machine[];
  readonly #folder: string;

  private constructor(folder: string, machines: readonly Machine[]) {
    this.#folder = folder;
    this.machines = machines;
  }

  static async start(...args: readonly string[]): Promise<TestRedisCluster> {
    const folder = await mkdtemp(join(tmpdir(), 'distrishare-redis-cluster-'));
    const ports = await freePorts(6);
    const cluster = new TestRedisCluster(folder, ports.map((port) => new Machine(join(folder, String(port)), port, args)));
    await Promise.all(cluster.machines.map((machine) => machine.start()));
    await run('redis-cli', ['--cluster', 'create', ...ports.map((port) => `127.0.0.1:${port}`), '--cluster-replicas', '1', '--cluster-yes']);
    return cluster;
  }

  /** Of some of its machines, as an operator would name them. */
  get url(): string {
    return this.machines.slice(0, 3).map(({ port }) => `redis://127.0.0.1:${port}`).join();
  }

  async masters(): Promise<Machine[]> {
    const states = await this.#states();
    return this.machines.filter((_, at) => states[at] === 'master');
  }

  /** How many replicas have all that their master has. */
  async replicasInStep(): Promise<number> {
    return (await this.#states()).filter((state) => state === 'in step').length;
  }

  #states(): Promise<string[]> {
    return Promise.all(this.machines.map((machine) => machine.state()));
  }

  async close(): Promise<void> {
    for (const { client } of this.machines) client.disconnect();
    await Promise.all(this.machines.map((machine) => machine.kill()));
    await rm(this.#folder, { recursive: true, force: true });
  }
}
