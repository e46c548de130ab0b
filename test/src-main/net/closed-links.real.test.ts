import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { blockSink, linkedPair } from './test-nodes.ts';

const key = new Uint8Array(32).fill(7);

describe('a link', () => {
  it('leaves nothing behind when it is closed in the middle of everything', async () => {
    const open = (): string[] => process.getActiveResourcesInfo().filter((kind) => /TCP|TLS/.test(kind));
    const before = open();
    const { a, b, ab } = await linkedPair();
    ab.wantLanes(2);
    const { sink, end } = blockSink(1);
    let wanted = false;
    b.handler.wanted = () => { wanted = true; };
    ab.requestBlock({ key, piece: 0, begin: 0, length: 1 }, sink);
    await b.handler.until(() => wanted);
    const stranger = connect(b.address);
    stranger.on('error', () => undefined);
    const dial = a.links.dial(b.address, {});
    await Promise.all([a.links.close(), b.links.close(), dial.catch(() => undefined)]);
    expect(await end).toEqual({ kind: 'lost', kept: 0 });
    stranger.destroy();
    await new Promise((resolve) => { setImmediate(resolve); });
    expect(open()).toEqual(before);
  });
});
