import { expect, it } from 'vitest';
import * as z from 'zod';
import { flagValue, presetOptions, swarmFlags } from '#main/lab/swarm-flags.ts';
import { beginCli } from './cli-harness.ts';

const run = (...args: string[]) => beginCli(['lab', 'run', 'swarm', ...args]).result;

it('simulates a swarm without a node, and the same one again for the same seed', async () => {
  const args = ['--peers', '5', '--size', '1MiB', '--piece', '64KiB', '--seed', '7', '--json'];
  const [first, again] = await Promise.all([run(...args), run(...args)]);
  expect(first.code).toBe(0);
  const [report, repeated] = [first, again].map(({ out }) => z.looseObject({ history: z.string() }).parse(JSON.parse(out)));
  expect(report).toMatchObject({ event: 'lab-swarm', done: 5, boundBy: 'all uploads', options: { peers: 5, bytes: 1_048_576, seed: 7 } });
  expect(repeated?.history).toBe(report?.history);
});

it('says what it found to people, in their language', async () => {
  const { code, out } = await run('--peers', '3', '--size', '1MiB', '--piece', '64KiB', '--lan', '--lang', 'es');
  expect(code).toBe(0);
  expect(out).toContain('copias enviadas por los orígenes');
});

it.each([
  [['--loss', '3'], '--loss'], [['--peers', '0'], '--peers'], [['--size', '1KiB'], '--size'], [['--size', 'much'], '64MiB'], [['--preset', 'huge'], 'bharambe'],
  [['--peers', '99999999'], '“--peers” does not fit: at most 10,000'], [['--peers', '10000', '--size', '2GiB'], 'at most 10,000,000: fewer devices'],
])('refuses %j', async (args, word) => {
  const { code, err } = await run(...args);
  expect(code).toBe(2);
  expect(err).toContain(word);
});

it.each(swarmFlags.flatMap((flag) => (flag.kind === 'switch' || flag.kind === 'part' || flag.key === 'seed' ? [] : [flag.flag])))('says how much --%s may be at most', async (flag) => {
  const { code, err } = await run(`--${flag}`, '9'.repeat(flag === 'peers' ? 9 : 15));
  expect([code, err]).toEqual([2, expect.stringMatching(new RegExp(`^Error: The value for “--${flag}” does not fit: at most [\\d.,]+`))]);
});

it('names in its help what holds unless said, as it can be typed', async () => {
  const help = (await run('--help')).out.replace(/\s+/g, ' ');
  for (const { flag, kind, key } of swarmFlags) {
    if (kind === 'switch') continue;
    const value = new RegExp(`--${flag} <.*?; (\\S+) unless said`).exec(help)?.[1] ?? '';
    expect([flag, flagValue(kind, value)]).toEqual([flag, presetOptions('default', 1)[key]]);
  }
});

it('prints the command that repeats a run that ran out of time, and does not call it a mistake', async () => {
  const { code, err } = await run('--peers', '4', '--seed', '3', '--limit', '1', '--lang', 'en');
  expect(code).toBe(1);
  expect(err).toContain('lab run swarm --seed 3 --peers 4 --limit 1');
  expect(err).toContain('after 1 s of simulated time: 4');
  expect(err).toContain('--limit');
  expect(err).not.toContain('mistake');
});
