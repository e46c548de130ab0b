import type { PeerEvent } from '../../core/peer/events.ts';
import type { Disks } from './disk.ts';
import { content } from './node-world.ts';
import type { CheckedPart, NodeChecker } from './swarm-checker.ts';

/** The node whose pieces are written. */
export interface WritingNode {
  readonly number: number;
  readonly checker: NodeChecker;
  /** Who says for whom the file is; null: the node itself, or everybody may have it. */
  readonly word: number | null;
  readonly life: number;
  readonly isOpen: boolean;
  isLinked(peer: number): boolean;
  step(event: PeerEvent): void;
  peerCorrupt(peer: number, file: number, piece: number, strikes: number): void;
  /** A piece is on the disk. `isGiven`: whoever's word it is gave all of it. */
  wrote(piece: number, isGiven: boolean): void;
  /** The disk has failed: the file is closed for a while. */
  close(): void;
}

/** What a node has with its disk, what becomes of it, and who is to blame for wrong pieces: what the app's driver does about them. */
export class NodeWrites {
  readonly #node: WritingNode;
  readonly #disks: Disks;
  /** Fetches whose pieces are with the disk. */
  readonly #writing = new Set<number>();
  /** Pieces that were wrong when several had given parts of them, and who gave what. */
  readonly #suspects = new Map<number, readonly CheckedPart[]>();

  constructor(node: WritingNode, disks: Disks) {
    this.#node = node;
    this.#disks = disks;
  }

  get areAllEnded(): boolean {
    return this.#writing.size === 0;
  }

  /** The program ends. */
  forget(): void {
    this.#writing.clear();
    this.#suspects.clear();
  }

  begin(fetch: number, piece: number, bytes: number): void {
    const { number, checker, life } = this.#node;
    this.#writing.add(fetch);
    this.#disks.write(number, bytes, piece, fetch, checker.pieceComplete(fetch, piece) ? 1 : 0, life);
  }

  /** The disk's word on a piece: `isRight` says whether its bytes were. */
  ended(failed: boolean, piece: number, fetch: number, isRight: boolean): void {
    const node = this.#node;
    const isFirst = this.#writing.delete(fetch);
    if (failed) {
      node.step({ type: 'piece-unwritten', file: content, piece, fetch });
      if (node.isOpen) node.close();
    } else if (isRight) {
      const isGiven = isFirst && node.checker.partsOf(fetch).every(({ from }) => from === node.word);
      node.checker.written.add(piece);
      this.#judge(piece);
      node.step({ type: 'piece-written', file: content, piece, fetch });
      node.wrote(piece, isGiven);
    } else if (isFirst && node.isOpen && !node.checker.written.has(piece)) this.#wrong(piece, fetch);
    else node.step({ type: 'piece-corrupt', file: content, piece, fetch });
  }

  /** Whoever gave all of a bad piece is to blame; of several it is not known yet who. */
  #wrong(piece: number, fetch: number): void {
    const { checker } = this.#node;
    const parts = checker.partsOf(fetch);
    const [first] = parts;
    if (first === undefined) return;
    if (parts.every(({ from }) => from === first.from)) {
      // It may have come back over another link, or be away.
      checker.mustBlame(first.from, () => { this.#node.step({ type: 'piece-corrupt', file: content, piece, fetch }); });
      return;
    }
    this.#suspects.set(piece, [...(this.#suspects.get(piece) ?? []), ...parts]);
    checker.mustBlameNobody(() => { this.#node.step({ type: 'piece-corrupt', file: content, piece, fetch, several: true }); });
  }

  /** The right bytes of a piece are known: who gave others before. */
  #judge(piece: number): void {
    const parts = this.#suspects.get(piece);
    if (parts === undefined) return;
    this.#suspects.delete(piece);
    const { checker } = this.#node;
    for (const peer of new Set(parts.flatMap(({ from, isCorrupt }) => (isCorrupt ? [from] : [])))) {
      if (this.#node.isLinked(peer)) checker.mustBlame(peer, () => { this.#node.step({ type: 'peer-blamed', peer, file: content, piece }); });
      else this.#node.peerCorrupt(peer, content, piece, checker.strikesOf(peer) + 1);
    }
  }
}
