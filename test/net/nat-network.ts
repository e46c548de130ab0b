import { MadeNamespaces, must, Namespace } from './namespaces.ts';

/**
 * What stands between a home and the rest. `open`: nothing; `cone`: the router lets everybody in at the ports of the device (full cone); `restricted`: only whom the
 * device spoke to, and it is seen at the same outside port by everybody; `symmetric`: only whom it spoke to, and each sees another port.
 */
export type NatKind = 'open' | 'cone' | 'restricted' | 'symmetric';

const masquerade: Readonly<Record<Exclude<NatKind, 'open'>, string>> = { cone: 'masquerade', restricted: 'masquerade', symmetric: 'masquerade fully-random' };

interface Home {
  readonly kind: NatKind;
  readonly machine: Namespace;
  /** Null when nothing is in between. */
  readonly router: Namespace | null;
  /** Lets everybody in at the ports of the device from now on. */
  readonly open: () => void;
}

/** Devices at homes of their own, each behind a router of some kind, and two servers that all of them reach. Nothing outside is touched. */
export class NatNetwork {
  readonly servers: readonly [Namespace, Namespace];
  readonly homes: readonly Home[];
  readonly #made = new MadeNamespaces();
  readonly #internet: string;
  readonly #prefix: string;

  /** `prefix`: of the addresses outside; those by default are for documents, and real routers know that. */
  constructor(kinds: readonly NatKind[], prefix = '203.0.113') {
    this.#prefix = prefix;
    try {
      this.#internet = this.#made.add('net');
      must('ip', '-n', this.#internet, 'link', 'add', 'br0', 'type', 'bridge', 'mcast_snooping', '0');
      must('ip', '-n', this.#internet, 'link', 'set', 'br0', 'up');
      this.servers = [this.#open('server', 250), this.#open('second', 251)];
      this.homes = kinds.map((kind, index) => (kind === 'open' ? { kind, machine: this.#open(`h${index + 1}`, index + 1), router: null, open: () => undefined } : this.#behind(kind, index + 1)));
    } catch (error) {
      this.#made.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.servers, ...this.homes.flatMap(({ machine, router }) => (router === null ? [machine] : [machine, router]))].map((machine) => machine.close()));
    this.#made.close();
  }

  #machine(name: string, ipv4: string): Namespace {
    const machine = new Namespace(this.#made.add(name), ipv4, '');
    machine.exec('sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1');
    must('ip', '-n', machine.name, 'link', 'set', 'lo', 'up');
    return machine;
  }

  #plug({ name, ipv4 }: Namespace): void {
    const port = `p${ipv4.split('.')[3] ?? ''}`;
    must('ip', '-n', this.#internet, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
    must('ip', '-n', this.#internet, 'link', 'set', port, 'master', 'br0', 'up');
    must('ip', '-n', name, 'addr', 'add', `${ipv4}/24`, 'dev', 'eth0');
    must('ip', '-n', name, 'link', 'set', 'eth0', 'up');
  }

  #open(name: string, number: number): Namespace {
    const machine = this.#machine(name, `${this.#prefix}.${number}`);
    this.#plug(machine);
    return machine;
  }

  #behind(kind: Exclude<NatKind, 'open'>, number: number): Home {
    const router = this.#open(`r${number}`, number);
    const machine = this.#machine(`h${number}`, `192.168.${number}.2`);
    must('ip', '-n', router.name, 'link', 'add', 'lan', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', machine.name);
    must('ip', '-n', router.name, 'addr', 'add', `192.168.${number}.1/24`, 'dev', 'lan');
    must('ip', '-n', router.name, 'link', 'set', 'lan', 'up');
    must('ip', '-n', machine.name, 'addr', 'add', `${machine.ipv4}/24`, 'dev', 'eth0');
    must('ip', '-n', machine.name, 'link', 'set', 'eth0', 'up');
    must('ip', '-n', machine.name, 'route', 'add', 'default', 'via', `192.168.${number}.1`);
    router.exec('sysctl', '-qw', 'net.ipv4.ip_forward=1');
    router.exec('nft', [
      'add table ip home',
      'add chain ip home out { type nat hook postrouting priority 100; }', `add rule ip home out oifname eth0 ${masquerade[kind]}`,
      'add chain ip home in { type nat hook prerouting priority -100; }',
      // Homes do not know each other's inside, and whoever comes unasked hears nothing.
      'add chain ip home through { type filter hook forward priority 0; policy drop; }', 'add rule ip home through oifname eth0 ip daddr 192.168.0.0/16 reject', 'add rule ip home through iifname lan accept',
      'add rule ip home through ct state established,related accept',
      'add chain ip home self { type filter hook input priority 0; }', 'add rule ip home self iifname eth0 meta l4proto tcp drop',
    ].join('; '));
    const open = (): void => { router.exec('nft', `add rule ip home in iifname eth0 tcp dport 1024-65535 dnat to ${machine.ipv4}; add rule ip home through ct status dnat accept`); };
    if (kind === 'cone') open();
    return { kind, machine, router, open };
  }
}
