import { createInterface } from 'node:readline';
import type { ApiClient } from '#shared/api/client.ts';
import { AppError } from '#shared/errors.ts';
import { findPeer } from '#shared/find-named.ts';
import type { Pairing, Peer } from '#shared/model/peer.ts';
import { second } from '#shared/units.ts';
import type { AddCommands, CliContext } from '../context.ts';
import { withNode } from '../with-node.ts';

export const addPairCommand: AddCommands = (program, context) => {
  const { t } = context;
  program.command('pair').description(t('cli.command.pair')).argument('<peer>', t('cli.argument.peer')).option('--yes', t('cli.option.yes')).option('--off', t('cli.option.off'))
    .action((written: string, { yes = false, off = false }: { yes?: boolean; off?: boolean }) => withNode(context, async (api) => {
      if (off) await unpair(context, api, written);
      else await pair(context, api, findPeer(await api.call('peers.list', {}), written), yes);
    }));
};

async function unpair({ out, t }: CliContext, api: ApiClient, peer: string): Promise<void> {
  const changed = await api.call('peers.unpair', { peer });
  out.event('peer', changed);
  out.line(t('cli.pair.undone', { name: changed.name }));
}

async function pair(context: CliContext, api: ApiClient, peer: Peer, yes: boolean): Promise<void> {
  const { out, t, signal } = context;
  const watch = new PairingWatch(api, peer.id);
  let isOpen = false;
  try {
    // The other person may have begun already; then both look at the same code.
    const open = (await api.call('pairing.list', {})).find((pairing) => pairing.peer === peer.id && pairing.state === 'compare');
    const pairing = open ?? (await api.call('pairing.start', { peer: peer.id }, { signal }));
    isOpen = true;
    out.event('pairing', pairing);
    out.line(t('cli.pair.compare'));
    out.line(`    ${pairing.code ?? ''}`);
    out.line(t('cli.pair.other', { name: peer.name }));
    const same = yes || (await ask(context, t('cli.pair.question')));
    const answered = await api.call('pairing.answer', { peer: peer.id, same }, { signal });
    if (!same) throw new AppError('codes-differ');
    isOpen = answered.state === 'waiting-for-them';
    if (isOpen) out.note(t('cli.pair.waiting', { name: peer.name }));
    const ended = await watch.ended(answered, signal);
    out.event('pairing', ended);
    if (ended.state === 'failed') throw new AppError('codes-unconfirmed', { name: peer.name });
    out.line(t('cli.pair.done', { name: peer.name }));
  } finally {
    // A comparison is never left open by accident: who goes away says no.
    if (isOpen && signal.aborted) await api.call('pairing.answer', { peer: peer.id, same: false }, { signal: AbortSignal.timeout(second) }).catch(() => undefined);
    watch.stop();
  }
}

/** Follows one comparison of codes. */
class PairingWatch {
  readonly stop: () => void;
  readonly #api: ApiClient;
  #latest: Pairing | undefined;
  #check: () => void = () => undefined;

  constructor(api: ApiClient, peer: string) {
    this.#api = api;
    this.stop = api.subscribe((event) => {
      if (event.type !== 'pairing' || event.pairing.peer !== peer) return;
      this.#latest = event.pairing;
      this.#check();
    });
  }

  ended(now: Pairing, signal: AbortSignal): Promise<Pairing> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        signal.removeEventListener('abort', this.#check);
        end();
      };
      this.#check = () => {
        const pairing = this.#latest ?? now;
        if (pairing.state === 'done' || pairing.state === 'failed') settle(() => { resolve(pairing); });
        else if (signal.aborted) settle(() => { reject(new AppError('interrupted')); });
      };
      signal.addEventListener('abort', this.#check);
      this.#api.onClose(() => { settle(() => { reject(new AppError('node-not-running')); }); });
      this.#check();
    });
  }
}

/** One line from the person; anything but a clear yes, and the end of the input, is a no. */
function ask({ stdin, out, t, signal }: CliContext, question: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    out.prompt(question);
    const lines = createInterface({ input: stdin });
    const abort = (): void => {
      reject(new AppError('interrupted'));
      lines.close();
    };
    signal.addEventListener('abort', abort, { once: true });
    lines.once('line', (line) => {
      resolve(['y', 'yes', t('cli.pair.yesLetters')].includes(line.trim().toLowerCase()) || line.trim().toLowerCase() === 'sí');
      lines.close();
    });
    lines.once('close', () => {
      signal.removeEventListener('abort', abort);
      resolve(false);
      stdin.pause();
    });
  });
}
