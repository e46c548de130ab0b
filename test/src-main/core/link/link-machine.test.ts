import { describe, expect, it } from 'vitest';
import { LinkMachine, type LinkEffects, type LinkMachineOptions, type Traffic } from '#main/core/link/link-machine.ts';
import type { ErrorInfo } from '#shared/errors.ts';
import { limits } from '#shared/limits.ts';
import { frameType } from '#shared/protocol/frame-layout.ts';
import { encodeJson } from '#shared/protocol/frames.ts';
import type { Hello, ProtocolRange, Refusal, Refuse } from '#shared/protocol/hello.ts';

const helloOf = (name: string, protocol: ProtocolRange = { min: 1, max: 1 }): Hello => ({
  role: 'control', protocol, session: 'ab'.repeat(16), instance: 'cd'.repeat(16), sequence: 1, name, platform: 'linux', version: '0.1.0', listenPort: null, features: [],
});
const quiet: Traffic = { received: 0, frames: 0, midFrame: false };

/** A machine with virtual time and everything it did. */
class Bench implements LinkEffects {
  readonly did: string[] = [];
  readonly sent: { hello?: Hello; refuse?: Refuse; ping?: number }[] = [];
  readonly machine: LinkMachine;
  ended: { reason: ErrorInfo; refusal: Refusal | null } | null = null;
  now = 1000;

  constructor(options: Partial<LinkMachineOptions> & { dialled: boolean }) {
    this.machine = new LinkMachine({ hello: () => helloOf('me'), admit: () => null, ...options });
  }
  sendHello(hello: Hello): void { this.did.push('hello'); this.sent.push({ hello }); }
  sendRefuse(refuse: Refuse): void { this.did.push(`refuse ${refuse.code}`); this.sent.push({ refuse }); }
  sendPing(nonce: number): void { this.did.push('ping'); this.sent.push({ ping: nonce }); }
  sendPong(nonce: number): void { this.did.push(`pong ${nonce}`); }
  up(remote: Hello, version: number): void { this.did.push(`up ${remote.role === 'control' ? remote.name : 'bulk'} v${version}`); }
  end(reason: ErrorInfo, refusal: Refusal | null): void { this.did.push(`end ${reason.code}`); this.ended = { reason, refusal }; }

  opened(): this { this.machine.step(this.now, { kind: 'opened' }, this); return this; }
  hello(hello: Hello): this { this.machine.step(this.now, { kind: 'hello', body: encodeJson(frameType.hello, hello).subarray(5) }, this); return this; }
  refuse(refuse: Refuse): this { this.machine.step(this.now, { kind: 'refuse', body: encodeJson(frameType.refuse, refuse).subarray(5) }, this); return this; }
  networkChanged(traffic = quiet): void { this.machine.step(this.now, { kind: 'network-changed', traffic }, this); }
  pong(nonce: number): void { this.machine.step(this.now, { kind: 'pong', nonce }, this); }
  /** Lets time pass up to `until`, stepping the machine whenever it wants. */
  run(until: number, traffic: (now: number) => Traffic = () => quiet): void {
    for (let wake = this.machine.nextWake(); wake !== null && wake <= until; wake = this.machine.nextWake()) {
      this.now = wake;
      this.machine.step(this.now, { kind: 'tick', traffic: traffic(this.now) }, this);
    }
    this.now = until;
  }
  lastPing(): number { return this.sent.findLast((sent) => sent.ping !== undefined)?.ping ?? -1; }
}

describe('hello exchange', () => {
  it('the one who dials speaks first and is up with the answer', () => {
    expect(new Bench({ dialled: true }).opened().hello(helloOf('them')).did).toEqual(['hello', 'up them v1', 'ping']);
  });

  it('the one who listens says nothing until it has heard', () => {
    const bench = new Bench({ dialled: false }).opened();
    expect(bench.did).toEqual([]);
    expect(bench.hello(helloOf('them')).did).toEqual(['hello', 'up them v1', 'ping']);
  });

  it.each([true, false])('silence ends it (dialled: %s)', (dialled) => {
    const bench = new Bench({ dialled }).opened();
    bench.run(1000 + limits.link.helloMs - 1);
    expect(bench.ended).toBeNull();
    bench.run(1000 + limits.link.helloMs);
    expect(bench.ended).toEqual({ reason: { code: 'timeout' }, refusal: null });
    expect(bench.machine.nextWake()).toBeNull();
  });

  it('versions that do not meet are refused with both ranges', () => {
    const listener = new Bench({ dialled: false }).opened().hello(helloOf('them', { min: 2, max: 3 }));
    expect(listener.did).toEqual(['refuse version-mismatch', 'end version-mismatch']);
    expect(listener.ended?.reason).toEqual({ code: 'version-mismatch', params: { ours: '1-1', theirs: '2-3' } });
    const refuse = listener.sent[0]?.refuse;
    const dialler = new Bench({ dialled: true, protocol: { min: 2, max: 3 } }).opened();
    if (refuse) dialler.refuse(refuse);
    expect(dialler.ended).toEqual({ reason: { code: 'version-mismatch', params: { ours: '2-3', theirs: '1-1' } }, refusal: 'version-mismatch' });
  });

  it.each<Refusal>(['blocked', 'too-many', 'self-dial', 'refused'])('a refusal travels: %s', (code) => {
    const listener = new Bench({ dialled: false, admit: () => code }).opened().hello(helloOf('them'));
    expect(listener.did).toEqual([`refuse ${code}`, `end ${code}`]);
    const dialler = new Bench({ dialled: true }).opened().refuse({ code });
    expect(dialler.ended).toEqual({ reason: { code }, refusal: code });
  });

  it('an answer that is not welcome any more ends it without a word', () => {
    expect(new Bench({ dialled: true, admit: () => 'duplicate' }).opened().hello(helloOf('them')).did).toEqual(['hello', 'end link-closed']);
  });

  it('a second hello, or a refusal out of turn, breaks the protocol', () => {
    const unexpected: unknown = expect.objectContaining({ code: 'unexpected-frame' });
    expect(() => new Bench({ dialled: true }).opened().hello(helloOf('them')).hello(helloOf('them'))).toThrow(unexpected);
    expect(() => new Bench({ dialled: true }).opened().hello(helloOf('them')).refuse({ code: 'blocked' })).toThrow(unexpected);
    expect(() => new Bench({ dialled: false }).opened().refuse({ code: 'blocked' })).toThrow(unexpected);
  });
});

