import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '#shared/limits.ts';
import { BeaconWorld } from './beacon-world.ts';

const packet = (changes: Partial<Record<'word' | 'port' | 'nonce' | 'tag' | 'flag', string>> = {}): string => {
  const { word = 'HELLO', port = '47800', nonce = 'aaaaaaaaaaaaaaaa', tag = '00000001', flag = '' } = changes;
  return `${word} 203.0.113.9 ${port} distrishare/1 ${nonce} ${tag}${flag}`;
};

describe('two devices', () => {
  it('know each other milliseconds after the second started', () => {
    const world = new BeaconWorld();
    world.add('10.0.0.1');
    world.run(60_000);
    world.add('10.0.0.2');
    const start = world.now;
    world.run(50);
    for (const [by, of] of [['10.0.0.1', '10.0.0.2'], ['10.0.0.2', '10.0.0.1']] as const) {
      const first = world.hints(by)[0];
      expect(first?.address).toEqual({ host: of, port: 47800 });
      expect((first?.at ?? Infinity) - start).toBeLessThanOrEqual(10);
    }
  });

  it('know each other within two seconds when half of the packets are lost', () => {
    let known = 0;
    const rounds = 200;
    for (let round = 0; round < rounds; round++) {
      const world = new BeaconWorld();
      let count = round * 7919;
      world.lost = () => (count = (count * 1_103_515_245 + 12_345) % 2 ** 31) % 1000 < 500;
      world.add('10.0.0.1');
      world.run(60_000);
      world.noted.length = 0;
      world.add('10.0.0.2');
      world.run(2000);
      if (world.noted.some((note) => note.kind === 'hint')) known++;
    }
    expect(known / rounds).toBeGreaterThan(0.95);
  });

  it('know each other although direct answers never arrive', () => {
    const world = new BeaconWorld();
    world.lost = (_from, _to, direct) => direct;
    world.add('10.0.0.1');
    world.run(60_000);
    world.add('10.0.0.2');
    world.run(1000);
    expect(world.hints('10.0.0.2')).not.toEqual([]);
  });
});

it('hears nothing of itself', () => {
  const world = new BeaconWorld();
  world.add('10.0.0.1');
  world.run(120_000);
  expect(world.sent.length).toBeGreaterThan(5);
  expect(world.noted).toEqual([]);
});

