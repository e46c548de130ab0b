import type { Duplex } from 'node:stream';

/** The next so many bytes. */
export function bytesOf(stream: Duplex, length: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let missing = length;
  return new Promise((resolve, reject) => {
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      missing -= chunk.length;
      if (missing <= 0) resolve(Buffer.concat(chunks));
    }).on('error', reject).on('close', () => { reject(new Error('closed')); });
  });
}
