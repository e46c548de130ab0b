import { connect, createSecureContext, type TLSSocket } from 'node:tls';
import { makeIdentity, type Identity } from '#main/net/identity.ts';

const head = (method: string, path: string, more = ''): string => `${method} ${path} HTTP/1.1\r\nHost: bench\r\n${more}`;
/** A masked text frame (RFC 6455 §5.2) with a mask of zeros. */
const beatText = Buffer.from('{"type":"heartbeat"}');
const beatFrame = Buffer.concat([Buffer.from([0x81, 0x80 | beatText.length, 0, 0, 0, 0]), beatText]);

/** One request is sent so often at most. */
const triesMost = 5;

/** How often servers ended connections, as a rule because they had long said nothing, and they were opened anew. */
export const reopened = { count: 0 };

/**
 * A node as a server sees it, and as little else as can be: ten thousand of them run in this process. One connection: HTTP first,
 * the WebSocket later. One request at a time.
 */
export class LoadNode {
  readonly #open: () => Promise<TLSSocket>;
  #socket: TLSSocket;
  #text = '';
  #answered: (() => void) | null = null;
  #failed: (error: Error) => void = () => undefined;
  #upgraded = false;

  private constructor(open: () => Promise<TLSSocket>, socket: TLSSocket) {
    this.#open = open;
    this.#socket = socket;
    this.#follow(socket);
  }

  static async connect(port: number, identity?: Identity): Promise<LoadNode> {
    const { keyPem, certPem } = identity ?? await makeIdentity();
    const secureContext = createSecureContext({ key: keyPem, cert: certPem, minVersion: 'TLSv1.3' });
    const open = (): Promise<TLSSocket> => new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, secureContext }, () => { resolve(socket); });
      socket.once('error', reject);
      socket.once('close', () => { reject(new Error('the server closed the connection in the handshake')); });
    });
    return new LoadNode(open, await open());
  }

  /** Body of the answer; rejects unless it is a 200. */
  async ask(method: string, path: string, body?: unknown): Promise<string> {
    const text = body === undefined ? '' : JSON.stringify(body);
    const more = body === undefined ? 'Content-Length: 0\r\n' : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n`;
    const answer = await this.#exchange(`${head(method, path, more)}\r\n${text}`);
    if (!answer.startsWith('HTTP/1.1 200')) throw new Error(answer.slice(0, 300));
    return answer.slice(answer.indexOf('\r\n\r\n') + 4);
  }

  async upgrade(): Promise<void> {
    await this.#exchange(head('GET', '/v1/events', 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'));
    this.#upgraded = true;
  }

  /** A heartbeat and its answer, over whatever the connection is now. */
  async beat(): Promise<void> {
    if (this.#upgraded) await this.#exchange(beatFrame);
    else await this.ask('POST', '/v1/node/heartbeat');
  }

  #follow(socket: TLSSocket): void {
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => { this.#heard(chunk); });
    const ended = (error: Error): void => {
      socket.destroy();
      if (socket === this.#socket) this.#failed(error);
    };
    socket.on('error', ended);
    socket.on('close', () => { ended(new Error('the server closed the connection')); });
  }

  /** A server ends connections that say nothing between two requests, perhaps just when the next one leaves, and a busy one ends others: what was asked is asked again. A WebSocket stays. */
  async #exchange(what: string | Buffer): Promise<string> {
    for (let left = triesMost; ; left--) {
      try {
        if (!this.#socket.writable && !this.#upgraded) await this.#reopen();
        return await this.#send(what);
      } catch (error) {
        if (this.#upgraded || left === 1) throw new Error('The server ends connections while it is asked. It or this machine is too busy: try fewer nodes, or a quieter hour.', { cause: error });
      }
    }
  }

  async #reopen(): Promise<void> {
    reopened.count++;
    this.#socket = await this.#open();
    this.#follow(this.#socket);
  }

  #send(what: string | Buffer): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#text = '';
      this.#failed = reject;
      this.#answered = () => {
        this.#answered = null;
        resolve(this.#text);
      };
      // Nothing is told of a write into a connection that has ended.
      if (this.#socket.writable) this.#socket.write(what);
      else reject(new Error('the server had closed the connection'));
    });
  }

  #heard(chunk: Buffer): void {
    if (this.#answered === null) return;
    this.#text += chunk.toString('latin1');
    if (this.#upgraded ? this.#text.includes('"type":"heartbeat"') : isWhole(this.#text)) this.#answered();
  }
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return false;
  if (text.startsWith('HTTP/1.1 101')) return true;
  const length = /content-length: (\d+)/i.exec(text);
  return length !== null && text.length - end - 4 >= Number(length[1]);
}
