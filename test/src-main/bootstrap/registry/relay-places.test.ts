import { describe, expect, it } from 'vitest';
import { limits } from '#shared/limits.ts';
import { RelayPlaces, type RelayParty } from '#main/bootstrap/registry/relay-places.ts';
import { deviceOf } from './things.ts';

const partyOf = (number: number): RelayParty => ({ device: deviceOf(number), network: `192.0.2.${number}` });
const [ann, ben, cleo] = [partyOf(1), partyOf(2), partyOf(3)];
const wide = { relays: 10, relaysPerDevice: 10, relaysPerNetwork: 10 };
const ticket = '1'.repeat(32);
const { relayWaitMs } = limits.bootstrap;

describe('the places of relayed connections', () => {
  it('knows a place by who may come and the ticket together', () => {
    const places = new RelayPlaces(wide);
    const [toBen, toCleo] = [places.ask(0, ann, ben.device, ticket), places.ask(0, ann, cleo.device, ticket)];
    expect(() => { places.checkAsk(cleo, ben.device, ticket); }).toThrow('bad-request');
    expect(places.checkCome(ben, ticket)).toBe(toBen);
    expect(places.checkCome(cleo, ticket)).toBe(toCleo);
    expect(() => places.checkCome(ann, ticket)).toThrow('not-found');
    places.come(toBen, ben);
    expect(() => places.checkCome(ben, ticket)).toThrow('not-found');
    expect(() => { places.checkAsk(cleo, ben.device, ticket); }).not.toThrow();
  });

  it('counts what waits for who asked alone, and what is joined for both', () => {
    const places = new RelayPlaces({ ...wide, relaysPerDevice: 1 });
    const place = places.ask(0, ann, ben.device, ticket);
    expect(() => { places.checkAsk(ann, cleo.device, ticket); }).toThrow('too-many');
    expect(() => { places.checkAsk(ben, cleo.device, ticket); }).not.toThrow();
    places.come(place, ben);
    expect(() => { places.checkAsk(ben, cleo.device, ticket); }).toThrow('too-many');
    const other = places.ask(0, cleo, ben.device, ticket);
    expect(() => places.checkCome(ben, ticket)).toThrow('too-many');
    places.leave(place);
    places.leave(place);
    expect(places.checkCome(ben, ticket)).toBe(other);
    expect(() => { places.checkAsk(ann, cleo.device, ticket); }).not.toThrow();
    expect(() => { places.checkAsk(cleo, ann.device, ticket); }).toThrow('too-many');
  });

  it('has so many for all, those that wait among them', () => {
    const places = new RelayPlaces({ ...wide, relays: 2 });
    places.come(places.ask(0, ann, ben.device, ticket), ben);
    const waiting = places.ask(0, ann, cleo.device, ticket);
    expect(places.size).toBe(2);
    expect(() => { places.checkAsk(cleo, ann.device, ticket); }).toThrow('server-full');
    places.leave(waiting);
    expect(places.size).toBe(1);
    expect(() => { places.checkAsk(cleo, ann.device, ticket); }).not.toThrow();
  });

  it('has so many for the devices of one network together', () => {
    const places = new RelayPlaces({ ...wide, relaysPerNetwork: 2 });
    const neighbour: RelayParty = { ...partyOf(4), network: ann.network };
    const place = places.ask(0, ann, ben.device, ticket);
    places.ask(0, neighbour, cleo.device, ticket);
    expect(() => { places.checkAsk(partyOf(5), ann.device, ticket); }).not.toThrow();
    expect(() => { places.checkAsk({ ...partyOf(5), network: ann.network }, ben.device, '2'.repeat(32)); }).toThrow('too-many');
    places.ask(0, cleo, ann.device, ticket);
    expect(() => places.checkCome(ann, ticket)).toThrow('too-many');
    places.leave(place);
    expect(() => places.checkCome(ann, ticket)).not.toThrow();
  });

  it('tells for whom nobody came in time, and leaves a later one with the same ticket alone', () => {
    const places = new RelayPlaces(wide);
    const [first, second] = [places.ask(0, ann, ben.device, ticket), places.ask(1, ann, cleo.device, ticket)];
    expect(places.overdue(relayWaitMs - 1)).toEqual([]);
    expect(places.overdue(relayWaitMs)).toEqual([first]);
    expect(places.overdue(relayWaitMs + 1)).toEqual([first, second]);
    places.leave(first);
    const again = places.ask(relayWaitMs, ann, ben.device, ticket);
    places.leave(first);
    expect(places.checkCome(ben, ticket)).toBe(again);
  });
});
