// @ts-check

/**
 * Flags for a program that runs a node. The nursery of V8's collector grows to 16 MB for each of its halves and is never
 * given back; with 4 a node does the same work in as much time. V8 reads this at its start only, so the program itself cannot set it.
 */
export const nodeFlags = ['--max-semi-space-size=4'];
