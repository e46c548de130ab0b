import { AppError } from '#shared/errors.ts';
import { mappingText } from '#shared/i18n/mapping-text.ts';
import { vpnNames, withNetwork, type Network } from '#shared/model/network.ts';
import type { PortMapping } from '#shared/model/port-mapping.ts';
import type { AddCommands, CliContext } from '../context.ts';
import { switchOption } from '../switch-option.ts';
import { withNode } from '../with-node.ts';

export const addNetworksCommand: AddCommands = (program, context) => {
  const { t, out } = context;
  program.command('networks').description(t('cli.command.networks')).argument('[network]', t('cli.argument.network')).argument('[on|off]', t('cli.argument.onOff'))
    .action((wanted: string | undefined, onOff: string | undefined) => withNode(context, async (api) => {
      const [{ networks, portMapping }, { unusedNetworks }] = [await api.call('node.status', {}), await api.call('settings.get', {})];
      const all = [...networks, ...absent(networks, unusedNetworks)];
      const chosen = wanted === undefined ? null : find(context, all, wanted);
      if (chosen === null) return showAll(context, all, portMapping);
      if (onOff === undefined) return show(context, [chosen]);
      const used = switchOption(t, 'on|off', onOff);
      await api.call('settings.set', { patch: { unusedNetworks: withNetwork(unusedNetworks, chosen.key, used) } });
      out.event('network', { ...chosen, used });
      out.line(t(used ? 'cli.networks.nowOn' : 'cli.networks.nowOff', { name: chosen.name }));
    }));
};

/** Networks that are switched off and not there now, so that they can be switched on again. */
const absent = (networks: readonly Network[], unused: readonly string[]): Network[] =>
  unused.filter((key) => networks.every((network) => network.key !== key)).map((key) => ({ name: key, key, vpn: null, addresses: [], used: false }));

/** Throws `bad-argument` that lists what there is. */
function find({ t }: CliContext, all: readonly Network[], wanted: string): Network {
  const found = all.find(({ name }) => name === wanted) ?? all.find(({ name }) => name.toLowerCase() === wanted.toLowerCase());
  const names = all.map(({ name }) => name).join(', ');
  if (found === undefined) throw new AppError('bad-argument', { name: wanted, detail: names === '' ? t('cli.networks.none') : t('cli.error.commander.choices', { choices: names }) });
  return found;
}

function showAll(context: CliContext, networks: readonly Network[], mapping: PortMapping): void {
  const { t, out } = context;
  show(context, networks);
  out.event('port-mapping', mapping);
  const { key, params } = mappingText(mapping);
  if (networks.length > 0) out.line(`${t('cli.networks.fromOutside')} ${t(`mapping.${key}`, params)}`);
}

function show({ t, out }: CliContext, networks: readonly Network[]): void {
  for (const network of networks) out.event('network', network);
  if (networks.length === 0) out.line(t('cli.networks.none'));
  const kind = ({ vpn, addresses }: Network): string => (addresses.length === 0 ? t('cli.networks.gone') : vpn === null ? t('cli.networks.local') : vpn === 'other' ? t('cli.networks.vpn') : vpnNames[vpn]);
  out.table(
    [{ title: t('cli.column.name') }, { title: t('cli.column.what') }, { title: t('cli.column.state') }, { title: t('cli.column.address') }],
    networks.map((network) => [network.name, kind(network), t(network.used ? 'cli.networks.on' : 'cli.networks.off'), network.addresses.join(', ')]),
  );
}
