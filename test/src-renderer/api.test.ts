import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { ApiChannel } from '#shared/api/channel.ts';
import { AppError } from '#shared/errors.ts';
import { createLiveApi } from '../../src-renderer/api.ts';
import { createFakeNode } from './fake-node.ts';
import { settled } from './with-app.ts';

/** A channel whose far end is in the test's hands. */
function fakeChannel(): { channel: ApiChannel; sent: string[]; receive(value: unknown): void; close(): void } {
  const messages: ((text: string) => void)[] = [];
  const closes: (() => void)[] = [];
  const sent: string[] = [];
  const close = (): void => closes.forEach((listener) => listener());
  return { sent, channel: { send: (text) => void sent.push(text), onMessage: (listener) => void messages.push(listener), onClose: (listener) => void closes.push(listener), close }, receive: (value) => messages.forEach((listener) => listener(JSON.stringify(value))), close };
}

describe('the connection to the node', () => {
  beforeEach(() => vi.useFakeTimers());

  it('connects again by itself, and listeners hear the new channel', async () => {
    const channels = [fakeChannel(), fakeChannel()];
    let next = 0;
    const api = createLiveApi(() => Promise.resolve(channels[next++]?.channel ?? fakeChannel().channel));
    const heard: string[] = [];
    api.subscribe((event) => heard.push(event.type));
    await settled();
    expect(api.state.value).toBe('connected');

    channels[0]?.close();
    expect(api.state.value).toBe('lost');
    await expect(api.call('peers.list', {})).rejects.toMatchObject({ code: 'node-not-running' });

    await vi.advanceTimersByTimeAsync(500);
    expect(api.state.value).toBe('connected');
    expect(channels[1]?.sent.some((text) => text.includes('subscribe'))).toBe(true);
    channels[1]?.receive({ kind: 'event', event: { type: 'settings', settings: createFakeNode().world.settings } });
    expect(heard).toEqual(['settings']);
  });

  it('tells what came before an answer before the answer, also when it waits for its turn', async () => {
    const { channel, receive } = fakeChannel();
    const api = createLiveApi(() => Promise.resolve(channel));
    const heard: string[] = [];
    api.subscribe((event) => heard.push(event.type));
    await settled();
    const answer = api.call('peers.forget', { peer: 'x' }).then(() => heard.push('answer'));
    const { settings } = createFakeNode().world;
    for (let time = 0; time < 3; time++) receive({ kind: 'event', event: { type: 'settings', settings } });
    receive({ kind: 'result', id: 0, value: {} });
    await answer;
    expect(heard).toEqual(['settings', 'settings', 'settings', 'answer']);
  });

  it('waits longer after each failure, five seconds at most', async () => {
    let tries = 0;
    const api = createLiveApi(() => { tries++; return Promise.reject(new Error('nobody there')); });
    await vi.advanceTimersByTimeAsync(0);
    expect(api.state.value).toBe('lost');
    expect(tries).toBe(1);
    await vi.advanceTimersByTimeAsync(500);
    expect(tries).toBe(2);
    await vi.advanceTimersByTimeAsync(999);
    expect(tries).toBe(2);
    await vi.advanceTimersByTimeAsync(60_000);
    const before = tries;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(tries - before).toBe(4);
  });

  it('tells a node that does not know this page any more from one that is gone, and goes on when it does', async () => {
    let answer: () => Promise<ReturnType<typeof fakeChannel>['channel']> = () => Promise.reject(new AppError('not-authorised'));
    const api = createLiveApi(() => answer());
    await vi.advanceTimersByTimeAsync(0);
    expect(api.state.value).toBe('shut-out');
    answer = () => Promise.resolve(fakeChannel().channel);
    await vi.advanceTimersByTimeAsync(500);
    expect(api.state.value).toBe('connected');
  });

  describe('of another version', () => {
    async function connected() {
      const far = fakeChannel();
      let closed = false;
      const api = createLiveApi(() => Promise.resolve({ ...far.channel, close: () => { closed = true; } }));
      await settled();
      return { api, receive: far.receive, closed: () => closed };
    }

    it.each([
      ['answers what does not fit', { kind: 'result', id: 0, value: [{ name: 'Amber Falcon', ways: { new: true } }] }],
      ['fails as this page does not know', { kind: 'error', id: 0, error: { code: 'moon-phase', params: { phase: 'new' } } }],
      ['does not know the call', { kind: 'error', id: 0, error: { code: 'unknown-command', params: { name: 'peers.list' } } }],
    ])('that %s is told apart, and what it said is not shown', async (_how, answer) => {
      const { api, receive, closed } = await connected();
      const call = api.call('peers.list', {});
      receive(answer);
      await expect(call).rejects.toMatchObject({ code: 'other-version', params: {} });
      expect([api.otherVersion.value, closed()]).toEqual([true, false]);
    });

    it('is noticed by an event that does not fit, but not by one of a kind that came later', async () => {
      const { api, receive, closed } = await connected();
      api.subscribe(() => { throw new Error('such an event reached a listener'); });
      receive({ kind: 'event', event: { type: 'moon', phase: 'new' } });
      expect(api.otherVersion.value).toBe(false);
      receive({ kind: 'event', event: { type: 'peer', peer: { id: 7 } } });
      expect([api.otherVersion.value, closed()]).toEqual([true, false]);
    });
  });
});
