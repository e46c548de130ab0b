import type { Server } from 'node:net';
import { AppError } from '#shared/errors.ts';

const tries = 64;

/** Listens on a port or the next free one above it (0: any). Answers with the port; rejects with `port-taken`. */
export async function listenNear(server: Server, host: string, wanted: number): Promise<number> {
  for (let at = 0; at < tries && wanted + at <= 65_535; at++) {
    const port = await listen(server, host, wanted === 0 ? 0 : wanted + at);
    if (port !== null) return port;
  }
  throw new AppError('port-taken', { port: wanted });
}

/** Null when another program has the port, or only an administrator may have it. */
function listen(server: Server, host: string, port: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      server.off('listening', done);
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(null);
      else reject(new AppError('port-taken', { port }, { cause: error }));
    };
    const done = (): void => {
      server.off('error', fail);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    };
    server.once('error', fail);
    server.once('listening', done);
    server.listen(port, host);
  });
}
