import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

const project = fileURLToPath(new URL('../..', import.meta.url));
let checkout: string;
let tools: string;

/** What `git clone` gives, as far as programs begin with it; in the place of npm a program that notes what it is asked and fails. */
beforeAll(() => {
  [checkout, tools] = [mkdtempSync(join(tmpdir(), 'distrishare-fresh-')), mkdtempSync(join(tmpdir(), 'distrishare-tools-'))];
  for (const name of ['package.json', 'package-lock.json', 'scripts', 'test/bench/run.mjs', 'test/bench/session.ts', 'test/campaign/bundled.mjs']) cpSync(join(project, name), join(checkout, name), { recursive: true });
  writeFileSync(join(tools, 'npm'), '#!/bin/sh\necho "npm was asked to $1"\nexit 1\n', { mode: 0o755 });
});
afterAll(() => {
  for (const folder of [checkout, tools]) rmSync(folder, { recursive: true, force: true });
});

it.runIf(process.platform !== 'win32').each([
  'scripts/start.mjs', 'scripts/dev.mjs', 'scripts/build.mjs', 'scripts/cli.mjs', 'scripts/typecheck.mjs', 'scripts/test.mjs', 'test/bench/run.mjs', 'test/campaign/bundled.mjs',
])('%s installs what it needs first', (program) => {
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(checkout, program)], {
    cwd: checkout, encoding: 'utf8', env: { PATH: `${tools}${delimiter}${process.env['PATH'] ?? ''}` },
  });
  // What a command prints is for programs; what is said of the installation is not.
  expect(stdout).toBe('');
  expect(stderr).toContain('npm was asked to ci');
  expect(stderr).toContain('npm ci failed');
  expect(status).toBe(1);
});

it.each([
  ['scripts/start.mjs', '--browser'], ['scripts/test.mjs', 'integration'], ['test/bench/run.mjs', '--rounds'],
])('%s says what it takes without installing anything', (program, option) => {
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(checkout, program), '--help'], { cwd: checkout, encoding: 'utf8', env: { PATH: tools } });
  expect(stdout).toContain(option);
  expect([stderr, status]).toEqual(['', 0]);
});

it.each([
  ['scripts/build.mjs', 'node'], ['scripts/cli.mjs', 'peers'], ['scripts/start.mjs', '--browser', '--no-open'],
])('%s says in plain words that it cannot be built, why, and what to do', (program, ...args) => {
  const broken = mkdtempSync(join(tmpdir(), 'distrishare-broken-'));
  try {
    cpSync(join(project, 'scripts'), join(broken, 'scripts'), { recursive: true });
    for (const folder of ['node_modules', 'src-main', 'src-shared', 'src-renderer']) mkdirSync(join(broken, folder), { recursive: true });
    for (const name of ['package-lock.json', 'node_modules/.package-lock.json']) writeFileSync(join(broken, name), '{"packages":{}}');
    writeFileSync(join(broken, 'scripts/bundle.mjs'), `export async function bundleNode() {
      throw new Error('src-main/cli/main.ts:28:10: Unexpected ";"\\n    at parse (compiler.js:1:2)');
    }`);
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(broken, program), ...args], { cwd: broken, encoding: 'utf8' });
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain('src-main/cli/main.ts:28:10: Unexpected ";"\n');
    expect(stderr).toMatch(/could not be built; what went wrong is above\.\n.*npm ci.*try again\.\n$/);
    expect(stderr).not.toMatch(/^\s+at /m);
  } finally {
    rmSync(broken, { recursive: true, force: true });
  }
});

it('scripts/cli.mjs keeps nothing of the tools that built it, which take hundreds of megabytes', () => {
  const built = mkdtempSync(join(tmpdir(), 'distrishare-built-'));
  try {
    cpSync(join(project, 'scripts'), join(built, 'scripts'), { recursive: true });
    for (const folder of ['node_modules', 'src-main', 'src-shared', 'out/node']) mkdirSync(join(built, folder), { recursive: true });
    for (const name of ['package-lock.json', 'node_modules/.package-lock.json']) writeFileSync(join(built, name), '{"packages":{}}');
    const program = 'console.log(JSON.stringify([process.pid, process.argv[2]]))';
    writeFileSync(join(built, 'scripts/bundle.mjs'), `import { writeFileSync } from 'node:fs';
      export async function bundleNode() {
        console.log('what a tool prints');
        writeFileSync(${JSON.stringify(join(built, 'builder'))}, String(process.pid));
        writeFileSync(${JSON.stringify(join(built, 'out/node/cli.mjs'))}, ${JSON.stringify(program)});
      }`);
    const run = (argument: string) => spawnSync(process.execPath, [join(built, 'scripts/cli.mjs'), argument], { cwd: built, encoding: 'utf8' });
    const first = run('peers');
    const builder = readFileSync(join(built, 'builder'), 'utf8');
    expect(first).toMatchObject({ status: 0, stdout: `${JSON.stringify([first.pid, 'peers'])}\n`, stderr: 'what a tool prints\n' });
    expect(builder).not.toBe(String(first.pid));
    expect(run('links')).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(join(built, 'builder'), 'utf8')).toBe(builder);
  } finally {
    rmSync(built, { recursive: true, force: true });
  }
});
