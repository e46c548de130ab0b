import { connect, createSecureContext, type TLSSocket } from 'node:tls';
import { makeIdentity, type Identity } from '#main/net/identity.ts';

const head = (method: string, path: string, more = ''): string => `${method} ${path} HTTP/1.1\r\nHost: bench\r\n${more}`;
/** A masked text frame (RFC 6455 §5.2) with a mask of zeros. */
const beatText = Buffer.from('{"type":"heartbeat"}');
const beatFrame = Buffer.concat([Buffer.from([0x81, 0x80 | beatText.length, 0, 0, 0, 0]), beatText]);

/**
 * A node as a server sees it, and as little else as can be: ten thousand of them run in this process. One connection: HTTP first,
 * the WebSocket later. One request at a time.
 */
export class LoadNode {
  readonly socket: TLSSocket;
  #text = '';
  #answered: (() => void) | null = null;
  #failed: (error: Error) => void = () => undefined;
  #upgraded = false;

  private constructor(socket: TLSSocket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => { this.#heard(chunk); });
    socket.on('error', (error: Error) => { this.#failed(error); });
    socket.on('close', () => { this.#failed(new Error('the server closed the connection')); });
  }

  static async connect(port: number, identity?: Identity): Promise<LoadNode> {
    const { keyPem, certPem } = identity ?? await makeIdentity();
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, secureContext: createSecureContext({ key: keyPem, cert: certPem, minVersion: 'TLSv1.3' }) }, () => { resolve(new LoadNode(socket)); });
      socket.once('error', reject);
      socket.once('close', () => { reject(new Error('the server closed the connection in the handshake')); });
    });
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

  #exchange(what: string | Buffer): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#text = '';
      this.#failed = reject;
      this.#answered = () => {
        this.#answered = null;
        resolve(this.#text);
      };
      this.socket.write(what);
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
