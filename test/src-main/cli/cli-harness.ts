import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { runCli } from '#main/cli/run.ts';
import { startLocalServer } from '#main/local/local-server.ts';
import * as z from 'zod';
import type { NodeEvent } from '#shared/api/events.ts';
import { FakeNode, until } from '../../contract/fake-node.ts';

const recordSchema = z.record(z.string(), z.unknown());

class Sink extends Writable {
  readonly isTTY: boolean;
  readonly columns = 100;
  text = '';
  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

export interface CliResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** Lines of stdout as JSON; throws when there is anything else. */
  readonly json: () => Record<string, unknown>[];
}

export interface CliRun {
  readonly result: Promise<CliResult>;
  /** What Ctrl-C does. */
  interrupt(): void;
  /** Standard output so far. */
  out(): string;
  err(): string;
}

/** The real command line against a fake node behind the real local channel. */
export class CliHarness {
  readonly node: FakeNode;
  readonly dataDir: string;
  readonly #close: () => Promise<void>;

  private constructor(dataDir: string, node: FakeNode, close: () => Promise<void>) {
    this.dataDir = dataDir;
    this.node = node;
    this.#close = close;
  }

  static async start(): Promise<CliHarness> {
    const dataDir = await mkdtemp(join(tmpdir(), 'cli-'));
    const node = new FakeNode();
    const server = await startLocalServer({ api: node, dataDir });
    return new CliHarness(dataDir, node, async () => {
      await server.close();
      await rm(dataDir, { recursive: true, force: true });
    });
  }

  close(): Promise<void> {
    return this.#close();
  }

  /** Tells the story of a thing, one event after the other, once the command listens. */
  async tell(...events: readonly NodeEvent[]): Promise<void> {
    await until(() => this.node.listeners.size > 0);
    for (const event of events) this.node.emit(event);
  }

  begin(args: string, { stdin = '', tty = false, env = {} }: { stdin?: string; tty?: boolean; env?: Record<string, string> } = {}): CliRun {
    return beginCli([...args.split(' ').filter((part) => part !== ''), '--data', this.dataDir], { stdin, tty, env, cwd: this.dataDir });
  }

  /** With arguments that may hold spaces. */
  runWith(args: readonly string[]): Promise<CliResult> {
    return beginCli([...args, '--data', this.dataDir], { cwd: this.dataDir }).result;
  }

  run(args: string, options: { stdin?: string; tty?: boolean; env?: Record<string, string> } = {}): Promise<CliResult> {
    return this.begin(args, options).result;
  }
}

export function beginCli(argv: readonly string[], { stdin = '', tty = false, env = {}, cwd = tmpdir() }: { stdin?: string; tty?: boolean; env?: Record<string, string>; cwd?: string } = {}): CliRun {
  const [out, err] = [new Sink(tty), new Sink(tty)];
  const abort = new AbortController();
  const run = runCli(argv, { out, err, stdin: Readable.from([stdin]), env: { LANG: 'en_GB.UTF-8', HOME: cwd, ...env }, cwd, version: '1.2.3', signal: abort.signal });
  return {
    interrupt: () => { abort.abort(); },
    out: () => out.text,
    err: () => err.text,
    result: run.then((code) => ({
      code, out: out.text, err: err.text,
      json: () => out.text.trimEnd().split('\n').map((line): Record<string, unknown> => recordSchema.parse(JSON.parse(line))),
    })),
  };
}
