import fc from 'fast-check';
import { expect, it } from 'vitest';
import { frameHeadBytes } from '#shared/protocol/frame-layout.ts';
import { ProtocolError } from '#shared/protocol/protocol-error.ts';
import { decodeChoke, decodeHas, decodeJoin, decodeLeave, encodeChoke, encodeHas, encodeJoin, encodeLeave } from '#shared/protocol/swarm-frames.ts';

const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
/** As a reader hands it over: in memory that it uses again. */
function body(frame: Uint8Array): Buffer {
  return Buffer.from(frame.subarray(frameHeadBytes));
}

it('swarm frames read as they were written, and keep nothing of the memory they were read from', () => {
  fc.assert(fc.property(key, fc.oneof(fc.constant('all' as const), fc.uint8Array({ maxLength: 300 })), fc.nat({ max: 0xffffffff }), fc.boolean(), (root, pieces, piece, choked) => {
    const bodies = { join: body(encodeJoin(root, pieces)), has: body(encodeHas(root, piece)), leave: body(encodeLeave(root)) };
    const read = { join: decodeJoin(bodies.join), has: decodeHas(bodies.has), leave: decodeLeave(bodies.leave) };
    for (const each of Object.values(bodies)) each.fill(0xee);
    expect(read).toEqual({ join: { key: root, pieces }, has: { key: root, piece }, leave: { key: root } });
    expect(decodeChoke(body(encodeChoke(choked)))).toEqual({ choked });
  }));
});

it('swarm frames with flags that mean nothing are refused', () => {
  const join = body(encodeJoin(new Uint8Array(32), 'all'));
  join[32] = 2;
  expect(() => decodeJoin(join)).toThrow(ProtocolError);
  expect(() => decodeChoke(Uint8Array.of(7))).toThrow(ProtocolError);
});
