import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import type { Command } from 'commander';
import type { Translate } from '../api/translate.ts';
import type { Output } from './output.ts';

/** What every command gets: how to speak, where the node's data is, and when the user wants out. */
export interface CliContext {
  readonly out: Output;
  readonly t: Translate;
  readonly dataDir: string;
  readonly cwd: string;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  /** Fires on Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
}

/** A file of `commands/` adds its commands to the program. */
export type AddCommands = (program: Command, context: CliContext) => void;

/** A path as the user typed it, as the node needs it. */
export const absolute = (context: CliContext, path: string): string => resolve(context.cwd, path);
