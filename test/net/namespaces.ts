import { spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';

const prefix = 'dst';
let networks = 0;

function run(command: string, args: readonly string[]): { ok: boolean; output: string } {
  const result = spawnSync(command, args, { encoding: 'utf8' });
  return { ok: result.status === 0, output: `${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}` };
}

export function must(command: string, ...args: string[]): string {
  const { ok, output } = run(command, args);
  if (!ok) throw new Error(`${command} ${args.join(' ')}: ${output}`);
  return output;
}

/** Why tests in network namespaces cannot run here; null when they can. */
export function whyNoNamespaces(): string | null {
  if (process.platform !== 'linux') return 'network namespaces exist on Linux only';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  const name = `${prefix}${process.pid}-probe`;
  const made = run('ip', ['netns', 'add', name]);
  if (!made.ok) return `ip netns add: ${made.output.trim()}`;
  must('ip', 'netns', 'del', name);
  return null;
}

/** Why machines cannot have firewalls here; null when they can. */
export function whyNoFirewall(): string | null {
  const { ok, output } = run('nft', ['--version']);
  return ok ? null : `nft: ${output.trim()}`;
}

/** Names are `dst<pid>-…`: what a killed run left behind can be told from what is in use. */
function removeLeftovers(): void {
  for (const name of namesOf(run('ip', ['netns', 'list']).output)) {
    const pid = Number(new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1] ?? 0);
    if (pid > 0 && pid !== process.pid && !isAlive(pid)) run('ip', ['netns', 'del', name]);
  }
}

const namesOf = (listing: string): string[] => listing.split('\n').flatMap((line) => line.split(' ')[0] || []);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export interface NamespaceOptions {
  /** IPv4 addresses 10.77.0.1, .2 …/24 with a default route; default true. */
  readonly ipv4?: boolean;
  /** IPv6 link-local addresses and fd77::1, ::2 …/64; default true. */
  readonly ipv6?: boolean;
  /** The first machine is at home, behind a line of its own. */
  readonly line?: Line;
  /** Machines do not see each other as one network: IPv4 addresses are /32, with a route to the others; default false. */
  readonly apart?: boolean;
}

/** A line as a modem has it: so many bits/s each way, and a queue (bytes) before each that never says no until it is full. */
export interface Line {
  readonly downBits: number;
  readonly upBits: number;
  readonly queueBytes: number;
}

/** One machine of a made network: loopback and `eth0`. */
export class Namespace {
  readonly name: string;
  readonly ipv4: string;
  readonly ipv6: string;
  readonly #children = new Set<ChildProcess>();

  constructor(name: string, ipv4: string, ipv6: string) {
    this.name = name;
    this.ipv4 = ipv4;
    this.ipv6 = ipv6;
  }

  /** Starts a program inside; it is killed when the network is closed. */
  spawn(command: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', this.name, command, ...args], options);
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }

  /** Runs a command inside to its end and gives what it printed; throws when it fails. */
  exec(command: string, ...args: string[]): string {
    return must('ip', 'netns', 'exec', this.name, command, ...args);
  }

  /** Plugs the cable in or out. */
  setLink(state: 'up' | 'down'): void {
    must('ip', '-n', this.name, 'link', 'set', 'eth0', state);
  }

  /** A firewall that drops whatever comes in by a protocol, without a word. What the machine says to itself on loopback gets through. */
  dropIncoming(protocol: 'tcp' | 'udp'): void {
    this.exec('nft', `add table inet guard; add chain inet guard in { type filter hook input priority 0; }; add rule inet guard in iifname != lo meta l4proto ${protocol} drop`);
  }

  /** Something on the way here that takes no packet above so many bytes, and says so to nobody. What the system has put together counts as what it is made of. */
  dropIncomingAbove(bytes: number): void {
    this.exec('nft', `add table inet guard; add chain inet guard in { type filter hook input priority 0; }; add rule inet guard in iifname != lo meta length > ${bytes} drop`);
  }

  dropNothing(): void {
    this.exec('nft', 'delete', 'table', 'inet', 'guard');
  }

