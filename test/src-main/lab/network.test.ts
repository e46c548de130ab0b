import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LaneNumber } from '#main/lab/engine/lanes.ts';
import { Network } from '#main/lab/engine/network.ts';
import { Simulation } from '#main/lab/engine/simulation.ts';

interface Arrival { what: 'message' | 'block' | 'sent'; lane: LaneNumber; id: number; at: number }

function network(options: { loss?: number; seed?: number } = {}): { simulation: Simulation; network: Network; log: Arrival[] } {
  const simulation = new Simulation(options.seed ?? 1);
  const log: Arrival[] = [];
  const made: Network = new Network(simulation, { loss: options.loss ?? 0, resendAfter: 200_000 }, {
    messageArrived: (lane, parcel) => { log.push({ what: 'message', lane, id: made.parcels.a(parcel), at: simulation.now }); },
    blockSent: (lane, parcel) => { log.push({ what: 'sent', lane, id: made.parcels.b(parcel), at: simulation.now }); },
    blockArrived: (lane, parcel) => { log.push({ what: 'block', lane, id: made.parcels.b(parcel), at: simulation.now }); },
  });
  return { simulation, network: made, log };
}

const arrived = (log: Arrival[], what: Arrival['what'] = 'block'): [number, number][] => log.filter((entry) => entry.what === what).map(({ id, at }) => [id, at]);

describe('the simulated network', () => {
  it('takes latency plus bytes by the narrower side, and shares both sides', () => {
    const { simulation, network: net, log } = network();
    const [a, b, c] = [net.addNode(1e6, 9e6), net.addNode(5e6, 0.25e6), net.addNode(5e6, 9e6)];
    const ab = net.connect(a, b, 1000);
    const ac = net.connect(a, c, 2000);
    net.sendBlock(ab, 0, 250, 1);
    // The receiver of the first takes a quarter of what the sender has; the other gets the rest.
    net.sendBlock(ac, 0, 750, 2);
    net.sendBlock(ac, 0, 1000, 3);
    simulation.run();
    expect(arrived(log, 'sent')).toEqual([[1, 1000], [2, 1000], [3, 2000]]);
    expect(arrived(log)).toEqual([[1, 2000], [2, 3000], [3, 4000]]);
    expect([net.sentBytes(a), net.receivedBytes(c)]).toEqual([2000, 1750]);
  });

  it('lets messages overtake blocks', () => {
    const { simulation, network: net, log } = network();
    const lane = net.connect(net.addNode(1e6, 1e6), net.addNode(1e6, 1e6), 10);
    net.sendBlock(lane, 0, 1000, 1);
    net.sendMessage(lane, 0, 2);
    simulation.run();
    expect(log.map(({ id }) => id)).toEqual([2, 1, 1]);
  });

  it('takes a block back only before it is on the wire', () => {
    const { simulation, network: net, log } = network();
    const lane = net.connect(net.addNode(1e6, 1e6), net.addNode(1e6, 1e6), 10);
    for (const id of [1, 2, 3]) net.sendBlock(lane, 0, 100, id);
    expect([1, 2, 4].map((id) => net.cancelBlock(lane, id))).toEqual([false, true, false]);
    simulation.run();
    expect(arrived(log)).toEqual([[1, 110], [3, 210]]);
    expect(net.parcels.inUse).toBe(0);
  });

  it('loses everything on its way when a link goes down, and nothing of a later one', () => {
    const { simulation, network: net, log } = network();
    const [a, b] = [net.addNode(1e6, 1e6), net.addNode(1e6, 1e6)];
    const lane = net.connect(a, b, 500);
    for (const id of [1, 2, 3]) net.sendBlock(lane, 0, 100, id);
    net.sendMessage(lane, 0, 9);
    simulation.run(150);
    net.disconnect(lane);
    net.sendBlock(lane, 0, 100, 4);
    expect(net.connect(b, a, 500)).toBe(lane ^ 1);
    net.sendBlock(lane, 0, 100, 5);
    simulation.run();
    expect(log.filter(({ what }) => what !== 'sent').map(({ id }) => id)).toEqual([5]);
    expect(net.parcels.inUse).toBe(0);
  });

  it('holds what meets a cut and goes on in order when it is mended', () => {
    const { simulation, network: net, log } = network();
    const lane = net.connect(net.addNode(1e6, 1e6), net.addNode(1e6, 1e6), 100);
    for (const id of [1, 2, 3]) net.sendBlock(lane, 0, 100, id);
    simulation.run(150);
    net.setCut(lane, true);
    net.sendMessage(lane, 0, 7);
    simulation.run(1000);
    expect(log.map(({ id }) => id)).toEqual([1]);
    net.setCut(lane, false);
    simulation.run();
    expect(arrived(log)).toEqual([[1, 1000], [2, 1150], [3, 1250]]);
    expect(arrived(log, 'message')).toEqual([[7, 1000]]);
  });

  it('makes loss a delay that keeps the order', () => {
    const { simulation, network: net, log } = network({ loss: 0.3 });
    const lane = net.connect(net.addNode(1e6, 1e6), net.addNode(1e6, 1e6), 100);
    for (let id = 0; id < 200; id++) {
      net.sendBlock(lane, 0, 100, id);
      net.sendMessage(lane, 0, id);
    }
    simulation.run();
    for (const what of ['block', 'message'] as const) expect(arrived(log, what).map(([id]) => id)).toEqual(Array.from({ length: 200 }, (_, id) => id));
    expect(simulation.now).toBeGreaterThan(200 * 100 + 200_000);
  });

  const traffic = fc.record({
    rates: fc.array(fc.record({ up: fc.integer({ min: 1, max: 30 }), down: fc.integer({ min: 1, max: 30 }) }), { minLength: 3, maxLength: 5 }),
    blocks: fc.array(fc.record({ at: fc.nat(300), from: fc.nat(4), to: fc.nat(4), bytes: fc.integer({ min: 1, max: 800 }) }), { maxLength: 25 }),
  });

  it('finishes every block when a fluid model that looks at all flows each time says so', () => {
    fc.assert(fc.property(traffic, ({ rates, blocks }) => {
      const { simulation, network: net, log } = network();
      const nodes = rates.map(({ up, down }) => net.addNode(up * 1e6, down * 1e6));
      const sends = blocks.map((block, id) => ({ ...block, id, from: block.from % nodes.length, to: block.to % nodes.length }))
        .filter(({ from, to }) => from !== to).toSorted((x, y) => x.at - y.at || x.id - y.id);
      const lanes = new Map<string, LaneNumber>();
      for (const { from, to } of sends) {
        const known = net.lane(from, to);
        lanes.set(`${from}/${to}`, known !== undefined && net.isUp(known) ? known : net.connect(from, to, 0));
      }
      const begin = simulation.on((id) => {
        const send = sends.find((each) => each.id === id);
        if (send !== undefined) net.sendBlock(lanes.get(`${send.from}/${send.to}`) ?? 0, 0, send.bytes, id);
      });
      for (const { at, id } of sends) simulation.at(at, begin, id);
      simulation.run();
      const expected = naiveFinish(rates, sends);
      const got = new Map(arrived(log));
      expect(got.size).toBe(sends.length);
      // Each finish is rounded up to a microsecond, and so shifts what follows.
      for (const [id, at] of got) expect(Math.abs(at - (expected.get(id) ?? NaN))).toBeLessThan(1 + sends.length);
      expect(net.parcels.inUse).toBe(0);
    }), { numRuns: 150 });
  });
});

