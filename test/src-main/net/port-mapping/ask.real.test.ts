import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Mapping } from '#main/net/port-mapping/mapping.ts';
import { askByPcp, endByPcp } from '#main/net/port-mapping/pcp.ts';
import { askByUpnp, endByUpnp } from '#main/net/port-mapping/upnp.ts';

const router = { host: '127.0.0.1', localHost: '127.0.0.1', network: 'lo' };
const port = 47_800;
const options = { port, before: null, signal: new AbortController().signal };

const open: (Socket | Server)[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

describe('a router on UDP port 5351', () => {
  /** Answers each request with the bytes that `answer` gives, in hex; notes what was asked. */
  async function pcpRouter(answer: (asked: string, times: number) => string | null, host = '127.0.0.1'): Promise<{ at: number; asked: string[] }> {
    const socket = createSocket(host === '::1' ? 'udp6' : 'udp4');
    open.push(socket);
    const asked: string[] = [];
    socket.on('message', (bytes, from) => {
      asked.push(bytes.toString('hex'));
      const text = answer(bytes.toString('hex'), asked.length);
      if (text !== null) socket.send(Buffer.from(text, 'hex'), from.port, from.address);
    });
    socket.bind(0, host);
    await once(socket, 'listening');
    return { at: socket.address().port, asked };
  }
  const pcpYes = (asked: string): string => `028100000000001e0000000100000000000000000000000${'0'}${asked.slice(48, 72)}06000000bab8c35000000000000000000000ffff05050501`;

  it('that knows PCP is asked once more when a packet is lost, by the same nonce at a renewal, and told of the end', async () => {
    const { at, asked } = await pcpRouter((text, times) => (times === 1 ? null : pcpYes(text)));
    const first = await askByPcp(router, options, at);
    expect(first).toMatchObject({ kind: 'granted', mapping: { method: 'pcp', host: '5.5.5.1', outsidePort: 50_000, lifetimeMs: 30_000 } });
    expect(asked[0]).toBe(asked[1]);
    const before = first.kind === 'granted' ? first.mapping : expect.fail('not granted');
    await askByPcp(router, { ...options, before }, at);
    await endByPcp(before, port, options.signal, at);
    const nonces = asked.map((text) => text.slice(48, 72));
    expect(new Set(nonces).size).toBe(1);
    expect([asked[2]?.slice(84, 88), asked.at(-1)?.slice(8, 16)]).toEqual(['c350', '00000000']);
  });

  it('of an IPv6 network is asked to let others in at our own address, and not by NAT-PMP', async () => {
    const six = { host: '::1', localHost: '::1', network: 'lo' };
    const own = '1'.padStart(32, '0');
    const { at, asked } = await pcpRouter((text, times) => (times === 3 ? '00800001' : pcpYes(text).slice(0, 88) + own), '::1');
    const outcome = await askByPcp(six, options, at);
    expect(outcome).toMatchObject({ kind: 'granted', mapping: { method: 'pcp', host: '0:0:0:0:0:0:0:1', isCheap: true } });
    if (outcome.kind === 'granted') await endByPcp(outcome.mapping, port, options.signal, at);
    expect(await askByPcp(six, options, at)).toEqual({ kind: 'silent' });
    expect(asked.map((text) => [text.slice(16, 48), text.slice(8, 16)])).toEqual([[own, '00000e10'], [own, '00000000'], [own, '00000e10']]);
  });

  it('that knows NAT-PMP only is asked by that', async () => {
    const { at, asked } = await pcpRouter((text) => (text.startsWith('02') ? '00800001' : text === '0000' ? '008000000000000105050501' : '0082000000000001bab8c35000000e10'));
    const outcome = await askByPcp(router, options, at);
    expect(outcome).toMatchObject({ kind: 'granted', mapping: { method: 'nat-pmp', host: '5.5.5.1', outsidePort: 50_000, lifetimeMs: 3_600_000 } });
    if (outcome.kind === 'granted') await endByPcp(outcome.mapping, port, options.signal, at);
    expect(asked.slice(1)).toEqual(['0000', '00020000bab8bab800000e10', '00020000bab8000000000000']);
  });

  it.each([
    ['says no', '02810002', { kind: 'refused', reason: 'PCP 2' }], ['has no line', 'no-address', { kind: 'refused', reason: 'no-address' }],
  ])('that %s', async (_, answer, outcome) => {
    const { at } = await pcpRouter((text) => (answer === 'no-address' ? pcpYes(text).replace('05050501', '00000000') : answer.padEnd(48, '0')));
    expect(await askByPcp(router, options, at)).toEqual(outcome);
  });

  it('is not there, or the question is not wanted any more', async () => {
    const { at } = await pcpRouter(() => null);
    expect(await askByPcp(router, { ...options, signal: AbortSignal.abort() }, at)).toEqual({ kind: 'silent' });
    const gone = open.pop();
    if (gone !== undefined) await new Promise<void>((resolve) => { gone.close(() => { resolve(); }); });
    expect(await askByPcp(router, options, at)).toEqual({ kind: 'silent' });
  });
});

describe('a router that speaks UPnP', () => {
  const fault = (code: number): { status: number; body: string } => ({ status: 500, body: `<s:Envelope><s:Body><s:Fault><detail><UPnPError><errorCode>${code}</errorCode></UPnPError></detail></s:Fault></s:Body></s:Envelope>` });
  const fine = (body = ''): { status: number; body: string } => ({ status: 200, body });
  type Answer = (body: string) => { status: number; body: string };

  /** What asking it by a control URL that was found before comes to. */
  async function ask(actions: Readonly<Record<string, Answer>>): Promise<{ asked: string[]; before: Mapping; outcome: Awaited<ReturnType<typeof askByUpnp>> }> {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => { body += String(chunk); });
      request.on('end', () => {
        const action = String(request.headers['soapaction']).replace(/^.*#|"/g, '');
        const [port = '', seconds = ''] = ['NewExternalPort', 'NewLeaseDuration'].map((name) => new RegExp(`<${name}>(\\d+)`).exec(body)?.[1] ?? '');
        asked.push(`${action} ${port} ${seconds}`.trim());
        const answer = actions[action]?.(body) ?? fine();
        response.writeHead(answer.status, answer.status === 302 ? { location: 'http://127.0.0.1:1/' } : {}).end(answer.body);
      });
    });
    open.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ctl`;
    const before: Mapping = { method: 'upnp', router, host: '5.5.5.1', outsidePort: port, lifetimeMs: 1, isCheap: false, proof: { controlUrl: url, service: 'urn:schemas-upnp-org:service:WANIPConnection:1' } };
    return { asked, before, outcome: await askByUpnp(router, { ...options, before }) };
  }
  const address = { GetExternalIPAddress: () => fine('<NewExternalIPAddress>5.5.5.1</NewExternalIPAddress>'), GetSpecificPortMappingEntry: () => fault(714) };

  it('is asked for its address and the port, and told of the end', async () => {
    const { asked, before, outcome } = await ask(address);
    expect(outcome).toMatchObject({ kind: 'granted', mapping: { method: 'upnp', host: '5.5.5.1', outsidePort: port, lifetimeMs: 3_600_000 } });
    await endByUpnp(before, options.signal);
    expect(asked).toEqual(['GetExternalIPAddress', `GetSpecificPortMappingEntry ${port}`, `AddPortMapping ${port} 3600`, `DeletePortMapping ${port}`]);
  });

  it('takes no port away from somebody else', async () => {
    const { asked, outcome } = await ask({ ...address, GetSpecificPortMappingEntry: (body) => (body.includes(`>${port}<`) ? fine('<NewInternalClient>192.168.1.99</NewInternalClient>') : fault(714)) });
    expect(outcome).toMatchObject({ kind: 'granted' });
    expect(outcome.kind === 'granted' && outcome.mapping.outsidePort >= 49_152).toBe(true);
    expect(asked.filter((action) => action.startsWith('Add'))).toHaveLength(1);
  });

  it('knows no leases that end', async () => {
    const { asked, outcome } = await ask({ ...address, AddPortMapping: (body) => (body.includes('<NewLeaseDuration>0<') ? fine() : fault(725)) });
    expect(outcome).toMatchObject({ kind: 'granted', mapping: { lifetimeMs: 3_600_000 } });
    expect(asked.slice(-2)).toEqual([`AddPortMapping ${port} 3600`, `AddPortMapping ${port} 0`]);
  });

  it.each([
    ['allows nothing', { ...address, AddPortMapping: () => fault(606) }, 'UPnP 606'], ['never has a port that is free', { ...address, AddPortMapping: () => fault(718) }, 'UPnP 718'],
    ['has no line', { GetExternalIPAddress: () => fine('<NewExternalIPAddress></NewExternalIPAddress>') }, 'no-address'], ['leads elsewhere', { GetExternalIPAddress: () => ({ status: 302, body: '' }) }, 'UPnP 302'],
    ['talks without end', { GetExternalIPAddress: () => fine('x'.repeat(200_000)) }, 'UPnP too-long'],
  ])('%s', async (_, actions, reason) => {
    expect((await ask(actions)).outcome).toEqual({ kind: 'refused', reason });
  });
});
