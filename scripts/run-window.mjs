// @ts-check
import { spawn } from 'node:child_process';
import { root } from './project-root.mjs';

/**
 * Opens the desktop window and waits for its end.
 * @param {string} electron
 * @param {string[]} args
 * @returns {Promise<number>} exit code
 */
export function runWindow(electron, args) {
  return new Promise((resolve) => {
    const child = spawn(electron, [root, ...args], { stdio: 'inherit' });
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => child.kill(signal));
    child.once('error', (error) => {
      console.error(`The window could not be opened: ${error.message}. Use: npm start -- --browser`);
      resolve(1);
    });
    child.once('close', (code) => resolve(code ?? 1));
  });
}
