import { chmod, mkdtemp } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeApi } from '#shared/api/node-api.ts';
import { AppError } from '#shared/errors.ts';
import { limits } from '#shared/limits.ts';
import { serveApi } from '../api/serve-api.ts';
import type { ServeApiOptions } from '../api/serve-api.ts';
import { dataPaths, diskError } from '../node/data-dir.ts';
import { welcomeClient } from './handshake.ts';
import { outsideSocketName, removeRunFile, socketFolderPrefix, writeRunFile } from './run-file.ts';
import { socketChannel } from './socket-channel.ts';

/** Longer paths do not fit into the address of a Unix socket everywhere (104 bytes on macOS, 108 on Linux). */
const maxSocketPathBytes = 100;
const maxConnections = 256;

export interface LocalServer {
  /** Path of the socket or name of the pipe. */
  readonly address: string;
  close(): Promise<void>;
}

export interface LocalServerOptions extends ServeApiOptions {
  readonly api: NodeApi;
  /** Must be held by the caller (`lockDataDir`): what a killed node left there is removed. */
  readonly dataDir: string;
}

/**
 * Lets programs of the same user speak to this node: a Unix socket only its owner may open, or a pipe on Windows, and
 * `run.json` that tells where it is and holds the token. Rejects with `disk-error`, `no-permission`.
 */
export async function startLocalServer({ api, dataDir, ...serving }: LocalServerOptions): Promise<LocalServer> {
  await removeRunFile(dataDir);
  const address = await chooseAddress(dataDir);
  const token = randomBytes(32).toString('hex');
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    const channel = socketChannel(socket, limits.rpc.requestBytes);
    welcomeClient(channel, token).then(
      () => { serveApi(api, channel, serving); },
      () => { channel.close(); }, // Nobody we know; the rejection only says which way they failed.
    );
  });
  server.maxConnections = maxConnections;
  await listen(server, address);
  try {
    if (platform() !== 'win32') await chmod(address, 0o600);
    await writeRunFile(dataDir, { version: 1, pid: process.pid, socket: address, token });
  } catch (error) {
    server.close();
    throw error instanceof AppError ? error : diskError(error, address);
  }
  return {
    address,
    close: async () => {
      const ended = new Promise<void>((resolve) => { server.close(() => { resolve(); }); });
      for (const socket of sockets) socket.destroy();
      await ended;
      await removeRunFile(dataDir);
    },
  };
}

async function chooseAddress(dataDir: string): Promise<string> {
  if (platform() === 'win32') return `\\\\.\\pipe\\distrishare-${randomBytes(16).toString('hex')}`;
  const inside = dataPaths(dataDir).socket;
  if (Buffer.byteLength(inside) <= maxSocketPathBytes) return inside;
  return join(await mkdtemp(join(tmpdir(), socketFolderPrefix)), outsideSocketName);
}

function listen(server: Server, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => { reject(diskError(error, address)); });
    server.listen(address, resolve);
  });
}
