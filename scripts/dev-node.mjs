// @ts-check
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from './project-root.mjs';

/**
 * Starts a node and trades its one-time token for the cookie that the dev server shows on behalf of the page.
 * @param {string[]} args options of `serve`
 * @param {string} [webPort] the one to take, so that a restarted node is found where it was
 */
export async function startDevNode(args, webPort = '0') {
  const child = spawn(process.execPath, [join(root, 'out/node/cli.mjs'), 'serve', '--json', ...(args.includes('--web-port') ? [] : ['--web-port', webPort]), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = new Promise((resolve) => child.once('close', resolve));
  const url = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const event = JSON.parse(line);
      if (event.event === 'ready') resolve(new URL(event.webUrl));
    });
    void closed.then(() => reject(new Error('the node ended before it was ready')));
  });
  const answer = await fetch(url, { redirect: 'manual' });
  const cookie = answer.headers.getSetCookie().map((line) => line.split(';', 1)[0]).join('; ');
  return {
    origin: url.origin,
    cookie,
    stop: async () => {
      child.kill('SIGTERM');
      await closed;
    },
  };
}
