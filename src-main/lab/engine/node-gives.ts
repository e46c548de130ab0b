import { limits } from '#shared/limits.ts';
import type { PeerEvent } from '../../core/peer/events.ts';
import type { RefusalKind } from '../../core/swarm/events.ts';
import type { LaneNumber } from './lanes.ts';
import { content, messages, refusals, type Behaviour, type NodeWorld } from './node-world.ts';
import { noParcel } from './parcels.ts';
import type { RandomStream } from './random-stream.ts';
import type { NodeChecker } from './swarm-checker.ts';

/** Part of its blocks that a corrupting peer damages. */
const corruptBlocks = 0.4;
/** How often a launderer that cannot answer says something at random, or nothing; else it says that it will not. */
const rubbishAnswers = 0.02;
const noAnswers = 0.2;

/** The node whose blocks others want. */
export interface GivingNode {
  readonly number: number;
  readonly behaviour: Behaviour;
  readonly checker: NodeChecker;
  /** Whether it has a piece and may let this peer have it. */
  mayGive(peer: number, piece: number): boolean;
  step(event: PeerEvent): void;
}

/** The blocks that others want of a node, from their words to the wire: what the app's `BlockServer` does. Lanes are the node's own. */
export class NodeGives {
  readonly #node: GivingNode;
  readonly #world: NodeWorld;
  readonly #random: RandomStream;

  constructor(node: GivingNode, world: NodeWorld, random: RandomStream) {
    this.#node = node;
    this.#world = world;
    this.#random = random;
  }

  wanted(lane: LaneNumber, want: number, piece: number, bytes: number): void {
    const { links, network } = this.#world;
    const { behaviour } = this.#node;
    const peer = network.to(lane);
    if (behaviour === 'launder' && bytes <= limits.transfer.proofBytes) return this.#answerTest(lane, want, piece, bytes);
    if (!this.#node.mayGive(peer, piece)) {
      if (behaviour === 'lie') network.sendBlock(lane, 0, bytes, want, 1);
      else network.sendMessage(lane, messages.refused, want, refusals.indexOf('gone'));
      return;
    }
    links.wants.add(lane, want, piece, bytes);
    this.#node.step({ type: 'wanted', peer, want, content, piece, bytes });
  }

  unwanted(lane: LaneNumber, want: number): void {
    const { network, links: { wants } } = this.#world;
    this.#node.step({ type: 'unwanted', peer: network.to(lane), want });
    const wanted = wants.find(lane, want);
    if (wanted !== noParcel && wants.third(wanted) === 0) wants.take(lane, want);
    if (network.cancelBlock(lane, want)) this.sent(lane, want, 0);
  }

  /** It is its turn. */
  serve(lane: LaneNumber, want: number): void {
    const { links, disks } = this.#world;
    const wanted = links.wants.find(lane, want);
    if (wanted === noParcel) return;
    const piece = links.wants.first(wanted);
    links.wants.setThird(wanted, 1);
    this.#node.checker.claimsPiece(piece);
    const isAtHand = disks.read(this.#node.number, links.wants.second(wanted), links.reads(lane, piece), lane, want, links.serial(lane), 0);
    if (isAtHand) this.read(lane, want, links.serial(lane));
  }

  refuse(lane: LaneNumber, want: number, why: RefusalKind): void {
    const { links, network } = this.#world;
    links.wants.take(lane, want);
    network.sendMessage(lane, messages.refused, want, refusals.indexOf(why));
  }

  /** The disk has read a block. */
  read(lane: LaneNumber, want: number, serial: number): void {
    const { links, network, isOutside, leaks } = this.#world;
    const { behaviour, number } = this.#node;
    if (!network.isUp(lane) || links.serial(lane) !== serial || behaviour === 'stall') return;
    const wanted = links.wants.find(lane, want);
    if (wanted === noParcel) return;
    if (isOutside(network.to(lane))) leaks.given(number, links.wants.first(wanted));
    const isCorrupt = behaviour === 'corrupt' && this.#random.chance(corruptBlocks);
    network.sendBlock(lane, 0, links.wants.second(wanted), want, isCorrupt ? 1 : 0);
  }

  /** The last byte of a block has left. */
  sent(lane: LaneNumber, want: number, bytes: number): void {
    const { links, network } = this.#world;
    if (links.wants.take(lane, want) !== noParcel) this.#node.step({ type: 'served', peer: network.to(lane), want, bytes });
  }

  /** It knows what any launderer has, and plays for time otherwise. */
  #answerTest(lane: LaneNumber, want: number, piece: number, bytes: number): void {
    const { leaks, network } = this.#world;
    const isKnown = leaks.theirs.has(piece);
    if (isKnown || this.#random.chance(rubbishAnswers)) network.sendBlock(lane, 0, bytes, want, isKnown ? 0 : 1);
    else if (!this.#random.chance(noAnswers)) network.sendMessage(lane, messages.refused, want, refusals.indexOf('gone'));
  }
}
