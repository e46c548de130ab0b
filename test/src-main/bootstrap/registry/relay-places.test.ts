import { describe, expect, it } from 'vitest';
import { limits } from '#shared/limits.ts';
import { RelayPlaces } from '#main/bootstrap/registry/relay-places.ts';
import { deviceOf } from './things.ts';

const [ann, ben, cleo] = [deviceOf(1), deviceOf(2), deviceOf(3)];
const ticket = '1'.repeat(32);
const { relayWaitMs } = limits.bootstrap;

describe('the places of relayed connections', () => {
  it('knows a place by who may come and the ticket together', () => {
    const places = new RelayPlaces({ relays: 10, relaysPerDevice: 10 });
    const [toBen, toCleo] = [places.ask(0, ann, ben, ticket), places.ask(0, ann, cleo, ticket)];
    expect(() => { places.checkAsk(cleo, ben, ticket); }).toThrow('bad-request');
    expect(places.checkCome(ben, ticket)).toBe(toBen);
    expect(places.checkCome(cleo, ticket)).toBe(toCleo);
    expect(() => places.checkCome(ann, ticket)).toThrow('not-found');
    places.come(toBen);
    expect(() => places.checkCome(ben, ticket)).toThrow('not-found');
    expect(() => { places.checkAsk(cleo, ben, ticket); }).not.toThrow();
  });

  it('counts what waits for who asked alone, and what is joined for both', () => {
    const places = new RelayPlaces({ relays: 10, relaysPerDevice: 1 });
    const place = places.ask(0, ann, ben, ticket);
    expect(() => { places.checkAsk(ann, cleo, ticket); }).toThrow('too-many');
    expect(() => { places.checkAsk(ben, cleo, ticket); }).not.toThrow();
    places.come(place);
    expect(() => { places.checkAsk(ben, cleo, ticket); }).toThrow('too-many');
    const other = places.ask(0, cleo, ben, ticket);
    expect(() => places.checkCome(ben, ticket)).toThrow('too-many');
    places.leave(place);
    places.leave(place);
    expect(places.checkCome(ben, ticket)).toBe(other);
    expect(() => { places.checkAsk(ann, cleo, ticket); }).not.toThrow();
    expect(() => { places.checkAsk(cleo, ann, ticket); }).toThrow('too-many');
  });

  it('has so many for all, those that wait among them', () => {
    const places = new RelayPlaces({ relays: 2, relaysPerDevice: 10 });
    places.come(places.ask(0, ann, ben, ticket));
    const waiting = places.ask(0, ann, cleo, ticket);
    expect(places.size).toBe(2);
    expect(() => { places.checkAsk(cleo, ann, ticket); }).toThrow('server-full');
    places.leave(waiting);
    expect(places.size).toBe(1);
    expect(() => { places.checkAsk(cleo, ann, ticket); }).not.toThrow();
  });

  it('tells for whom nobody came in time, and leaves a later one with the same ticket alone', () => {
    const places = new RelayPlaces({ relays: 10, relaysPerDevice: 10 });
    const [first, second] = [places.ask(0, ann, ben, ticket), places.ask(1, ann, cleo, ticket)];
    expect(places.overdue(relayWaitMs - 1)).toEqual([]);
    expect(places.overdue(relayWaitMs)).toEqual([first]);
    expect(places.overdue(relayWaitMs + 1)).toEqual([first, second]);
    places.leave(first);
    const again = places.ask(relayWaitMs, ann, ben, ticket);
    places.leave(first);
    expect(places.checkCome(ben, ticket)).toBe(again);
  });
});
