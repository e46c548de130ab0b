import { toHex } from '#shared/ids.ts';
import { limits } from '#shared/limits.ts';
import type { WirePieces } from '#shared/protocol/swarm-frames.ts';
import type { ContentNumber, PeerEvent } from '../../core/peer/events.ts';
import type { FileNumber } from '../../core/swarm/numbers.ts';
import type { Link } from '../ports/links.ts';
import { ContentNumbers } from './content-numbers.ts';
import type { FetchedFile } from './fetched-file.ts';
import type { LinkedPeer, LinkedPeers } from './linked-peers.ts';
import type { BlockSender } from './swarm-ports.ts';

/** What the driver of the swarm knows. */
export interface SwarmContentsPorts {
  readonly peers: LinkedPeers;
  readonly files: ReadonlyMap<FileNumber, FetchedFile>;
  /** Numbers for contents that are served without being fetched; the same count that files get theirs from. */
  readonly nextNumber: () => number;
  /** As `BlockSender` says; null before there is one. */
  readonly piecesFor: (link: Link, key: string) => ReturnType<BlockSender['piecesFor']> | null;
  /** Whether anybody takes part in its swarm. */
  hasMembers(content: ContentNumber): boolean;
  step(event: Extract<PeerEvent, { type: 'joined' | 'has' | 'left' | 'content-kept' | 'content-dropped' | 'pieces-shown' }>): void;
}

/** Contents that have a swarm, what of them is shown there, and the devices that come and go in it. */
export class SwarmContents {
  readonly #ports: SwarmContentsPorts;
  readonly #numbers = new ContentNumbers();

  constructor(ports: SwarmContentsPorts) {
    this.#ports = ports;
  }

  /** `root`: in hex. */
  numberOf(root: string): ContentNumber | undefined {
    return this.#numbers.numberOf(root);
  }

  rootOf(content: ContentNumber): Uint8Array | undefined {
    return this.#numbers.rootOf(content);
  }

  /** One swarm a content: another download of it has it already, or what was only served before makes way. */
  begin(file: FileNumber, root: Uint8Array): void {
    const before = this.#numbers.numberOf(toHex(root));
    if (before !== undefined) {
      if (this.#ports.files.has(before)) return;
      this.#drop(before);
    }
    this.#numbers.add(file, root);
  }

  /** What is verified and shown of it may be served, also after it is complete, until `unshare`. Said again, only these pieces are shown. */
  share(file: FileNumber, pieces: number, shown: Uint8Array): void {
    if (this.#numbers.has(file)) this.#ports.step({ type: 'content-kept', content: file, pieces, have: null, shown });
  }

  /** More pieces of it may be served. */
  show(file: FileNumber, pieces: readonly number[]): void {
    if (pieces.length > 0) this.#ports.step({ type: 'pieces-shown', content: file, pieces });
  }

  unshare(file: FileNumber): void {
    if (this.#numbers.has(file)) this.#ports.step({ type: 'content-dropped', content: file });
  }

  /** A device takes part in a swarm. What it may not have, or what is not here, is passed over in silence. */
  async joined(link: Link, key: Uint8Array, pieces: WirePieces): Promise<void> {
    const { peers, files, step } = this.#ports;
    const peer = peers.over(link);
    if (peer === undefined) return;
    const root = toHex(key);
    const later: number[] = [];
    peer.joining.set(root, later);
    try {
      const content = this.#invited(peer, root) ?? (await this.#admit(peer, key, root));
      if (content === null || peers.get(peer.number) !== peer) return;
      files.get(content)?.keys.set(peer.number, key);
      step({ type: 'joined', content, peer: peer.number, pieces });
      for (const piece of later) step({ type: 'has', content, peer: peer.number, piece });
    } finally {
      if (peer.joining.get(root) === later) peer.joining.delete(root);
    }
  }

  has(link: Link, key: Uint8Array, piece: number): void {
    const peer = this.#ports.peers.over(link);
    if (peer === undefined) return;
    const root = toHex(key);
    const later = peer.joining.get(root);
    if (later !== undefined) {
      if (later.length < limits.content.piecesAimedAt) later.push(piece);
      return;
    }
    const content = this.#numbers.numberOf(root);
    if (content !== undefined) this.#ports.step({ type: 'has', content, peer: peer.number, piece });
  }

  left(link: Link, key: Uint8Array): void {
    const peer = this.#ports.peers.over(link);
    const root = toHex(key);
    const content = this.#numbers.numberOf(root);
    if (peer === undefined || content === undefined) return;
    peer.admitted.delete(root);
    this.#ports.step({ type: 'left', content, peer: peer.number });
    this.dropUnused();
  }

  /** Forgets contents that nobody fetches and nobody is interested in. */
  dropUnused(): void {
    for (const number of this.#numbers.numbers) {
      if (!this.#ports.files.has(number) && !this.#ports.hasMembers(number)) this.#drop(number);
    }
  }

  #drop(number: ContentNumber): void {
    this.#ports.step({ type: 'content-dropped', content: number });
    this.#numbers.remove(number);
  }

  /** We asked it to take part, so what it says is welcome. */
  #invited(peer: LinkedPeer, root: string): ContentNumber | null {
    const content = this.#numbers.numberOf(root);
    return content !== undefined && this.#ports.files.get(content)?.keys.has(peer.number) === true ? content : null;
  }

  /** Looks whether the device may have this content from here, and gives the content a number. */
  async #admit(peer: LinkedPeer, key: Uint8Array, root: string): Promise<ContentNumber | null> {
    if (peer.admitted.size + peer.joining.size > limits.transfer.swarmsPerPeer) return null;
    const pieces = await this.#ports.piecesFor(peer.link, root);
    if (pieces === null || pieces.count < 2) return null;
    peer.admitted.set(root, true);
    const known = this.#numbers.numberOf(root);
    if (known !== undefined) return known;
    const number = this.#ports.nextNumber();
    this.#numbers.add(number, key);
    this.#ports.step({ type: 'content-kept', content: number, pieces: pieces.count, have: pieces.here });
    return number;
  }
}
