/** Names for sizes (bytes) and durations (milliseconds), so that a constant reads as what it is: `5 * minute`. */
export const KiB = 1024;
export const MiB = 1024 * KiB;
export const GiB = 1024 * MiB;
export const TiB = 1024 * GiB;

export const second = 1000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

/** Duration in milliseconds. */
export type Millis = number;
/** Size or offset in bytes; always a safe integer. */
export type Bytes = number;
/** Wall-clock time, milliseconds since 1970 UTC. */
export type Timestamp = number;
