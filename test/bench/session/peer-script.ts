import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { Program } from './processes.ts';
import type { Rival } from './rivals.ts';
import type { RunResult } from './run-result.ts';

const amount = z.number().nullish().transform((value) => value ?? null);
/** What a script prints, as far as it is used; `seconds` is null when it gave up. */
const lineSchema = z.looseObject({
  seconds: amount, addToDone: amount, toFirst: amount, toDone: amount, resentMB: amount, amplification: amount, firstDone: amount, processToAdded: amount,
  senderCpu: amount, receiverCpu: amount, rssSender: amount, rssReceiver: amount, rssAnonSender: amount, rssAnonReceiver: amount, otherCpu: amount,
  identical: z.boolean().nullish(), rc: amount,
});
type Line = z.infer<typeof lineSchema>;

export interface ScriptOptions {
  /** The folder of the scripts. */
  readonly folder: string;
  /** Where data lies. */
  readonly work: string;
  /** Configurations and logs. */
  readonly temporary: string;
  readonly bytes: number;
  readonly swarmBytes: number;
  readonly limitMs: number;
  /** Compares the time to the first new byte, not the time to the end. */
  readonly toFirst: boolean;
}

/** The interpreter a script asks for in its first line; null when it is not there. */
async function interpreterOf(path: string): Promise<string[] | null> {
  const file = await open(path).catch(() => null);
  if (file === null) return null;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(256), 0, 256, 0);
    const [first = ''] = buffer.toString('utf8', 0, bytesRead).split('\n');
    return first.startsWith('#!') ? first.slice(2).trim().split(/\s+/) : null;
  } finally {
    await file.close();
  }
}

/** Runs a script once, never longer than its limit. Rejects with the reason when there is no result to count. */
export async function runScript(rival: Rival, options: ScriptOptions): Promise<RunResult> {
  const path = join(options.folder, rival.script);
  const interpreter = await interpreterOf(path);
  if (interpreter === null) throw new Error(`${rival.script} is not in the folder of the scripts`);
  await Promise.all([mkdir(options.work, { recursive: true }), mkdir(options.temporary, { recursive: true })]);
  const env = {
    ...process.env, PEER_WORK: options.work, PEER_TMP: options.temporary, PEER_SIZE: String(options.bytes), PEER_SWARM_SIZE: String(options.swarmBytes), PEER_RUNS: '1',
    // The folder may be read-only, and is not ours.
    PYTHONDONTWRITEBYTECODE: '1',
  };
  const [command = '', ...first] = interpreter;
  const program = new Program(command, [...first, path, ...rival.args], { stdio: ['ignore', 'pipe', 'pipe'], env, cwd: options.work });
  let [stdout, stderr] = ['', ''];
  program.child.stdout?.setEncoding('utf8').on('data', (text: string) => { stdout += text; });
  program.child.stderr?.setEncoding('utf8').on('data', (text: string) => { stderr = (stderr + text).slice(-4_000); });
  const finished = await Promise.race([program.ended().then(() => true), sleep(options.limitMs, false, { ref: false })]);
  // Also what it left behind; its own time to clean up is generous, because it ends servers and namespaces.
  await program.stop(15_000);
  if (!finished) throw new Error(`took more than ${options.limitMs / 1000} s`);
  const line = stdout.split('\n').filter((text) => text.startsWith('{')).at(-1);
  if (line === undefined || program.child.exitCode !== 0) throw new Error(lastLine(stderr) || lastLine(stdout) || `ended with ${program.child.exitCode}`);
  return resultOf(lineSchema.parse(JSON.parse(line)), rival, options.toFirst);
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1)?.slice(0, 200) ?? '';

function resultOf(line: Line, { mapsFiles = false }: Rival, toFirst: boolean): RunResult {
  if (line.identical === false) throw new Error('what arrived differs from what was sent');
  if ((line.rc ?? 0) !== 0) throw new Error(`ended with ${line.rc}`);
  // Time counts from a session that is ready, where a script tells it: starting a program is not what is compared.
  const seconds = toFirst ? line.toFirst : (line.addToDone ?? line.seconds);
  if (seconds === null) throw new Error('gave up');
  const extra: Record<string, number> = {};
  for (const [name, value] of [['copies', line.amplification], ['again', line.resentMB], ['done', line.toDone], ['first', line.firstDone], ['fromStart', line.processToAdded === null ? null : line.processToAdded + seconds]] as const) if (value !== null) extra[name] = value;
  return {
    seconds, senderCpu: line.senderCpu, receiverCpu: line.receiverCpu, otherCpu: line.otherCpu, extra,
    senderMemory: mapsFiles ? line.rssAnonSender : line.rssSender, receiverMemory: mapsFiles ? line.rssAnonReceiver : line.rssReceiver,
  };
}
