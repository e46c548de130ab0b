import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { row } from './figures.ts';
import { serverRows } from './server-rows.ts';

/** Clock ticks of Linux (`getconf CLK_TCK`) a second, in `/proc/PID/stat`. */
const ticksPerSecond = 100;

/** The same as `serverRows`, with the state in a Redis of its own on a socket. */
export async function redisRows(nodes: number, entries: number): Promise<void> {
  if (spawnSync('redis-server', ['--version']).error !== undefined) {
    console.log('No figures with Redis: the program redis-server (Debian package redis-server) is missing.');
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'distrishare-bench-redis-'));
  const socket = join(folder, 'redis.sock');
  const redis = spawn('redis-server', ['--port', '0', '--unixsocket', socket, '--dir', folder, '--save', '', '--appendonly', 'no'], { stdio: 'ignore' });
  try {
    await serverRows(nodes, entries, ['--redis-url', `unix:${socket}`]);
    if (process.platform === 'linux') {
      const [user = 0, system = 0] = readFileSync(`/proc/${redis.pid}/stat`, 'utf8').split(') ')[1]?.split(' ').slice(11, 13).map(Number) ?? [];
      row('Redis: processor time of all that', `${((user + system) / ticksPerSecond).toFixed(1)} s`);
      row('Redis: memory', /VmRSS:\s+(.*)/.exec(readFileSync(`/proc/${redis.pid}/status`, 'utf8'))?.[1] ?? '?');
    }
  } finally {
    redis.kill('SIGKILL');
    await once(redis, 'exit');
    rmSync(folder, { recursive: true, force: true });
  }
}