it('is loud at the start, then speaks every 15 to 30 seconds', () => {
  const world = new BeaconWorld();
  world.add('10.0.0.1');
  const start = world.now;
  world.run(600_000);
  expect(world.sent.slice(0, 5).map((sent) => sent.at - start)).toEqual([0, 100, 300, 700, 1500]);
  const gaps = world.sent.slice(5).map((sent, at) => sent.at - (world.sent[at + 4]?.at ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(15_000);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(30_000);
});

it('changes its tag every few minutes and its nonce never', () => {
  const world = new BeaconWorld();
  world.add('10.0.0.1');
  world.run(30 * 60_000);
  const words = world.sent.map((sent) => sent.text.split(' '));
  expect(new Set(words.map((word) => word[4])).size).toBe(1);
  expect(new Set(words.map((word) => word[5])).size).toBeGreaterThanOrEqual(5);
  expect(new Set(words.map((word) => word[5])).size).toBeLessThanOrEqual(8);
});

it('tells everybody at once, with a new tag, when its network changed', () => {
  const world = new BeaconWorld();
  world.add('10.0.0.1');
  world.run(5000);
  const before = world.sent.length;
  world.step('10.0.0.1', { type: 'announce' });
  expect(world.sent.length).toBe(before + 1);
  expect(world.sent.at(-1)?.text.split(' ')[5]).not.toBe(world.sent[0]?.text.split(' ')[5]);
});

it('says goodbye when it stops, and nothing after', () => {
  const world = new BeaconWorld();
  world.add('10.0.0.1');
  world.add('10.0.0.2');
  world.run(5000);
  world.step('10.0.0.1', { type: 'stop' });
  const after = world.sent.length;
  expect(world.sent.at(-1)?.text).toMatch(/^GOODBYE 10\.0\.0\.1 47800 /);
  world.run(100_000);
  expect(world.noted).toContainEqual(expect.objectContaining({ by: '10.0.0.2', kind: 'goodbye', address: { host: '10.0.0.1', port: 47800 } }));
  expect(world.sent.slice(after).filter((sent) => sent.from === '10.0.0.1')).toEqual([]);
});

it('sends nothing while it is hidden, yet hears others', () => {
  const world = new BeaconWorld();
  world.add('10.0.0.1', { visible: false });
  world.add('10.0.0.2');
  world.run(60_000);
  expect(world.sent.filter((sent) => sent.from === '10.0.0.1')).toEqual([]);
  expect(world.hints('10.0.0.1')).not.toEqual([]);
  world.step('10.0.0.1', { type: 'visible', visible: true });
  world.run(10);
  expect(world.hints('10.0.0.2')).not.toEqual([]);
  world.step('10.0.0.1', { type: 'visible', visible: false });
  world.run(10);
  expect(world.noted.at(-1)).toMatchObject({ by: '10.0.0.2', kind: 'goodbye' });
});

describe('packets from liars', () => {
  it('name the address they came from, not the one they claim', () => {
    const world = new BeaconWorld();
    world.add('10.0.0.1');
    world.inject('10.0.0.1', '10.0.0.66', packet());
    expect(world.hints('10.0.0.1').map((hint) => hint.address)).toEqual([{ host: '10.0.0.66', port: 47800 }]);
  });

  it('cause a limited number of hints and answers a minute', () => {
    const world = new BeaconWorld();
    world.add('10.0.0.1');
    world.run(5000);
    const sentBefore = world.sent.length;
    for (let port = 1; port <= 1000; port++) world.inject('10.0.0.1', '10.0.0.66', packet({ port: String(port), flag: ' ?'.padEnd(70, '.') }));
    expect(world.hints('10.0.0.1').length).toBe(limits.discovery.hintsPerAddressPerMinute);
    expect(world.sent.length - sentBefore).toBeLessThanOrEqual(limits.discovery.hintsPerAddressPerMinute);
  });

  it('that repeat one question get a limited number of answers', () => {
    const world = new BeaconWorld();
    world.add('10.0.0.1');
    world.run(5000);
    const sentBefore = world.sent.length;
    for (let count = 0; count < 1000; count++) world.inject('10.0.0.1', '10.0.0.66', packet({ flag: ' ?'.padEnd(70, '.') }));
    expect(world.sent.length - sentBefore).toBeLessThanOrEqual(limits.discovery.hintsPerAddressPerMinute + 5);
  });

  it('get no answer longer than their question', () => {
    const world = new BeaconWorld();
    world.add('10.0.0.1');
    world.run(5000);
    world.inject('10.0.0.1', '1::2', `HELLO :: 1 distrishare/1 aaaaaaaaaaaaaaaa 00000001 ?`);
    expect(world.sent.filter((sent) => sent.to !== null)).toEqual([]);
  });

  it('cannot say goodbye for a device with another nonce', () => {
    const world = new BeaconWorld();
    world.add('10.0.0.1');
    world.inject('10.0.0.1', '10.0.0.66', packet());
    world.inject('10.0.0.1', '10.0.0.66', packet({ word: 'GOODBYE', nonce: 'bbbbbbbbbbbbbbbb' }));
    world.inject('10.0.0.1', '10.0.0.77', packet({ word: 'GOODBYE' }));
    expect(world.noted.filter((note) => note.kind === 'goodbye')).toEqual([]);
  });

  it('fill no table beyond its bound', () => {
    const world = new BeaconWorld();
    const machine = world.add('10.0.0.1');
    for (let sender = 0; sender < 5000; sender++) world.inject('10.0.0.1', `10.1.${sender >> 8}.${sender & 255}`, packet({ flag: ' ?' }));
    expect(machine.heardSize).toBeLessThanOrEqual(limits.discovery.hintsTable);
  });

  it('of any kind cause at most one hint or goodbye and one answer each, never longer than they are', () => {
    const word = fc.constantFrom('HELLO', 'GOODBYE', 'HELP');
    const nonce = fc.constantFrom('aaaaaaaaaaaaaaaa', '0000000000000001', 'bbbbbbbbbbbbbbbb');
    const flag = fc.constantFrom('', ' ?', ` ?${'.'.repeat(70)}`);
    const made = fc.record({ word, nonce, flag, port: fc.constantFrom('0', '1', '47800', '65536') }).map((changes) => new TextEncoder().encode(packet(changes)));
    fc.assert(fc.property(fc.array(fc.tuple(fc.constantFrom('10.0.0.2', '10.0.0.3'), fc.oneof(made, fc.uint8Array({ maxLength: 600 })))), (packets) => {
      const world = new BeaconWorld();
      world.add('10.0.0.1', { nonce: '0000000000000001' });
      world.run(50);
      for (const [host, data] of packets) {
        const [sent, noted] = [world.sent.length, world.noted.length];
        world.inject('10.0.0.1', host, data);
        const answers = world.sent.slice(sent);
        expect(world.noted.length - noted).toBeLessThanOrEqual(1);
        expect(answers.length).toBeLessThanOrEqual(1);
        for (const answer of answers) expect(answer.data.length).toBeLessThanOrEqual(data.length);
      }
    }));
  });
});

describe('what a channel hears', () => {
  it('is told for this machine, another node on it among them, and for others', () => {
    const world = new BeaconWorld();
    const machine = world.add('10.0.0.1', { nonce: '0000000000000001' });
    expect(machine.hearing('lan')).toEqual({ ownAt: null, othersAt: null });
    const hear = (host: string, nonce: string): void => {
      world.now += 1000;
      world.step('10.0.0.1', { type: 'packet', channel: 'lan', from: { host, port: 1 }, data: new TextEncoder().encode(packet({ nonce })) });
    };
    hear('10.0.0.1', '0000000000000001');
    hear('10.0.0.1', '0000000000000002');
    const ownAt = world.now;
    expect(machine.hearing('lan')).toEqual({ ownAt, othersAt: null });
    hear('10.0.0.7', '0000000000000003');
    expect(machine.hearing('lan')).toEqual({ ownAt, othersAt: world.now });
    expect(machine.hearing('wlan')).toBeUndefined();
  });
});
