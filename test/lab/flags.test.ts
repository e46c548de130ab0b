import { describe, expect, it } from 'vitest';
import { defaultSwarm, type SwarmOptions } from '#main/lab/engine/swarm-options.ts';
import { launderedSwarm, tinySwarm } from '#main/lab/engine/tiny-swarm.ts';
import { flagValue, swarmCommand, swarmFlags } from '#main/lab/swarm-flags.ts';

/** The options a printed command leads to, read with nothing but the flags' own reading. */
function read(command: string): SwarmOptions {
  const words = command.split(' ').slice(command.split(' ').indexOf('swarm') + 1);
  const found: Record<string, number | boolean | null> = {};
  for (let at = 0; at < words.length; at++) {
    const flag = swarmFlags.find((each) => `--${each.flag}` === words[at]);
    if (flag === undefined) throw new Error(`no flag ${words[at]}`);
    found[flag.key] = flag.kind === 'switch' ? true : flagValue(flag.kind, words[++at] ?? '');
  }
  return { ...defaultSwarm, ...found };
}

describe('flags of a simulated swarm', () => {
  it('say every option', () => {
    expect(swarmFlags.map(({ key }) => key).toSorted()).toEqual(Object.keys(defaultSwarm).toSorted());
  });

  it('repeat any run', () => {
    for (const drawn of [tinySwarm, launderedSwarm]) for (let seed = 1; seed < 300; seed++) expect(read(swarmCommand(drawn(seed)))).toEqual(drawn(seed));
  });

  it.each([
    ['bytes', '64MiB', 67_108_864], ['bytes', '1.5kB', 1500], ['rate', '400kbit', 50_000], ['rate', '6Mbit', 750_000], ['seconds', '10', 10_000], ['part', '0.25', 0.25], ['count', '7', 7],
  ] as const)('read %s “%s” as %d', (kind, text, value) => {
    expect(flagValue(kind, text)).toBe(value);
  });

  it.each([
    ['bytes', '64 MiB'], ['bytes', '8kbit'], ['bytes', '-1'], ['rate', '0'], ['rate', '5x'], ['part', '1.1'], ['count', '1.5'], ['count', '5k'], ['count', ''], ['seconds', 'soon'],
  ] as const)('refuse %s “%s”', (kind, text) => {
    expect(flagValue(kind, text)).toBeNull();
  });
});
