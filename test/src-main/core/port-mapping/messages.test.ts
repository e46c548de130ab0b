import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { natPmpMapRequest, pcpRequest, readNatPmpAddress, readNatPmpMapping, readPcpAnswer } from '#main/core/port-mapping/pcp-messages.ts';
import { faultOf, locationOf, soapRequest, valueOf, wanServiceOf } from '#main/core/port-mapping/upnp-messages.ts';

const hex = (text: string): Uint8Array => Buffer.from(text.replace(/\s/g, ''), 'hex');
const nonce = new Uint8Array(12).fill(7);
const request = { nonce, localHost: '192.168.1.24', port: 47_800, outsidePort: 47_800, seconds: 3600 };
/** As miniupnpd 2.3.1 answers. */
const yes = '02810000 00000e10 00000100 000000000000000000000000 070707070707070707070707 06000000 bab8 c350 00000000000000000000ffff05050501';

describe('PCP and NAT-PMP', () => {
  it('are written as the RFCs say', () => {
    expect(Buffer.from(pcpRequest(request)).toString('hex')).toBe('02010000' + '00000e10' + '00000000000000000000ffffc0a80118' + '07'.repeat(12) + '06000000' + 'bab8bab8' + '00000000000000000000ffff00000000');
    expect(Buffer.from(natPmpMapRequest(request)).toString('hex')).toBe('00020000bab8bab800000e10');
  });

  it.each([
    ['a yes', yes, { kind: 'granted', host: '5.5.5.1', port: 50_000, seconds: 3600 }],
    ['a no', yes.replace('02810000', '02810008'), { kind: 'refused', code: 8 }],
    ['that it knows NAT-PMP only', '00 80 0001', { kind: 'older' }],
    ['an answer to somebody else', yes.replace('07070707', '07070708'), null],
    ['an answer about another port', yes.replace('bab8', 'bab9'), null],
    ['an address that is no IPv4', yes.replace('ffff0505', '0db80505'), null],
    ['a question', yes.replace('0281', '0201'), null],
    ['half an answer', yes.slice(0, 60), null],
  ])('%s is understood', (_, text, answer) => {
    expect(readPcpAnswer(hex(text), request)).toEqual(answer);
  });

  it('are the same for IPv6, with addresses of that family', () => {
    const written = (localHost: string): string => Buffer.from(pcpRequest({ ...request, localHost })).toString('hex').slice(16, 48);
    expect(['2001:db8:1:2:3:4:5:f', '2001:db8::1', '2a00::', '::1'].map(written)).toEqual(['20010db800010002000300040005000f', '20010db8000000000000000000000001', `2a00${'0'.repeat(28)}`, `${'0'.repeat(31)}1`]);
    const six = { ...request, localHost: '2001:db8::1' };
    expect(Buffer.from(pcpRequest(six)).toString('hex')).toBe('02010000' + '00000e10' + '20010db8000000000000000000000001' + '07'.repeat(12) + '06000000' + 'bab8bab8' + '0'.repeat(32));
    const answer = yes.replace('00000000000000000000ffff05050501', '20010db8000000000000000000000001');
    expect(readPcpAnswer(hex(answer), six)).toEqual({ kind: 'granted', host: '2001:db8:0:0:0:0:0:1', port: 50_000, seconds: 3600 });
    expect(readPcpAnswer(hex(yes), six)).toBeNull();
    expect(readPcpAnswer(hex(answer), request)).toBeNull();
  });

  it('older routers say their address and the port one after the other', () => {
    expect(readNatPmpAddress(hex('00 80 0000 00000100 05050501'))).toEqual({ kind: 'granted', value: '5.5.5.1' });
    expect(readNatPmpAddress(hex('00 80 0003 00000100'))).toEqual({ kind: 'refused', code: 3 });
    expect(readNatPmpMapping(hex('00 82 0000 00000100 bab8 c350 00000e10'), 47_800)).toEqual({ kind: 'granted', value: { port: 50_000, seconds: 3600 } });
    expect(readNatPmpMapping(hex('00 82 0000 00000100 bab9 c350 00000e10'), 47_800)).toBeNull();
    expect(readNatPmpMapping(hex('00 82 0002 00000100'), 47_800)).toEqual({ kind: 'refused', code: 2 });
  });

  it('take whatever bytes without harm', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      readPcpAnswer(bytes, request);
      readNatPmpAddress(bytes);
      readNatPmpMapping(bytes, 47_800);
    }));
  });
});