/** Finish times by steps from change to change: at each, all rates are filled anew. */
function naiveFinish(rates: { up: number; down: number }[], sends: { at: number; id: number; from: number; to: number; bytes: number }[]): Map<number, number> {
  const finished = new Map<number, number>();
  const left = new Map(sends.map(({ id, bytes }) => [id, bytes]));
  let now = 0;
  while (finished.size < sends.length) {
    const open = sends.filter((send, at) => send.at <= now && !finished.has(send.id)
      && !sends.slice(0, at).some((earlier) => earlier.from === send.from && earlier.to === send.to && !finished.has(earlier.id)));
    const speeds = open.map(() => 0);
    const frozen = new Set<number>();
    while (frozen.size < open.length) {
      const ports = rates.flatMap(({ up, down }, node) => [{ cap: up, on: open.flatMap(({ from }, at) => (from === node ? [at] : [])) }, { cap: down, on: open.flatMap(({ to }, at) => (to === node ? [at] : [])) }])
        .map(({ cap, on }) => ({ rising: on.filter((at) => !frozen.has(at)), spare: cap - on.reduce((sum, at) => sum + (speeds[at] ?? 0), 0) })).filter(({ rising }) => rising.length > 0);
      const step = Math.min(...ports.map(({ rising, spare }) => spare / rising.length));
      for (const at of open.keys()) if (!frozen.has(at)) speeds[at] = (speeds[at] ?? 0) + step;
      for (const { rising, spare } of ports) if (spare / rising.length <= step + 1e-9) for (const at of rising) frozen.add(at);
    }
    const nextStart = Math.min(Infinity, ...sends.filter(({ at }) => at > now).map(({ at }) => at));
    const nextEnd = Math.min(Infinity, ...open.map(({ id }, at) => now + (left.get(id) ?? 0) / (speeds[at] ?? 0)));
    const next = Math.min(nextStart, nextEnd);
    for (const [at, { id }] of open.entries()) {
      const rest = (left.get(id) ?? 0) - (speeds[at] ?? 0) * (next - now);
      left.set(id, rest);
      if (rest < 1e-6) finished.set(id, next);
    }
    now = next;
  }
  return finished;
}
