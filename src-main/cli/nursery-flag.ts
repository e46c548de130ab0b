import { setFlagsFromString } from 'node:v8';

/**
 * The size of the nursery (scripts/node-flags.mjs) was read when V8 started. Left as it is, the flag would overrule what
 * threads are given for theirs, and V8 would not take what Node brings compiled (engine-flags.ts).
 */
setFlagsFromString('--max-semi-space-size=0');
