import { describe, expect, it } from 'vitest';
import { KiB, MiB, second } from '#shared/units.ts';
import { seeded, SwarmWorld } from './world.ts';

const lan = { bytesPerMs: 100 * KiB, latencyMs: 1 };
const dsl = { bytesPerMs: 300, latencyMs: 20 };

/** One file of so many 1 MiB pieces, all of them at each of the peers. */
function world(pieces: number, peers: Record<number, Parameters<SwarmWorld['addPeer']>[1]>): SwarmWorld {
  const made = new SwarmWorld(seeded(1));
  made.step({ type: 'download-added', download: 1, priority: 1 });
  made.step({ type: 'file-opened', download: 1, file: 1, bytes: pieces * MiB, pieceBytes: MiB, have: null });
  for (const [number, behaviour] of Object.entries(peers)) {
    made.addPeer(Number(number), behaviour);
    made.step({ type: 'source-added', file: 1, peer: Number(number), pieces: 'all' });
  }
  return made;
}
const states = (swarm: SwarmWorld) => Object.fromEntries(swarm.machine.standing(swarm.now, 1)?.sources.map(({ peer, state }) => [peer, state]) ?? []);

describe('how the devices stand to a download', () => {
  it('tells who gives, who serves others, who does not answer and who has nothing', () => {
    const swarm = world(50, { 1: dsl, 2: dsl, 3: { ...dsl, silent: 1 }, 4: dsl });
    swarm.step({ type: 'choked', peer: 2, choked: true });
    swarm.step({ type: 'source-added', file: 1, peer: 4, pieces: new Uint8Array(7) });
    swarm.run(3 * second);
    expect(states(swarm)).toMatchObject({ 1: 'feeding', 3: 'asked' });
    swarm.run(12 * second);
    expect(states(swarm)).toEqual({ 1: 'feeding', 2: 'choked', 3: 'stalled', 4: 'idle' });
    const silent = swarm.machine.standing(swarm.now, 1)?.sources.find(({ peer }) => peer === 3);
    expect(silent).toMatchObject({ late: 1 });
    expect(silent?.until).toBeGreaterThan(swarm.now);
  });

  it('calls nobody a giver because it gave something long ago, nor a slow one silent while its bytes come', () => {
    const swarm = world(50, { 1: lan, 2: { bytesPerMs: 4, latencyMs: 20 } });
    swarm.run(200);
    expect(states(swarm)).toEqual({ 1: 'feeding', 2: 'feeding' });
    swarm.stopPeer(1);
    const seen = new Set<string>();
    for (let at = 500; at <= 30 * second; at += 500) {
      swarm.run(200 + at);
      const now = states(swarm);
      if (at > 4 * second) seen.add(`${now[1]} ${now[2]}`);
    }
    expect([...seen].toSorted()).toEqual(['asked feeding', 'stalled feeding']);
  });

  it('forgets who is banned, and who is away', () => {
    const swarm = world(50, { 1: dsl, 2: { ...lan, corrupt: 1 }, 3: dsl });
    swarm.run(3 * second);
    swarm.dropPeer(3);
    expect(states(swarm)).toEqual({ 1: 'feeding' });
  });

  it('tells that the disk is behind when full buffers wait for it', () => {
    const swarm = world(400, { 1: lan });
    swarm.run(100);
    expect(swarm.machine.standing(swarm.now, 1)?.buffersWait).toBe(false);
    swarm.isDiskStuck = true;
    swarm.run(3 * second);
    expect(swarm.machine.standing(swarm.now, 1)).toMatchObject({ buffersWait: true, behind: false, finishing: false });
  });

  it('tells what is fetched first, and when only the last pieces are on their way', () => {
    const swarm = world(40, { 1: lan });
    swarm.step({ type: 'download-added', download: 2, priority: 0 });
    swarm.step({ type: 'file-opened', download: 2, file: 2, bytes: 40 * MiB, pieceBytes: MiB, have: null });
    swarm.step({ type: 'source-added', file: 2, peer: 1, pieces: 'all' });
    swarm.run(50);
    expect(swarm.machine.standing(swarm.now, 1)?.behind).toBe(false);
    expect(swarm.machine.standing(swarm.now, 2)?.behind).toBe(true);
    expect(swarm.machine.standing(swarm.now, 3)).toBeNull();
    const last = world(1, { 1: dsl });
    last.run(500);
    expect(last.machine.standing(last.now, 1)).toMatchObject({ finishing: true });
  });
});
