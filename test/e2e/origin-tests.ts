import { Bitfield } from '#main/core/bitfield.ts';
import { OriginProof } from '#main/core/swarm/origin-proof.ts';
import { limits } from '#shared/limits.ts';
import { MiB, type Bytes } from '#shared/units.ts';

/**
 * The most that a receiver asks of the origin, to pass it on, of a file of which it had so many pieces before it began:
 * a few bytes here and there, which it has already. What was tested in an earlier life is not tested again.
 */
export function mostTestBytes(pieces: number): Bytes {
  const proof = new OriginProof(new Bitfield(pieces, new Uint8Array(Math.ceil(pieces / 8)).fill(0xff)), null, () => 1 * MiB, () => 0);
  let places = 0;
  for (let tested = proof.untested; tested.length > 0; tested = proof.untested) {
    places += proof.asksFor(tested).length;
    proof.passed(tested);
  }
  return places * limits.transfer.proofBytes;
}
