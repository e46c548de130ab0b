import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { createApiClient } from '#shared/api/client.ts';
import type { ApiClient } from '#shared/api/client.ts';
import { AppError } from '#shared/errors.ts';
import { MiB } from '#shared/units.ts';
import { enter } from './handshake.ts';
import { readRunFile } from './run-file.ts';
import { socketChannel } from './socket-channel.ts';

/** The largest answer is a page of a listing; this is far above it. */
const maxAnswerBytes = 64 * MiB;

/**
 * Connects to the node that serves a data directory. Rejects with `node-not-running` (also when `run.json` is left from
 * one that was killed), `node-busy`, `not-authorised`, `timeout`, `no-permission`.
 */
export async function connectLocal(dataDir: string): Promise<ApiClient> {
  const run = await readRunFile(dataDir);
  if (run === null) throw new AppError('node-not-running', { path: dataDir });
  const channel = socketChannel(await dial(run.socket, dataDir), maxAnswerBytes);
  await enter(channel, run.token);
  return createApiClient(channel);
}

function dial(address: string, dataDir: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(address);
    const fail = (error: Error): void => {
      const denied = 'code' in error && (error.code === 'EACCES' || error.code === 'EPERM');
      reject(new AppError(denied ? 'no-permission' : 'node-not-running', { path: denied ? address : dataDir }, { cause: error }));
    };
    socket.once('error', fail);
    socket.once('connect', () => {
      socket.off('error', fail);
      resolve(socket);
    });
  });
}
