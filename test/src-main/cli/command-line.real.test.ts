import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '#shared/errors.ts';
import type { ErrorCode } from '#shared/errors.ts';
import { statusOf } from '../../contract/fake-node.ts';
import { beginCli, CliHarness } from './cli-harness.ts';

let cli: CliHarness;
beforeEach(async () => {
  cli = await CliHarness.start();
  cli.node.handlers['node.status'] = () => statusOf();
});
afterEach(() => cli.close());

describe('global options', () => {
  it.each(['--json status', 'status --json'])('stand anywhere: %s', async (args) => {
    const { code, json, err } = await cli.run(args);
    expect(code).toBe(0);
    expect(err).toBe('');
    expect(json()).toEqual([{ event: 'status', ...statusOf() }]);
  });

  it.each([['--data=DIR', 'status'], ['status', '--data', 'DIR'], ['--data', 'DIR', 'status']])('name the data directory: %s %s %s', async (...args) => {
    const result = await beginCli(args.map((arg) => arg.replace('DIR', cli.dataDir))).result;
    expect(result.code).toBe(0);
    expect(result.out).toContain('Jade Otter');
  });

  it('may be relative to where the user is', async () => {
    const at = cli.dataDir.lastIndexOf('/');
    expect((await beginCli(['status', '--data', cli.dataDir.slice(at + 1)], { cwd: cli.dataDir.slice(0, at) }).result).code).toBe(0);
  });

  it('end at --', async () => {
    const { code, err } = await beginCli(['--data', cli.dataDir, 'status', '--', '--json']).result;
    expect(code).toBe(2);
    expect(err).toContain('too many arguments');
  });

  it('choose the language: --lang, then the setting, then the system', async () => {
    await writeFile(join(cli.dataDir, 'settings.json'), JSON.stringify({ version: 1, settings: { language: 'es' } }));
    expect((await cli.run('status')).out).toContain('Nombre');
    expect((await cli.run('status --lang en_GB')).out).toContain('Name');
    await writeFile(join(cli.dataDir, 'settings.json'), 'damaged');
    expect((await cli.run('status', { env: { LANG: 'es_MX.UTF-8' } })).out).toContain('Nombre');
    expect((await cli.run('status')).out).toContain('Name');
  });
});

describe('bad usage', () => {
  const cases: [string, string][] = [
    ['explode', 'There is no command “explode”.'], ['browse', 'the argument peer is missing'], ['status --explode', 'there is no option --explode'], ['status now', 'too many arguments'],
    ['share x --audience aliens', '--audience'], ['get peer --to', '--to'], ['search x --for soon', '--for'], ['search x --for -1', '--for'], ['get not-a-content-id', 'a content id'],
    ['settings nonsense', 'downloadLimit'], ['settings downloadLimit 5', 'downloadLimit'], ['settings multicast maybe', 'multicast'], ['serve --port 70000', '--port'], ['serve --port x', '--port'],
    ['serve --name', '--name'], ['share x --audience room', 'the option --room needs a value'], ['search x --for soon', '“--for” does not fit: a number from 1 to 86400'], ['serve --web-port 1e3', '“--web-port” does not fit: a number from 0 to 65535'],
    ['settings activeTransfers many', 'it must be a whole number'], ['settings mdns maybe', 'one of on, off'], ['settings pingBudget 3', '5 to 1000 milliseconds'],
    ['search x --type huge', 'huge is not possible for --type, only any, '], ["search x --type o'clock", "o'clock is not possible for --type"], ['share x --audience aliens', 'aliens is not possible for --audience'],
    [`serve --name ${'x'.repeat(65)}`, '“--name” does not fit: 40 characters at most'], [`settings name ${'x'.repeat(65)}`, '“name” does not fit: 40 characters at most'], ['settings activeTransfers 0', '1 at least'], ['settings visibility never', 'one of everyone, paired, hidden'],
    ['status --lang fr', 'fr is not possible for --lang, only en, es'],
    ['lab run swarm --preset huge', '“--preset” does not fit: one of '],
  ];
  it.each(cases)('of “%s” exits with 2 and says what is wrong', async (args, text) => {
    const { code, out, err } = await cli.run(args);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toContain(text);
    expect(cli.node.asked).toEqual([]);
  });

  it.each([
    [['get', 'Amber', ''], 'paths'], [['get', '', 'Film'], 'peer'], [['get', 'Amber', 'Film', '--to', ''], '--to'], [['share', ''], 'path'], [['share', 'x', '--name', ''], '--name'], [['send', 'Amber', 'x', ''], 'path'],
    [['connect', ''], 'address'], [['search', ''], 'words'], [['hash', ''], 'path'], [['settings', 'name', ''], 'value'], [['settings', ''], 'key'], [['pause', ''], 'id'], [['block', ''], 'peer'], [['accept', ''], 'id'],
    [['serve', '--download-dir', ''], '--download-dir'], [['limits', '--up', ''], '--up'], [['transfer', '1', '--file', ''], '--file'], [['lab', 'run', 'swarm', '--peers', ''], '--peers'],
  ])('of an empty word: %j', async (args, name) => {
    const { code, out, err } = await cli.runWith(args);
    expect([code, out, err]).toEqual([2, '', `Error: The value for “${name}” does not fit: it must not be empty.\nCorrect it and try again.\n`]);
    expect(cli.node.asked).toEqual([]);
  });

  it('does not mean the empty path, which is the list of shares', async () => {
    cli.node.handlers['browse.list'] = () => ({ entries: [], total: 0, next: null });
    expect((await cli.runWith(['browse', 'Amber', ''])).code).toBe(0);
  });

  it('that only the node notices is said in the user’s language, too', async () => {
    const { code, err } = await cli.run(`search ${'x'.repeat(2000)} --lang es`);
    expect([code, err]).toEqual([2, expect.stringMatching(/^Error: El valor de «palabras buscadas» no encaja: \d+ caracteres como máximo\./)]);
  });

  it('is told in JSON, too, and nothing else is on stdout', async () => {
    const { code, json, err } = await cli.run('--json explode');
    expect([code, err]).toEqual([2, '']);
    expect(json()).toEqual([{ event: 'error', code: 'unknown-command', message: 'There is no command “explode”.', next: 'Add --help to see all commands.', params: { name: 'explode' } }]);
  });

  it('of a global option without its value', async () => {
    const { code, json } = await beginCli(['status', '--json', '--data']).result;
    expect(code).toBe(2);
    expect(json()[0]).toMatchObject({ event: 'error', code: 'bad-usage' });
  });

  it('is no command at all: shows what there is', async () => {
    const { code, out } = await cli.run('');
    expect(code).toBe(2);
    for (const command of ['serve', 'share', 'unshare', 'shares', 'peers', 'connect', 'browse', 'search', 'get', 'transfers', 'transfer', 'pause', 'resume', 'cancel', 'send', 'inbox', 'accept', 'decline', 'pair', 'block', 'settings', 'status', 'hash']) {
      expect(out).toMatch(new RegExp(`^ {2}${command} `, 'm'));
    }
  });

  it.each([['room', /^ {2}create .*^ {2}leave /ms], ['lab', /^ {2}run /m], ['lab run', /^ {2}swarm /m]])('is “%s” without what to do: shows what can be done', async (args, commands) => {
    const { code, out, err } = await cli.run(args);
    expect([code, err]).toEqual([2, '']);
    expect(out).toMatch(commands);
    // A command of commander's own, in English, which the program itself has not.
    expect(out).not.toContain('help [command]');
  });
});