  async close(): Promise<void> {
    await Promise.all([...this.#children].map(async (child) => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }));
  }
}

/** The system finds the carrier a moment later, and programs see no interface without one. */
function awaitCarrier(machines: readonly Namespace[], name: string): void {
  for (const machine of machines) while (!must('ip', '-n', machine.name, 'link', 'show', 'dev', name).includes('state UP'));
}

/** Namespaces that are made one after the other, and go all at once. */
export class MadeNamespaces {
  readonly #base = `${prefix}${process.pid}-${networks++}`;
  readonly #names: string[] = [];
  readonly #onExit = (): void => this.#delete();

  constructor() {
    removeLeftovers();
    process.once('exit', this.#onExit);
  }

  /** Gives its full name. */
  add(name: string): string {
    const full = `${this.#base}-${name}`;
    must('ip', 'netns', 'add', full);
    this.#names.push(full);
    return full;
  }

  close(): void {
    this.#delete();
    process.removeListener('exit', this.#onExit);
  }

  #delete(): void {
    for (const name of this.#names.splice(0)) run('ip', ['netns', 'del', name]);
  }
}

/** Machines on one switch, each a network namespace; nothing outside is touched, and everything goes with `close`. */
export class NamespaceNetwork {
  readonly nodes: readonly Namespace[];
  readonly #made = new MadeNamespaces();
  readonly #hub: string;

  constructor(count: number, options: NamespaceOptions = {}) {
    try {
      const hub = (this.#hub = this.#made.add('hub'));
      must('ip', '-n', hub, 'link', 'add', 'br0', 'type', 'bridge', 'mcast_snooping', '0');
      must('ip', '-n', hub, 'link', 'set', 'br0', 'up');
      if (options.line) this.#addLine(hub, options.line);
      this.nodes = Array.from({ length: count }, (_, index) => this.#addNode(this.#made.add(String(index + 1)), index + 1, hub, options));
    } catch (error) {
      this.#made.close();
      throw error;
    }
  }

  /** The machine number `index`, from 0. */
  node(index: number): Namespace {
    const node = this.nodes[index];
    if (!node) throw new Error(`no machine ${index}`);
    return node;
  }

  /** A second wire between the first two machines, an interface of this name in each: PREFIX.1 and PREFIX.2 …/24. */
  addWire(name: string, prefix: string): void {
    const [first, second] = [this.node(0), this.node(1)];
    must('ip', '-n', first.name, 'link', 'add', name, 'type', 'veth', 'peer', 'name', name, 'netns', second.name);
    for (const [index, machine] of [first, second].entries()) {
      must('ip', '-n', machine.name, 'addr', 'add', `${prefix}.${index + 1}/24`, 'dev', name);
      must('ip', '-n', machine.name, 'link', 'set', name, 'up');
    }
    awaitCarrier([first, second], name);
  }

  /** A second switch for all machines, as a VPN is one: an interface of this name in each, PREFIX.1, PREFIX.2 …/24. */
  addOverlay(name: string, prefix: string): void {
    must('ip', '-n', this.#hub, 'link', 'add', 'overlay', 'type', 'bridge', 'mcast_snooping', '0');
    must('ip', '-n', this.#hub, 'link', 'set', 'overlay', 'up');
    for (const [index, machine] of this.nodes.entries()) {
      must('ip', '-n', this.#hub, 'link', 'add', `over${index + 1}`, 'type', 'veth', 'peer', 'name', name, 'netns', machine.name);
      must('ip', '-n', this.#hub, 'link', 'set', `over${index + 1}`, 'master', 'overlay', 'up');
      must('ip', '-n', machine.name, 'addr', 'add', `${prefix}.${index + 1}/24`, 'dev', name);
      must('ip', '-n', machine.name, 'link', 'set', name, 'up');
    }
    awaitCarrier(this.nodes, name);
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.close()));
    this.#made.close();
  }

  /** A second switch for the first machine. The queues stand between the switches: what waits there is out of the sender's sight. */
  #addLine(hub: string, { downBits, upBits, queueBytes }: Line): void {
    must('ip', '-n', hub, 'link', 'add', 'home', 'type', 'bridge', 'mcast_snooping', '0');
    must('ip', '-n', hub, 'link', 'set', 'home', 'up');
    must('ip', '-n', hub, 'link', 'add', 'inward', 'type', 'veth', 'peer', 'name', 'outward');
    for (const [port, bridge, bits] of [['inward', 'br0', downBits], ['outward', 'home', upBits]] as const) {
      must('ip', '-n', hub, 'link', 'set', port, 'master', bridge, 'up');
      must('tc', '-n', hub, 'qdisc', 'add', 'dev', port, 'root', 'tbf', 'rate', `${bits}bit`, 'burst', '5000', 'limit', String(queueBytes));
    }
  }

  #addNode(name: string, number: number, hub: string, { ipv4 = true, ipv6 = true, line, apart = false }: NamespaceOptions): Namespace {
    const node = new Namespace(name, `10.77.0.${number}`, `fd77::${number.toString(16)}`);
    // Without duplicate address detection an IPv6 address is usable at once.
    node.exec('sysctl', '-qw', 'net.ipv6.conf.default.accept_dad=0', 'net.ipv6.conf.all.accept_dad=0', `net.ipv6.conf.default.disable_ipv6=${ipv6 ? 0 : 1}`);
    must('ip', '-n', name, 'link', 'set', 'lo', 'up');
    must('ip', '-n', hub, 'link', 'add', `port${number}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
    must('ip', '-n', hub, 'link', 'set', `port${number}`, 'master', line !== undefined && number === 1 ? 'home' : 'br0', 'up');
    must('ip', '-n', name, 'link', 'set', 'eth0', 'up');
    if (ipv4) {
      must('ip', '-n', name, 'addr', 'add', `${node.ipv4}/${apart ? 32 : 24}`, 'dev', 'eth0');
      if (apart) must('ip', '-n', name, 'route', 'add', '10.77.0.0/24', 'dev', 'eth0');
      must('ip', '-n', name, 'route', 'add', 'default', 'via', '10.77.0.254');
    }
    if (ipv6) must('ip', '-n', name, 'addr', 'add', `${node.ipv6}/64`, 'dev', 'eth0', 'nodad');
    return node;
  }
}
