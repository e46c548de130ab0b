import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { translator } from '#main/api/translate.ts';
import type { CliContext } from '#main/cli/context.ts';
import { families } from '#main/cli/families.ts';
import { Output } from '#main/cli/output.ts';
import { PassThrough } from 'node:stream';

function contextOf(): CliContext {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const t = translator('en');
  return { out: new Output({ json: false, locale: 'en', out, err }), t, dataDir: '/', cwd: '/', stdin: new PassThrough(), signal: new AbortController().signal };
}

describe('the families of commands', () => {
  it.each(families.map((family) => [family.names.join(' '), family] as const))('%s: names are those of the commands it adds', async (_, { names, load }) => {
    const program = new Command();
    (await load())(program, contextOf());
    expect(program.commands.map((command) => command.name())).toEqual(names);
  });
});
