import { setFlagsFromString } from 'node:v8';

/**
 * Lets V8's optimizing compiler take functions one by one, without those that they call. A node does many different things for a few seconds
 * each: what larger functions take to compile, they do not give back. A V8 that does not know the flag says so and goes on.
 */
export function compileSparingly(): void {
  setFlagsFromString('--no-turbo-inlining');
}
