import { describe, expect, it } from 'vitest';
import { ChannelSet } from '#main/discovery/channel-set.ts';
import type { NetworkChannel } from '#main/discovery/channels.ts';

const channel = (name: string, address = '10.0.0.1'): NetworkChannel => ({ name, network: name, family: 4, address, addresses: [address], zone: '', isOnLink: () => true });
const codeError = (code: string): Error => Object.assign(new Error(code), { code });

/** A set whose channels open unless `refuses` has an error for them; it writes down what happens. */
class Fake {
  readonly log: string[] = [];
  readonly refuses = new Map<string, Error>();
  readonly breaks = new Map<string, (error: Error) => void>();
  readonly set = new ChannelSet<{ close(): Promise<void> }>({
    open: (opening, onBroken) => {
      const error = this.refuses.get(opening.name);
      if (error) return Promise.reject(error);
      this.breaks.set(opening.name, onBroken);
      return Promise.resolve({ close: () => { this.log.push(`close ${opening.name} ${opening.address}`); return Promise.resolve(); } });
    },
    onUp: ({ name, address }) => this.log.push(`up ${name} ${address}`),
    onDown: ({ name, address }) => this.log.push(`down ${name} ${address}`),
    onState: () => undefined,
    port: 10_000,
  });

  async update(...channels: NetworkChannel[]): Promise<void> {
    this.set.update(channels);
    await this.set.settled();
  }
}

describe('a set of channels', () => {
  it('follows channels as they come, change and go', async () => {
    const fake = new Fake();
    await fake.update(channel('a'), channel('b'));
    await fake.update(channel('a'), channel('b', '10.0.0.2'));
    await fake.update(channel('b', '10.0.0.2'));
    await fake.set.close();
    expect(fake.log).toEqual([
      'up a 10.0.0.1', 'up b 10.0.0.1', 'down b 10.0.0.1', 'close b 10.0.0.1', 'up b 10.0.0.2',
      'down a 10.0.0.1', 'close a 10.0.0.1', 'down b 10.0.0.2', 'close b 10.0.0.2',
    ]);
  });

  it.each([
    ['EADDRINUSE', { code: 'port-taken', params: { port: 10_000 } }],
    ['EACCES', { code: 'no-permission', params: { path: 'UDP 10000' } }],
    ['ENETUNREACH', { code: 'not-reachable', params: { address: 'a (ENETUNREACH)' } }],
  ])('says why it failed (%s), also while it tries again, until it works', async (code, problem) => {
    const fake = new Fake();
    fake.refuses.set('a', codeError(code));
    await fake.update(channel('a'));
    for (let round = 0; round < 2; round++) {
      expect(fake.set.state()).toBe('failed');
      expect(fake.set.problems()).toEqual([problem]);
      fake.set.update([channel('a')]);
      expect(fake.set.state()).toBe('failed');
      await fake.set.settled();
    }
    fake.refuses.clear();
    await fake.update(channel('a'));
    expect([fake.set.state(), fake.set.problems()]).toEqual(['on', []]);
  });

  it('is on as long as one channel works', async () => {
    const fake = new Fake();
    await fake.update(channel('a'), channel('b'));
    fake.breaks.get('a')?.(codeError('ENODEV'));
    expect([fake.set.state(), fake.set.problems()]).toEqual(['on', []]);
    fake.breaks.get('b')?.(codeError('ENODEV'));
    expect([fake.set.state(), fake.set.problems().length]).toEqual(['failed', 2]);
    await fake.update(channel('a'), channel('b'));
    expect([fake.set.state(), fake.set.problems()]).toEqual(['on', []]);
  });

  it('tells what a user can mend, once, although some channels work', async () => {
    const fake = new Fake();
    for (const name of ['b', 'c']) fake.refuses.set(name, codeError('EADDRINUSE'));
    await fake.update(channel('a'), channel('b'), channel('c'));
    expect([fake.set.state(), fake.set.problems()]).toEqual(['on', [{ code: 'port-taken', params: { port: 10_000 } }]]);
  });

  it('with no channel has failed for want of a network', () => {
    const fake = new Fake();
    expect(fake.set.state()).toBe('failed');
    expect(fake.set.problems()).toMatchObject([{ code: 'not-reachable' }]);
  });

  it('closes what was still opening when it was closed', async () => {
    const fake = new Fake();
    fake.set.update([channel('a')]);
    await fake.set.close();
    expect(fake.log).toEqual(['close a 10.0.0.1']);
    fake.set.update([channel('b')]);
    await fake.set.settled();
    expect(fake.log).toHaveLength(1);
  });
});
