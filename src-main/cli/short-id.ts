/** The first two of eight groups of a device id: enough to tell devices apart, and a prefix that commands take. */
export const shortDeviceId = (id: string): string => id.slice(0, 15);
