/**
 * What limits on addresses count as one: an IPv4 address, or the /64 of an IPv6 one, inside of which anybody has as many addresses as
 * they like. `host` is an IP address without a zone.
 */
export function networkOf(host: string): string {
  if (!host.includes(':')) return host;
  const [head = '', tail] = host.split('::', 2);
  const groups = head === '' ? [] : head.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - (tail === '' ? 0 : tail.split(':').length));
  const first = [...groups, ...Array.from({ length: zeros }, () => '0'), ...(tail ?? '').split(':')].slice(0, 4);
  return `${first.map((group) => group.toLowerCase().replace(/^0+(?=.)/, '')).join(':')}::/64`;
}
