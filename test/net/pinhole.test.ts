import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { Stage, type ServedNode, type Wrap } from '../e2e/programs.ts';
import { MadeNamespaces, must, Namespace, whyNoFirewall, whyNoNamespaces } from './namespaces.ts';

const whyNoRouter = (): string | null => (spawnSync('miniupnpd', ['--version']).error === undefined ? null : 'the program miniupnpd (Debian package miniupnpd-nftables) is missing');
const why = whyNoNamespaces() ?? whyNoFirewall() ?? whyNoRouter();
if (why !== null) console.warn(`skipped: a router that is asked to let others in over IPv6 (${why})`);

const inside = (machine: Namespace): Wrap => (command, args) => ['ip', ['netns', 'exec', machine.name, command, ...args]];
const port = 47_800;
const [home, beyond] = ['2001:db8:1', '2001:db8:2'];

/** A home with a router that lets nobody in unasked, and somebody beyond it; IPv6 only, which nobody translates. */
class HomeOfIpv6 {
  readonly #made = new MadeNamespaces();
  readonly router = this.#machine('router');
  readonly inner = this.#machine('inner', `${home}::2`);
  readonly outer = this.#machine('outer', `${beyond}::2`);

  constructor() {
    this.#wire('lan', this.inner, home);
    this.#wire('wan', this.outer, beyond);
    must('ip', '-n', this.outer.name, 'route', 'add', 'default', 'via', `${beyond}::1`);
    // As routers announce themselves: by the address that only their network knows.
    const own = / inet6 (fe80:[0-9a-f:]+)\//.exec(must('ip', '-n', this.router.name, '-6', 'addr', 'show', 'dev', 'lan'))?.[1] ?? '';
    must('ip', '-n', this.inner.name, 'route', 'add', 'default', 'via', own, 'dev', 'eth0');
    this.router.exec('sysctl', '-qw', 'net.ipv6.conf.all.forwarding=1');
    this.router.exec('nft', [
      'add table inet asked', 'add chain inet asked through { type filter hook forward priority 0; policy drop; }', 'add rule inet asked through iifname lan accept', 'add rule inet asked through ct state established,related accept',
      'add chain inet asked opened', 'add rule inet asked through jump opened', 'add chain inet asked in', 'add chain inet asked out',
    ].join('; '));
  }

  get opened(): string {
    return this.router.exec('nft', 'list', 'chain', 'inet', 'asked', 'opened');
  }

  /** The program that home routers run; ready when it listens. */
  async startRouter(folder: string): Promise<void> {
    const lines = [
      'ext_ifname=wan', 'listening_ip=lan', 'port=0', 'enable_natpmp=yes', 'enable_upnp=no', 'ext_ip=5.5.5.1', 'secure_mode=yes', 'uuid=7d2f8f0e-3c9c-4e0c-9d53-6d6e4c8b8a01', `lease_file=${join(folder, 'leases')}`,
      'upnp_table_name=asked', 'upnp_nat_table_name=asked', 'upnp_forward_chain=opened', 'upnp_nat_chain=in', 'upnp_nat_postrouting_chain=out',
    ];
    await writeFile(join(folder, 'conf'), `${lines.join('\n')}\n`);
    this.router.spawn('miniupnpd', ['-d', '-f', join(folder, 'conf'), '-P', join(folder, 'pid')], { stdio: 'ignore' });
    await expect.poll(() => this.router.exec('ss', '-Hlun6', 'sport = :5351'), { interval: 20 }).not.toBe('');
  }

  async close(): Promise<void> {
    await Promise.all([this.router, this.inner, this.outer].map((machine) => machine.close()));
    this.#made.close();
  }

  #machine(name: string, ipv6 = ''): Namespace {
    const machine = new Namespace(this.#made.add(name), '', ipv6);
    // Without duplicate address detection an address is usable at once.
    machine.exec('sysctl', '-qw', 'net.ipv6.conf.default.accept_dad=0', 'net.ipv6.conf.all.accept_dad=0', 'net.ipv6.conf.default.disable_ipv6=0');
    must('ip', '-n', machine.name, 'link', 'set', 'lo', 'up');
    return machine;
  }

  #wire(port: string, machine: Namespace, prefix: string): void {
    must('ip', '-n', this.router.name, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', machine.name);
    must('ip', '-n', this.router.name, 'addr', 'add', `${prefix}::1/64`, 'dev', port, 'nodad');
    must('ip', '-n', this.router.name, 'link', 'set', port, 'up');
    must('ip', '-n', machine.name, 'addr', 'add', `${machine.ipv6}/64`, 'dev', 'eth0', 'nodad');
    must('ip', '-n', machine.name, 'link', 'set', 'eth0', 'up');
  }
}

describe.skipIf(why !== null)('a device behind a router that lets nobody in over IPv6', () => {
  let network: HomeOfIpv6;
  let stage: Stage;
  afterEach(async () => {
    await stage.close();
    await network.close();
  });

  it('has it let others in at its own address while a server knows it, and is reached there', async () => {
    network = new HomeOfIpv6();
    stage = new Stage();
    await network.startRouter(await stage.folder());
    const start = (name: string, machine: Namespace): Promise<ServedNode> => stage.serve(['--name', name, '--port', String(port), '--no-web', '--no-multicast', '--no-mdns'], inside(machine));
    const [anna, ben] = await Promise.all([start('Anna', network.inner), start('Ben', network.outer)]);
    const isOpen = (): boolean => network.opened.includes(String(port));
    expect(isOpen()).toBe(false);
    // Nobody need be there: that the node is to be found there is enough.
    await anna.call('settings.set', { patch: { servers: [`https://[${beyond}::3]`] } });
    await expect.poll(isOpen, { interval: 20 }).toBe(true);
    expect(await ben.call('peers.connect', { address: `[${home}::2]:${port}` })).toMatchObject({ name: 'Anna', path: 'internet', online: true });
    await anna.call('settings.set', { patch: { servers: [] } });
    await expect.poll(isOpen, { interval: 20 }).toBe(false);
  });
});