describe('help', () => {
  it('is in the language of the user, for the program and each command', async () => {
    const program = await cli.run('--help --lang es');
    expect(program.code).toBe(0);
    expect(program.out).toContain('Órdenes:');
    const command = await cli.run('get --help --lang es');
    expect(command.code).toBe(0);
    expect(command.out).toContain('carpeta en la que se crea');
    expect(command.out).toContain('--json');
    expect((await cli.run('transfer --help --lang es')).out).not.toMatch(/choices|default/);
  });

  it('tells the version', async () => {
    expect((await cli.run('--version')).out).toBe('1.2.3\n');
  });
});

describe('exit codes', () => {
  const cases: [ErrorCode, number][] = [
    ['bad-argument', 2], ['ambiguous', 2], ['not-found', 1], ['disk-full', 1], ['internal', 1], ['peer-unknown', 3], ['peer-offline', 3], ['not-reachable', 3], ['timeout', 3], ['no-sources', 3],
    ['refused', 4], ['blocked', 4], ['declined', 4], ['version-mismatch', 4], ['identity-changed', 4],
  ];
  it.each(cases)('%s is %d', async (code, exit) => {
    cli.node.handlers['peers.connect'] = () => { throw new AppError(code, { name: 'Ana' }); };
    const result = await cli.run('connect 127.0.0.1:1 --json');
    expect(result.code).toBe(exit);
    expect(result.json()).toMatchObject([{ event: 'error', code }]);
  });

  it('3 when no node serves this data', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'cli-'));
    const result = await beginCli(['status', '--json', '--data', empty]).result;
    expect(result.code).toBe(3);
    expect(result.json()).toMatchObject([{ event: 'error', code: 'node-not-running', params: { path: empty } }]);
    await rm(empty, { recursive: true });
  });
});

describe('what others named', () => {
  it('cannot control the terminal', async () => {
    cli.node.handlers['node.status'] = () => statusOf({ name: 'Evil\u001b[2J\u202egpj.exe\nPort  1' });
    const human = await cli.run('status');
    expect(human.out).toContain('Evil\\x1b[2J\\u202egpj.exe\\x0aPort  1');
    const machine = await cli.run('status --json');
    expect(machine.out).not.toMatch(/[\u001b\u202e]/);
    expect(machine.json()[0]).toMatchObject({ name: 'Evil\u001b[2J\u202egpj.exe\nPort  1' });
  });
});
