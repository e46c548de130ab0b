import { describe, expect, it } from 'vitest';
import { AppError } from '#shared/errors.ts';
import { isContentId } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import { linkedPair } from './test-nodes.ts';

const coded = (code: string): unknown => expect.objectContaining({ code });

describe('requests', () => {
  it('are answered', async () => {
    const { b, ab } = await linkedPair();
    b.handler.answer = (method, params) => Promise.resolve(method === 'have' ? { have: 'f'.repeat(2) } : params);
    const id = 'ab'.repeat(32);
    if (!isContentId(id)) throw new Error('a content id');
    expect(await ab.request('have', { contentIds: [id, id] })).toEqual({ have: 'ff' });
  });

  it('go both ways at once, more than may be under way', async () => {
    const { a, b, ab, ba } = await linkedPair();
    let most = 0;
    let under = 0;
    a.handler.answer = b.handler.answer = async () => {
      most = Math.max(most, ++under);
      await new Promise((resolve) => { setImmediate(resolve); });
      under--;
      return { names: ['music'], count: 1, bytes: 2 };
    };
    const answers = await Promise.all([ab, ba].flatMap((link) => Array.from({ length: 200 }, () => link.request('shares', {}))));
    expect(answers).toHaveLength(400);
    expect(most).toBeLessThanOrEqual(2 * limits.link.requestsInFlightPerPeer);
    expect(most).toBeGreaterThan(1);
  });

  it('fail with the code of the other end, without its texts', async () => {
    const { b, ab } = await linkedPair();
    b.handler.answer = () => Promise.reject(new AppError('rate-limited', { path: '/home/secret', seconds: 3 }));
    const failure: unknown = await ab.request('shares', {}).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'rate-limited', params: { seconds: 3 } });
    b.handler.answer = () => Promise.reject(new Error('a mistake in /home/secret'));
    expect(await ab.request('shares', {}).catch((error: unknown) => error)).toMatchObject({ code: 'internal', params: {} });
  });

  it('and answers that are not as agreed are refused, and the link stays', async () => {
    const { b, ab } = await linkedPair();
    b.handler.answer = () => Promise.resolve({ names: 7 });
    await expect(ab.request('shares', {})).rejects.toEqual(coded('protocol-error'));
    await expect(ab.request('browse', { path: 'x', limit: 0 })).rejects.toEqual(coded('bad-argument'));
    expect(ab.isClosed).toBe(false);
  });

  it('too long to travel are refused before they do, and so are answers', async () => {
    const { b, ab } = await linkedPair();
    b.handler.answer = () => Promise.resolve({ hashes: 'A'.repeat(limits.link.controlBodyBytes) });
    await expect(ab.request('stat', { path: 'x'.repeat(2 * limits.link.controlBodyBytes) })).rejects.toEqual(coded('bad-argument'));
    await expect(ab.request('shares', {})).rejects.toEqual(coded('internal'));
  });

  it('can be taken back; the other end hears of it', async () => {
    const { b, ab } = await linkedPair();
    const asked = new Promise<AbortSignal>((resolve) => {
      b.handler.answer = (_method, _params, signal) => {
        resolve(signal);
        return new Promise((_resolve, reject) => { signal.addEventListener('abort', () => { reject(new AppError('cancelled')); }); });
      };
    });
    const abort = new AbortController();
    const request = ab.request('shares', {}, { signal: abort.signal });
    const signal = await asked;
    abort.abort();
    await expect(request).rejects.toEqual(coded('cancelled'));
    await new Promise<void>((resolve) => { if (signal.aborted) resolve(); else signal.addEventListener('abort', () => { resolve(); }); });
    b.handler.answer = () => Promise.resolve({ names: [], count: 0, bytes: 0 });
    expect(await ab.request('shares', {})).toEqual({ names: [], count: 0, bytes: 0 });
    await expect(ab.request('shares', {}, { signal: AbortSignal.abort() })).rejects.toEqual(coded('cancelled'));
  });

  it('time out', async () => {
    const { b, ab } = await linkedPair();
    b.handler.answer = () => new Promise(() => undefined);
    await expect(ab.request('shares', {}, { timeoutMs: 30 })).rejects.toEqual(coded('timeout'));
  });

  it('fail when the link ends', async () => {
    const { b, ab, ba } = await linkedPair();
    b.handler.answer = () => { ba.close({ code: 'cancelled' }); return new Promise(() => undefined); };
    await expect(Promise.all(Array.from({ length: 100 }, () => ab.request('shares', {})))).rejects.toEqual(coded('link-closed'));
    await expect(ab.request('shares', {})).rejects.toEqual(coded('link-closed'));
  });
});
