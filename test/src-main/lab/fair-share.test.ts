import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairShare } from '#main/lab/engine/fair-share.ts';

interface Star { up: number[]; down: number[]; flows: { from: number; to: number }[] }

/** Water filling as the textbook has it: all rates rise together, and stop where a port is full. */
function waterFilling({ up, down, flows }: Star): number[] {
  const rates = flows.map(() => 0);
  const frozen = flows.map(() => false);
  while (frozen.includes(false)) {
    let step = Infinity;
    const ports = [...up.map((capacity, node) => ({ capacity, uses: (flow: Star['flows'][number]) => flow.from === node })),
      ...down.map((capacity, node) => ({ capacity, uses: (flow: Star['flows'][number]) => flow.to === node }))]
      .map(({ capacity, uses }) => {
        const members = flows.flatMap((flow, at) => (uses(flow) ? [at] : []));
        const rising = members.filter((at) => frozen[at] !== true);
        const used = members.reduce((sum, at) => sum + (rates[at] ?? 0), 0);
        return { rising, room: rising.length === 0 ? Infinity : (capacity - used) / rising.length };
      });
    for (const port of ports) step = Math.min(step, port.room);
    for (const [at, isFrozen] of frozen.entries()) if (!isFrozen) rates[at] = (rates[at] ?? 0) + step;
    for (const port of ports) if (port.room <= step * (1 + 1e-12)) for (const at of port.rising) frozen[at] = true;
  }
  return rates;
}

const star = fc.integer({ min: 2, max: 8 }).chain((nodes) => fc.record({
  up: fc.array(fc.integer({ min: 1, max: 20 }), { minLength: nodes, maxLength: nodes }),
  down: fc.array(fc.integer({ min: 1, max: 20 }), { minLength: nodes, maxLength: nodes }),
  flows: fc.array(fc.record({ from: fc.nat(nodes - 1), to: fc.nat(nodes - 1) }), { minLength: 1, maxLength: 30 }),
  toggles: fc.array(fc.nat(29), { maxLength: 60 }),
  /** Which toggles are followed by settling at once. */
  settles: fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }),
}));

describe('fair sharing', () => {
  it('is the same as filling everything anew, after any order of flows that open and close', () => {
    fc.assert(fc.property(star, ({ up, down, flows, toggles, settles }) => {
      const share = new FairShare();
      const upPorts = up.map((rate) => share.addPort(rate));
      const downPorts = down.map((rate) => share.addPort(rate));
      const numbers = flows.map(({ from, to }) => share.addFlow(upPorts[from] ?? 0, downPorts[to] ?? 0));
      const heard = numbers.map(() => 0);
      const settle = (): void => share.settle((flow, before) => {
        expect(heard[flow]).toBe(before);
        heard[flow] = share.rate(flow);
      });
      for (const flow of numbers) share.open(flow);
      for (const [step, toggle] of toggles.entries()) {
        const flow = numbers[toggle % numbers.length] ?? 0;
        if (share.isOpen(flow)) {
          share.close(flow);
          heard[flow] = 0;
        } else share.open(flow);
        if (settles[step] === true) settle();
      }
      settle();
      const open = numbers.filter((flow) => share.isOpen(flow));
      const expected = waterFilling({ up, down, flows: flows.filter((_, at) => open.includes(numbers[at] ?? -1)) });
      for (const [at, flow] of open.entries()) expect(share.rate(flow)).toBeCloseTo(expected[at] ?? NaN, 6);
      for (const flow of numbers) expect(heard[flow]).toBe(share.rate(flow));
      for (const flow of numbers) if (!share.isOpen(flow)) expect(share.rate(flow)).toBe(0);
    }), { numRuns: 400 });
  });

  it('comes to an end when rounding lets two equal levels differ', () => {
    const share = new FairShare();
    const up = share.addPort(0.4);
    const flows = [0.13333333333333333, Infinity, 0.11666666666666667, 0.05].map((rate) => share.addFlow(up, share.addPort(rate)));
    for (const flow of flows) share.open(flow);
    share.settle(() => undefined);
    expect(flows.map((flow) => share.rate(flow)).reduce((sum, rate) => sum + rate, 0)).toBeCloseTo(0.4, 9);
  });

  it('follows a port whose capacity changes', () => {
    const share = new FairShare();
    const up = share.addPort(10);
    const flows = [1, 2].map((rate) => share.addFlow(up, share.addPort(rate * 4)));
    for (const flow of flows) share.open(flow);
    share.settle(() => undefined);
    expect(flows.map((flow) => share.rate(flow))).toEqual([4, 6]);
    share.setCapacity(up, 2);
    share.settle(() => undefined);
    expect(flows.map((flow) => share.rate(flow))).toEqual([1, 1]);
  });
});
