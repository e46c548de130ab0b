import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import type { Namespace } from './namespaces.ts';

const line = z.object({
  event: z.enum(['ready', 'hint', 'goodbye', 'network']),
  ms: z.number(),
  nonce: z.string().default(''),
  source: z.string().default(''),
  address: z.string().default(''),
  state: z.object({ multicast: z.string(), mdns: z.string() }).optional(),
});
export type Line = z.infer<typeof line>;

/** The discovery program, running in a namespace. */
export class DiscoveryProcess {
  readonly lines: Line[] = [];
  readonly #child: ChildProcess;
  readonly #waiting = new Set<() => void>();
  #errors = '';

  /** `program`: its file and the arguments that come before port and methods. */
  constructor(node: Namespace, program: readonly string[], port: number, methods: string) {
    this.#child = node.spawn(process.execPath, [...program, String(port), methods], { stdio: ['pipe', 'pipe', 'pipe'] });
    const { stdout, stderr } = this.#child;
    if (!stdout || !stderr) throw new Error('no output of the program');
    stderr.on('data', (data) => { this.#errors += String(data); });
    createInterface({ input: stdout }).on('line', (text) => {
      this.lines.push(line.parse(JSON.parse(text)));
      for (const look of [...this.#waiting]) look();
    });
    this.#child.once('exit', () => { for (const look of [...this.#waiting]) look(); });
  }

  /** The first line that matches, now or later; fails when the program ends before. */
  find(matches: (line: Line) => boolean): Promise<Line> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.lines.find(matches);
        if (!found && this.#child.exitCode === null && this.#child.signalCode === null) return;
        this.#waiting.delete(look);
        if (found) resolve(found);
        else reject(new Error(`the program ended: ${this.#errors}`));
      };
      this.#waiting.add(look);
      look();
    });
  }

  ready(): Promise<Line> {
    return this.find((entry) => entry.event === 'ready');
  }

  hint(nonce: string, where: (line: Line) => boolean = () => true): Promise<Line> {
    return this.find((entry) => entry.event === 'hint' && entry.nonce === nonce && where(entry));
  }

  /** Ends it as a user does; gives its exit code. */
  async stop(): Promise<number | null> {
    const ended = once(this.#child, 'exit');
    this.#child.stdin?.write('\n');
    await ended;
    return this.#child.exitCode;
  }
}
