import { describe, expect, it } from 'vitest';
import { limits } from '#shared/limits.ts';
import { KiB, MiB, second } from '#shared/units.ts';
import { defaultServeSettings, type ServeRefusal, type ServeSettings } from '#main/core/serve/events.ts';
import { ServeMachine } from '#main/core/serve/serve-machine.ts';
import { Contents } from '#main/core/swarm/content.ts';

/** A serve machine whose line sends what it is told to, one block after the other, at some rate. */
class Line {
  now = 0;
  /** What of a block travels: less than 1 when it goes out compressed. */
  wireShare = 1;
  /** Blocks that are taken back when they could go out. */
  isTakenBack: (want: number) => boolean = () => false;
  readonly contents = new Contents();
  readonly machine: ServeMachine;
  readonly served: { peer: number; want: number }[] = [];
  readonly refused: { peer: number; want: number; why: ServeRefusal }[] = [];
  readonly chokes = new Map<number, boolean>();
  readonly #bytesPerMs: number;
  readonly #bytesOf = new Map<number, number>();
  readonly #line: { peer: number; want: number; at: number }[] = [];
  #freeAt = 0;
  #want = 0;

  constructor(bytesPerMs: number, settings: Partial<ServeSettings> = {}) {
    this.#bytesPerMs = bytesPerMs;
    this.machine = new ServeMachine({ settings: { ...defaultServeSettings, ...settings }, contents: this.contents, random: () => 0.5, wantsFrom: () => false });
  }

  step(event: Parameters<ServeMachine['step']>[1]): void {
    this.machine.step(this.now, event, {
      serve: (peer, want) => {
        this.#freeAt = Math.max(this.#freeAt, this.now) + (this.#bytesOf.get(want) ?? 0) / this.#bytesPerMs;
        this.#line.push({ peer, want, at: this.#freeAt });
      },
      refuse: (peer, want, why) => { this.refused.push({ peer, want, why }); },
      choke: (peer, choked) => { this.chokes.set(peer, choked); },
    });
  }

  ask(peer: number, piece: number, bytes = 16 * KiB, content: number | null = null): number {
    const want = ++this.#want;
    this.#bytesOf.set(want, bytes);
    this.step({ type: 'wanted', peer, want, content, piece, bytes });
    return want;
  }

