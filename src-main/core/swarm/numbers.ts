/** Numbers by which the driver and the machines speak of the same things; chosen by the driver, never reused while in use. */
export type PeerNumber = number;
export type DownloadNumber = number;
export type FileNumber = number;
/** One block on its way. Chosen by the machine. Late and repeated answers to an old number are ignored. */
export type RequestNumber = number;
