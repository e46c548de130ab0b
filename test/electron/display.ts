import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

export interface Display {
  /** What programs find the screen by; empty where there is no such thing. */
  readonly name: string;
  close(): Promise<void>;
}

/** The screen there is, or a virtual one that nobody sees. */
export async function openDisplay(): Promise<Display> {
  const present = process.env['DISPLAY'] ?? '';
  if (process.platform !== 'linux' || present !== '') return { name: present, close: () => Promise.resolve() };
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1400x900x24', '-nolisten', 'tcp'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  const ended = once(server, 'close');
  const [number] = await Promise.race([
    once(server.stdio[3] as Readable, 'data') as Promise<[Buffer]>,
    ended.then(() => { throw new Error('Xvfb did not start'); }),
  ]);
  return {
    name: `:${number.toString().trim()}`,
    close: async () => {
      server.kill();
      await ended;
    },
  };
}