  run(untilMs: number): void {
    for (;;) {
      const next = this.#line[0]?.at ?? Infinity;
      const wake = this.machine.nextWake(this.now) ?? Infinity;
      if (Math.min(next, wake) > untilMs) break;
      this.now = Math.max(this.now, Math.min(next, wake));
      const sent = next <= wake ? this.#line.shift() : undefined;
      if (sent === undefined) {
        this.step({ type: 'tick' });
        continue;
      }
      const isTakenBack = this.isTakenBack(sent.want);
      if (!isTakenBack) this.served.push(sent);
      this.step({ type: 'served', peer: sent.peer, want: sent.want, bytes: isTakenBack ? 0 : this.wireShare * (this.#bytesOf.get(sent.want) ?? 0) });
    }
    this.now = Math.max(this.now, untilMs);
  }
}

describe('on this network', () => {
  it('nobody is throttled', () => {
    const line = new Line(1000);
    for (let peer = 0; peer < 30; peer++) line.step({ type: 'peer-up', peer, local: true });
    for (let round = 0; round < 10; round++) for (let peer = 0; peer < 30; peer++) line.ask(peer, round);
    line.run(60 * second);
    expect(line.served).toHaveLength(300);
    expect(line.refused).toEqual([]);
    expect(line.chokes.size).toBe(0);
  });

  it('peers take turns, whoever asks for more', () => {
    const line = new Line(100);
    line.step({ type: 'peer-up', peer: 1, local: true });
    line.step({ type: 'peer-up', peer: 2, local: true });
    for (let piece = 0; piece < 100; piece++) line.ask(1, piece);
    for (let piece = 0; piece < 10; piece++) line.ask(2, piece);
    line.run(60 * second);
    expect(line.served.slice(0, 40).filter(({ peer }) => peer === 2)).toHaveLength(10);
  });

  it('under a limit, who is measured as slow and asks for little gets as much as who asks for much', () => {
    const line = new Line(100_000);
    line.step({ type: 'upload-limit', bytesPerSecond: 2_000_000 });
    const asked = { 1: 256 * KiB, 2: 16 * KiB };
    const given = { 1: 0, 2: 0 };
    line.step({ type: 'peer-up', peer: 1, local: true });
    line.step({ type: 'peer-up', peer: 2, local: true });
    // Each keeps so many blocks asked for: the small one asks again as soon as it has one.
    for (let piece = 0; piece < 8; piece++) line.ask(1, piece, asked[1]);
    for (let piece = 0; piece < 4; piece++) line.ask(2, piece, asked[2]);
    for (let ms = 1; ms <= 20_000; ms++) {
      line.run(ms);
      for (const { peer } of line.served.splice(0)) {
        if (peer !== 1 && peer !== 2) continue;
        given[peer] += asked[peer];
        line.ask(peer, 0, asked[peer]);
      }
    }
    expect(given[1] + given[2]).toBeGreaterThan(30_000_000);
    expect(given[2] / given[1]).toBeGreaterThan(0.8);
    expect(given[2] / given[1]).toBeLessThan(1.25);
  });

  it('who could not be given anything for long does not hold up the others then', () => {
    const line = new Line(1000);
    line.step({ type: 'peer-up', peer: 1, local: true });
    line.step({ type: 'peer-up', peer: 2, local: true });
    line.step({ type: 'upload-limit', bytesPerSecond: 1024, scope: 2 });
    for (let piece = 0; piece < 100; piece++) line.ask(2, piece, 256 * KiB);
    for (let piece = 0; piece < 200; piece++) line.ask(1, piece, 256 * KiB);
    line.run(30 * second);
    line.step({ type: 'upload-limit', bytesPerSecond: null, scope: 2 });
    line.served.length = 0;
    line.run(line.now + 4 * second);
    const toOne = line.served.filter(({ peer }) => peer === 1).length;
    expect(line.served.length - toOne).toBeGreaterThan(4);
    expect(toOne).toBeGreaterThan(4);
  });

  it('keeps to the limit', () => {
    const line = new Line(100_000);
    line.step({ type: 'peer-up', peer: 1, local: true });
    line.step({ type: 'upload-limit', bytesPerSecond: 1_000_000 });
    for (let piece = 0; piece < 400; piece++) line.ask(1, piece, 64 * KiB);
    line.run(10 * second);
    const bytes = line.served.length * 64 * KiB;
    expect(bytes).toBeGreaterThan(9_500_000);
    expect(bytes).toBeLessThan(10_500_000);
  });
});

it('what did not have to travel counts against no limit', () => {
  const line = new Line(100_000);
  line.wireShare = 0.25;
  line.step({ type: 'peer-up', peer: 1, local: true });
  line.step({ type: 'upload-limit', bytesPerSecond: 1_000_000 });
  for (let piece = 0; piece < 800; piece++) line.ask(1, piece, 64 * KiB);
  line.run(10 * second);
  const bytes = line.served.length * 64 * KiB;
  expect(bytes).toBeGreaterThan(38_000_000);
  expect(bytes).toBeLessThan(42_000_000);
});

it('what was taken back before it went out counts against no limit', () => {
  const line = new Line(100_000);
  line.isTakenBack = (want) => want % 4 !== 0;
  line.step({ type: 'peer-up', peer: 1, local: true });
  line.step({ type: 'upload-limit', bytesPerSecond: 1_000_000 });
  line.step({ type: 'upload-limit', bytesPerSecond: 1_000_000, scope: 1 });
  for (let piece = 0; piece < 800; piece++) line.ask(1, piece, 64 * KiB);
  line.run(10 * second);
  const bytes = line.served.length * 64 * KiB;
  expect(bytes).toBeGreaterThan(9_500_000);
  expect(bytes).toBeLessThan(10_500_000);
});

describe('a limit for one peer', () => {
  const bytesOf = (line: Line, peer: number): number => line.served.filter((one) => one.peer === peer).length * 64 * KiB;

  it('holds for that peer only: others go on, and nobody is choked for it', () => {
    const line = new Line(2000);
    for (const peer of [1, 2]) line.step({ type: 'peer-up', peer, local: true });
    line.step({ type: 'upload-limit', bytesPerSecond: 200_000, scope: 1 });
    for (let piece = 0; piece < 300; piece++) for (const peer of [1, 2]) line.ask(peer, piece, 64 * KiB);
    line.run(9 * second);
    expect(bytesOf(line, 1)).toBeGreaterThan(1_700_000);
    expect(bytesOf(line, 1)).toBeLessThan(2_000_000);
    expect(bytesOf(line, 2)).toBeGreaterThan(15_000_000);
    expect(line.chokes.size).toBe(0);
  });

  it('and the one for all: the stricter wins', () => {
    const line = new Line(100_000);
    for (const peer of [1, 2]) line.step({ type: 'peer-up', peer, local: true });
    line.step({ type: 'upload-limit', bytesPerSecond: 1_000_000 });
    line.step({ type: 'upload-limit', bytesPerSecond: 200_000, scope: 1 });
    for (let piece = 0; piece < 300; piece++) for (const peer of [1, 2]) line.ask(peer, piece, 64 * KiB);
    line.run(10 * second);
    expect(bytesOf(line, 1)).toBeLessThan(2_200_000);
    expect(bytesOf(line, 1) + bytesOf(line, 2)).toBeGreaterThan(9_500_000);
    expect(bytesOf(line, 1) + bytesOf(line, 2)).toBeLessThan(10_500_000);
    line.step({ type: 'upload-limit', bytesPerSecond: null, scope: 1 });
    const before = bytesOf(line, 1);
    line.run(11 * second);
    expect(bytesOf(line, 1) - before).toBeGreaterThan(400_000);
  });
});

describe('beyond it', () => {
  const crowd = (line: Line, count: number): void => { for (let peer = 0; peer < count; peer++) line.step({ type: 'peer-up', peer, local: false }); };

  it('as many are served at once as there are slots; who waits is served in time, also without a swarm to be interested in', () => {
    const line = new Line(20);
    crowd(line, 12);
    const hungry = new Set(Array.from({ length: 12 }, (_, peer) => peer));
    const waiting = new Map<number, number>();
    for (let turn = 0; turn < 240; turn++) {
      for (const peer of hungry) if (line.chokes.get(peer) !== true && (waiting.get(peer) ?? 0) <= turn) line.ask(peer, turn, 16 * KiB);
      line.run((turn + 1) * second);
    }
    const takers = new Set(line.served.map(({ peer }) => peer));
    expect(takers.size).toBe(12);
    expect(line.refused.every(({ why }) => why === 'choked')).toBe(true);
    // Whoever has waited so long that it does not seem to want anything any more may ask again, besides.
    const lately = line.served.slice(-12).map(({ peer }) => peer);
    const unchoked = [...hungry].filter((peer) => line.chokes.get(peer) !== true && lately.includes(peer));
    expect(unchoked.length).toBeLessThanOrEqual(defaultServeSettings.slots);
  });

  it('a piece that has begun is sent to its end, even when its peer is choked meanwhile', () => {
    const line = new Line(16, { slots: 1 });
    crowd(line, 2);
    line.ask(0, 7);
    line.ask(1, 0);
    expect(line.chokes.get(1)).toBe(true);
    line.run(100 * second);
    for (let turn = 0; line.chokes.get(0) !== true && turn < 50; turn++) {
      line.ask(0, 7);
      line.ask(1, 0);
      line.run(line.now + 10 * second);
    }
    const before = line.refused.length;
    line.ask(0, 7);
    expect(line.refused.slice(before)).toEqual([]);
  });

  it('a free slot is given at once', () => {
    const line = new Line(16, { slots: 1 });
    crowd(line, 2);
    line.ask(0, 0);
    line.ask(1, 0);
    expect(line.chokes.get(1)).toBe(true);
    line.step({ type: 'peer-down', peer: 0 });
    expect(line.chokes.get(1)).toBe(false);
  });
});

it('under a limit, a piece that others have gives way to one that nobody has', () => {
  const line = new Line(100_000);
  for (const peer of [1, 2]) line.step({ type: 'peer-up', peer, local: true });
  const content = line.contents.open(5, 8, 'all');
  content.setMember(1, new Uint8Array(1));
  content.setMember(2, new Uint8Array(1));
  line.step({ type: 'upload-limit', bytesPerSecond: 1_000_000 });
  line.run(1);
  line.ask(1, 0, MiB, 5);
  const second0 = line.ask(2, 0, MiB, 5);
  expect(line.refused).toEqual([{ peer: 2, want: second0, why: 'elsewhere' }]);
  line.ask(2, 1, MiB, 5);
  expect(line.refused).toHaveLength(1);
  for (let piece = 2; piece < 8; piece++) line.ask(1, piece, MiB, 5);
  line.ask(2, 0, MiB, 5);
  expect(line.refused).toHaveLength(1);
});

it('while blocks of others wait, whatever is slow, a piece that others have gives way to one that nobody has', () => {
  const line = new Line(1000);
  for (const peer of [1, 2]) line.step({ type: 'peer-up', peer, local: true });
  const content = line.contents.open(5, 32, 'all');
  content.setMember(1, new Uint8Array(4));
  content.setMember(2, new Uint8Array(4));
  const ask = (peer: number, piece: number): number => line.ask(peer, piece, MiB, 5);
  // Nobody waits: what is asked for goes out at once, whoever has it.
  ask(1, 0);
  ask(2, 0);
  expect(line.refused).toEqual([]);
  for (let piece = 1; piece < 12; piece++) ask(1, piece);
  const had = ask(2, 1);
  expect(line.refused).toEqual([{ peer: 2, want: had, why: 'elsewhere' }]);
  // Who waits for nobody but itself is not sent away.
  line.step({ type: 'peer-down', peer: 2 });
  for (let piece = 12; piece < 31; piece++) ask(1, piece);
  ask(1, 1);
  expect(line.refused).toHaveLength(1);
  line.run(60 * second);
  expect(line.served).toHaveLength(33);
});

describe('who comes again for a piece that others have', () => {
  /** A source of eight pieces whose limit is used up, two that take part and a third that does not; the first is being given piece 0. */
  const busyLine = (): Line => {
    const line = new Line(100_000);
    for (const peer of [1, 2, 3]) line.step({ type: 'peer-up', peer, local: true });
    const content = line.contents.open(5, 8, 'all');
    for (const peer of [1, 2]) content.setMember(peer, new Uint8Array(1));
    line.step({ type: 'upload-limit', bytesPerSecond: 100_000 });
    line.run(1);
    line.ask(1, 0, MiB, 5);
    return line;
  };
  const sentAway = (line: Line, peer: number, piece: number): boolean => {
    const want = line.ask(peer, piece, MiB, 5);
    return line.refused.at(-1)?.want === want;
  };

  it('evidently does not reach them, and gets it', () => {
    const line = busyLine();
    expect([1, 2, 3].map(() => sentAway(line, 2, 0))).toEqual([true, false, false]);
  });

  it('is sent to them a few times more when others give it pieces, and then gets it', () => {
    const line = busyLine();
    line.contents.get(5)?.noteHas(2, 7);
    expect([1, 2, 3, 4].map(() => sentAway(line, 2, 0))).toEqual([true, true, true, false]);
  });

  it('does not reach them when all that it has came from us', () => {
    const line = busyLine();
    sentAway(line, 2, 1);
    line.contents.get(5)?.noteHas(2, 1);
    expect([1, 2].map(() => sentAway(line, 2, 0))).toEqual([true, false]);
  });

  it('may have got to know them when it joins anew', () => {
    const line = busyLine();
    expect([1, 2].map(() => sentAway(line, 2, 0))).toEqual([true, false]);
    for (let piece = 1; piece < 7; piece++) line.ask(1, piece, MiB, 5);
    line.contents.get(5)?.setMember(2, new Uint8Array(1));
    expect([1, 2].map(() => sentAway(line, 2, 6))).toEqual([true, false]);
  });

  it('is sent to them every time when it takes no part itself', () => {
    const line = busyLine();
    expect([1, 2, 3, 4].map(() => sentAway(line, 3, 0))).toEqual([true, true, true, true]);
  });
});

it('a few bytes, to see that we have a piece, are given before all else, also to whoever may begin none, but not many at once', () => {
  const line = new Line(100_000);
  for (const peer of [1, 2]) line.step({ type: 'peer-up', peer, local: true });
  const content = line.contents.open(5, 8, 'all');
  content.setMember(1, Uint8Array.of(0x80));
  line.step({ type: 'upload-limit', bytesPerSecond: 100_000 });
  line.run(1);
  const { proofBytes, proofsAtOnce } = limits.transfer;
  const [begun, waiting] = [line.ask(2, 7, MiB, 5), line.ask(2, 7, MiB, 5)];
  const more = line.ask(2, 0, proofBytes + 1, 5);
  const questions = Array.from({ length: proofsAtOnce }, () => line.ask(2, 0, proofBytes, 5));
  const tooMany = line.ask(2, 0, proofBytes, 5);
  expect(line.refused).toEqual([more, tooMany].map((want) => ({ peer: 2, want, why: 'elsewhere' })));
  line.run(60 * second);
  const served = line.served.map(({ want }) => want);
  expect([served[0], new Set(served.slice(1, -1)), served.at(-1)]).toEqual([begun, new Set(questions), waiting]);
});

it('pieces that we lack ourselves are no reason to send anybody elsewhere', () => {
  const line = new Line(100_000);
  for (const peer of [1, 2]) line.step({ type: 'peer-up', peer, local: true });
  // Ours are 0 and 1; nobody has the other six.
  const content = line.contents.open(5, 8, Uint8Array.of(0xc0));
  content.setMember(1, new Uint8Array(1));
  content.setMember(2, new Uint8Array(1));
  line.step({ type: 'upload-limit', bytesPerSecond: 1_000_000 });
  line.run(1);
  line.ask(1, 0, MiB, 5);
  line.ask(1, 1, MiB, 5);
  line.ask(2, 0, MiB, 5);
  expect(line.refused).toEqual([]);
  // A third one is verified: now there is something that only we have.
  content.gain(2);
  const again = line.ask(2, 1, MiB, 5);
  expect(line.refused).toEqual([{ peer: 2, want: again, why: 'elsewhere' }]);
  content.lose(2);
  line.ask(2, 1, MiB, 5);
  expect(line.refused).toHaveLength(1);
});
