import './nursery-flag.ts';
import { inspect } from 'node:util';
import { appVersion } from '#shared/app-version.ts';
import { exitCodes } from './exit-codes.ts';
import { printableLines } from './printable.ts';
import { runCli } from './run.ts';

const abort = new AbortController();
process.on('SIGINT', () => {
  // The second time the user means it.
  if (abort.signal.aborted) process.exit(exitCodes.interrupted);
  abort.abort();
});
process.on('SIGTERM', () => { abort.abort(); });
// `distrishare … | head` is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => { process.exit(error.code === 'EPIPE' ? exitCodes.done : exitCodes.failed); });

const surroundings = {
  out: process.stdout, err: process.stderr, env: process.env, cwd: process.cwd(), version: appVersion, signal: abort.signal,
  // Opened only by commands that ask something.
  get stdin() { return process.stdin; },
};

runCli(process.argv.slice(2), surroundings).then(
  (code) => { process.exitCode = code; },
  (error: unknown) => {
    console.error(printableLines(inspect(error)));
    process.exitCode = exitCodes.failed;
  },
);