describe('keep-alive', () => {
  const up = () => new Bench({ dialled: true }).opened().hello(helloOf('them'));

  it('pings at the set pace while bytes arrive', () => {
    const bench = up();
    bench.run(1000 + 10 * limits.link.keepAliveMs, (now) => ({ ...quiet, received: now }));
    expect(bench.did.filter((did) => did === 'ping')).toHaveLength(11);
    expect(bench.ended).toBeNull();
  });

  it('gives a silent link up in time', () => {
    const bench = up();
    bench.run(1000 + limits.link.deadAfterMs - 1);
    expect(bench.ended).toBeNull();
    bench.run(1000 + limits.link.deadAfterMs);
    expect(bench.ended?.reason).toEqual({ code: 'timeout' });
  });

  it('gives up a frame that trickles, not one that takes its time', () => {
    const trickle = up();
    trickle.run(10 * 60_000, (now) => ({ received: Math.floor(now / 100), frames: 4, midFrame: true }));
    expect(trickle.ended?.reason).toEqual({ code: 'timeout' });
    const slow = up();
    slow.run(10 * 60_000, (now) => ({ received: 2 * now, frames: 4, midFrame: true }));
    expect(slow.ended).toBeNull();
    const small = up();
    small.run(10 * 60_000, (now) => ({ received: Math.floor(now / 100), frames: Math.floor(now / 2000), midFrame: true }));
    expect(small.ended).toBeNull();
  });

  it('answers pings with their number', () => {
    const bench = up();
    bench.machine.step(bench.now, { kind: 'ping', nonce: 77 }, bench);
    expect(bench.did.at(-1)).toBe('pong 77');
  });

  it('smooths the round trip, and counts only the answer to the latest ping, once', () => {
    const bench = up();
    expect(bench.machine.latencyMs).toBeNull();
    bench.now += 8;
    bench.pong(bench.lastPing() + 1);
    expect(bench.machine.latencyMs).toBeNull();
    bench.pong(bench.lastPing());
    expect(bench.machine.latencyMs).toBe(8);
    bench.now += 1000;
    bench.pong(bench.lastPing());
    expect(bench.machine.latencyMs).toBe(8);
    bench.run(1000 + limits.link.keepAliveMs, (now) => ({ ...quiet, received: now }));
    bench.now += 16;
    bench.pong(bench.lastPing());
    expect(bench.machine.latencyMs).toBe(9);
  });
});

describe('after a change of our networks', () => {
  const up = (): Bench => new Bench({ dialled: true }).opened().hello(helloOf('them'));
  const heard = (received: number): Traffic => ({ received, frames: 1, midFrame: false });
  const wokenAt = 40_000;
  const silent = (): Bench => {
    const bench = up();
    bench.run(wokenAt);
    bench.networkChanged();
    return bench;
  };

  it('a link that was silent, as while a cable was out, ends within seconds unless something is heard', () => {
    const bench = silent();
    expect(bench.did.at(-1)).toBe('ping');
    bench.run(wokenAt + 2999);
    expect(bench.ended).toBeNull();
    bench.run(wokenAt + 3000);
    expect(bench.ended?.reason).toEqual({ code: 'timeout' });
  });

  it('it stays when anything is heard, be it only after another change', () => {
    const bench = silent();
    bench.now += 2000;
    bench.networkChanged(heard(20));
    bench.run(wokenAt + 5000, () => heard(20));
    expect(bench.ended).toBeNull();
    bench.run(wokenAt + limits.link.deadAfterMs + 1000, () => heard(20));
    expect(bench.ended).toBeNull();
  });

  it('changes in a row do not give it more time', () => {
    const bench = silent();
    bench.now += 2000;
    bench.networkChanged();
    bench.run(wokenAt + 3000);
    expect(bench.ended).not.toBeNull();
  });

  it('a link that was heard just now is left alone, and so is one whose hellos are under way', () => {
    const bench = up();
    bench.run(wokenAt, (now) => heard(now));
    bench.networkChanged(heard(wokenAt));
    bench.run(wokenAt + 20_000, () => heard(wokenAt));
    const greeting = new Bench({ dialled: true }).opened();
    greeting.networkChanged();
    expect([bench.ended, greeting.ended, greeting.did]).toEqual([null, null, ['hello']]);
  });
});