const service = (type: string, url: string): string => `<service><serviceType>urn:schemas-upnp-org:service:${type}</serviceType><serviceId>x</serviceId><controlURL>${url}</controlURL><SCPDURL>/x.xml</SCPDURL></service>`;

describe('UPnP', () => {
  it('finds the service that forwards ports in a description, the better one first', () => {
    const description = `<?xml version="1.0"?><root><device><serviceList>${service('Layer3Forwarding:1', '/l3')}</serviceList><deviceList><device><serviceList>${service('WANPPPConnection:1', '/ppp')}${service('WANIPConnection:1', ' /ctl?a=1&amp;b=2 ')}</serviceList></device></deviceList></device></root>`;
    expect(wanServiceOf(description)).toEqual({ type: 'urn:schemas-upnp-org:service:WANIPConnection:1', controlUrl: '/ctl?a=1&b=2' });
    expect(wanServiceOf(`<root>${service('WANPPPConnection:1', '/ppp')}</root>`)).toMatchObject({ controlUrl: '/ppp' });
    for (const none of ['', '<root/>', service('WANIPConnection:1', ''), service('Layer3Forwarding:1', '/l3'), '<service><serviceType>']) expect(wanServiceOf(none)).toBeNull();
  });

  it('hears only answers of routers', () => {
    const answer = (first: string, st: string): string => `${first}\r\nCACHE-CONTROL: max-age=120\r\nST: ${st}\r\nLocation: http://192.168.1.1:5000/rootDesc.xml\r\n\r\n`;
    const igd = 'urn:schemas-upnp-org:device:InternetGatewayDevice:1';
    expect(locationOf(answer('HTTP/1.1 200 OK', igd))).toBe('http://192.168.1.1:5000/rootDesc.xml');
    expect(locationOf(answer('HTTP/1.1 200 OK', 'urn:schemas-upnp-org:device:MediaServer:1'))).toBeNull();
    expect(locationOf(answer('NOTIFY * HTTP/1.1', igd))).toBeNull();
    expect(locationOf('')).toBeNull();
  });

  it('reads values and faults whatever the prefix', () => {
    expect(valueOf('<s:Body><m:GetExternalIPAddressResponse xmlns:m="x"><NewExternalIPAddress dt:dt="string">5.5.5.1</NewExternalIPAddress>', 'NewExternalIPAddress')).toBe('5.5.5.1');
    expect(valueOf('<NewExternalIPAddress>5.5', 'NewExternalIPAddress')).toBeUndefined();
    expect(faultOf('<s:Fault><detail><u:UPnPError><u:errorCode>718</u:errorCode>')).toBe(718);
    expect(faultOf('<errorCode>many</errorCode>')).toBeNull();
    expect(soapRequest('urn:x', 'Do', [['NewPort', 5]])).toContain('<u:Do xmlns:u="urn:x"><NewPort>5</NewPort></u:Do>');
  });

  it('takes whatever text without harm, also long ones', () => {
    fc.assert(fc.property(fc.string({ maxLength: 400 }), (text) => {
      wanServiceOf(text);
      locationOf(text);
      faultOf(text);
    }));
    const long = ['<service>', '<a:', '<serviceType ', '<errorCode'].map((part) => part.repeat(65_536 / part.length));
    for (const text of long) expect([wanServiceOf(text), faultOf(text)]).toEqual([null, null]);
  });
});
