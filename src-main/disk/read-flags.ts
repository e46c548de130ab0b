import { constants } from 'node:fs';

/** For files that others could have put something else in the place of: a pipe must not hold a thread until somebody writes to it. Windows has no such thing. */
export const readFlags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** And a link there must not lead elsewhere. Windows has no such flag. */
export const readFlagsNoFollow = readFlags | (constants.O_NOFOLLOW ?? 0);
