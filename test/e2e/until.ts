import type { TransferId } from '#shared/ids.ts';
import type { Transfer } from '#shared/model/transfer.ts';
import { second, type Bytes } from '#shared/units.ts';
import { runningNodes, type ServedNode } from './programs.ts';

/** Far longer than anything here takes, also on a busy machine, and shorter than a test may take. */
const patienceMs = 60 * second;
/** A node that hangs must not keep the others from telling how they stand. */
const askMs = 5 * second;

/** Resolves with the first look at a transfer, now or with one of its events, that `fits`. Rejects in time, with `what` it waited for and how all nodes stand. */
export function untilTransfer(node: ServedNode, id: TransferId, what: string, fits: (transfer: Transfer) => boolean): Promise<Transfer> {
  let isOver = false;
  const look = async (): Promise<Transfer> => {
    for (;;) {
      const { transfer } = await node.call('transfers.get', { id });
      if (fits(transfer) || isOver) return transfer;
      if (transfer.state === 'failed' || transfer.state === 'cancelled') throw new Error(`it ended as ${transfer.state} instead of ${what}: ${JSON.stringify(transfer)}`);
      // Something about it, or the status of the next second.
      await node.event((event) => event.type === 'status' || (event.type === 'transfer' && event.transfer.id === id));
    }
  };
  return inTime(look(), `${what} at process ${node.pid}`).finally(() => { isOver = true; });
}

export const untilDone = (node: ServedNode, id: TransferId): Promise<Transfer> => untilTransfer(node, id, 'the end', ({ state }) => state === 'done');
export const untilBytes = (node: ServedNode, id: TransferId, bytes: Bytes): Promise<Transfer> => untilTransfer(node, id, `${bytes} bytes`, ({ doneBytes }) => doneBytes >= bytes);
export const untilItWaits = (node: ServedNode, id: TransferId): Promise<Transfer> =>
  untilTransfer(node, id, 'a reason to wait', ({ state, reason }) => state === 'waiting' && reason !== null);

/** Waits for something that takes no longer than `patienceMs`. */
async function inTime<T>(work: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      void howNodesStand().then((state) => { reject(new Error(`waited ${patienceMs / second} s for ${what}\n${state}`)); });
    }, patienceMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function howNodesStand(): Promise<string> {
  return (await Promise.all([...runningNodes].map((node) => howItStands(node)))).join('\n\n');
}

async function howItStands(node: ServedNode): Promise<string> {
  const tell = async (): Promise<string> => {
    const { name, downRate, upRate } = await node.call('node.status', {});
    const { transfers } = await node.call('transfers.list', {});
    const details = await Promise.all(transfers.map(({ id }) => node.call('transfers.get', { id })));
    const peers = await node.call('peers.list', {});
    return [
      `${name}: ${downRate} bytes/s in, ${upRate} out`,
      ...peers.map((peer) => `  ${peer.online ? 'linked' : 'away'}: ${peer.id.slice(0, 7)} ${peer.name}`),
      ...details.map((detail) => `  ${JSON.stringify({ ...detail, rates: undefined })}`),
    ].join('\n');
  };
  let timer: NodeJS.Timeout | undefined;
  const silent = new Promise<string>((resolve) => { timer = setTimeout(() => { resolve('does not answer'); }, askMs); });
  const said = await Promise.race([tell().catch((error: unknown) => String(error)), silent]).finally(() => { clearTimeout(timer); });
  return `process ${node.pid}, ${said}\n${node.stderr()}`.trimEnd();
}
