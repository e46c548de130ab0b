import { KiB, MiB, GiB, second, minute } from './units.ts';

/**
 * Every limit that guards a border, in one place. A limit can be configured downwards, never switched off:
 * zero or negative numbers from a peer or a settings file never mean "unlimited".
 */
export const limits = {
  link: {
    /** From the accepted socket to a finished TLS handshake. */
    handshakeMs: 5 * second,
    handshakesAtOnce: 64,
    handshakesPerAddress: 8,
    /** From the finished handshake to the peer's hello frame. */
    helloMs: 3 * second,
    helloBytes: 16 * KiB,
    controlBodyBytes: 1 * MiB,
    /** Payload of one bulk frame; the fixed part of a frame comes on top. */
    bulkPayloadBytes: 1 * MiB,
    bulkHeaderBytes: 64,
    /** Small files that one block holds one after the other. */
    filesPerBatch: 256,
    /** Nothing sent for this long: a ping goes out. */
    keepAliveMs: 15 * second,
    /** Nothing received for this long: the link is dead. Three missed pings. */
    deadAfterMs: 45 * second,
    /** A frame that has begun must progress at least this fast, or the link is closed (slow-loris guard). */
    minFrameBytesPerSecond: 1 * KiB,
    bulkConnectionsPerPeer: 4,
    requestsInFlightPerPeer: 64,
    requestTimeoutMs: 20 * second,
    linksAtOnce: 1000,
  },
  transfer: {
    /** Buffers for pieces in flight, of all transfers together. */
    receiveBudgetBytes: 32 * MiB,
    /** Requested and not yet written, per transfer: what a crash can make us fetch again. */
    requestWindowBytes: 16 * MiB,
    /** Pieces whose source left in the middle: how many are kept for another source to go on with, and the buffers they hold (within the budget). */
    halfPieces: 64,
    halfPieceBytes: 16 * MiB,
    requestsInFlightPerPeer: 512,
    filesOpenAtOnce: 128,
    /**
     * Smaller files are fetched together. They are neither looked for on this device nor remembered for others: either takes
     * longer than to fetch them.
     */
    batchedBelowBytes: 64 * KiB,
    /** Contents whose swarm one peer may join. */
    swarmsPerPeer: 1024,
    /** What an origin is asked for at one place, to see that it has a piece, and at how many places at once. */
    proofBytes: 256,
    proofsAtOnce: 16,
    groupCommitBytes: 64 * MiB,
    groupCommitMs: 1 * second,
    /** Files of this size and more are written past the system's cache where that can be. */
    directFromBytes: 64 * MiB,
    /** Free space that is never used up. */
    diskReserveBytes: 64 * MiB,
    /** Uploads that have ended and are remembered; the oldest go. */
    finishedUploads: 10_000,
    /** Files, folders and pages that one download lists, and what their names and records take: then its list is cut. */
    listedEntries: 5_000_000,
    listedBytes: 2 * GiB,
    /** Folders a content's manifest still has to tell of, as they are kept. */
    listCursorBytes: 4 * MiB,
  },
  content: {
    leafBytes: 16 * KiB,
    minPieceBytes: 1 * MiB,
    maxPieceBytes: 16 * MiB,
    /** The piece size doubles until a file has no more pieces than this. */
    piecesAimedAt: 16_384,
    fileBytes: 64 * 1024 * GiB,
    manifestPageEntries: 1000,
    manifestPageBytes: 512 * KiB,
    manifestPagesPerFolder: 16_384,
    folderDepth: 64,
  },
  names: { componentBytes: 255, pathBytes: 4096, deviceNameChars: 40, shareNameChars: 120 },
  search: {
    perSecond: 0.5,
    burst: 5,
    /** Devices whose searches are counted; of more, those that searched last. */
    askers: 1024,
    results: 200,
    answerBytes: 64 * KiB,
    queryChars: 200,
    words: 16,
    /** How long an unanswered peer counts as "no answer yet". */
    waitMs: 10 * second,
  },
  /** Answers of chosen length, by which a device finds out whether large packets reach it: several full packets, also where these are jumbo frames that something on the way does not take. */
  probe: { bytes: 8000, bytesPerSecond: 1600, burstBytes: 32_000, askers: 1024 },
  /** `pathBytes`: of the paths on one page of a walk, after which it ends: as JSON a byte takes up to six, and a page is one control body. */
  browse: { entriesPerPage: 1000, pathBytes: 128 * KiB },
  push: { offersWaiting: 50, offersOfStrangers: 200, offersTakenBack: 100, offersEnded: 200, itemsListed: 1000, textBytes: 64 * KiB, growthBytes: 64 * MiB },
  discovery: {
    packetBytes: 512,
    hintsTable: 1024,
    hintsPerAddressPerMinute: 30,
    addressesPerDevice: 16,
    dialsAtOnce: 16,
  },
  /** Names of interfaces (Windows takes 256 characters), and how many of them are remembered as switched off. */
  networks: { keyChars: 256, unused: 64 },
  servers: {
    used: 16,
    urlChars: 400,
    answerBytes: 4 * MiB,
    nodesKept: 10_000,
    /** What is announced: public shares, and public files from this size on. */
    entries: 20_000,
    fileBytes: 16 * MiB,
    /** Devices of a search's or a content's holders that are dialled. */
    holdersDialled: 16,
  },
  /** Devices that were linked once, are not now, and of which the user has said nothing. */
  peers: { strangersKept: 1024 },
  /** `devices`: of whom it is known how often they tried. */
  pairing: { expiresMs: 2 * minute, tries: 5, devices: 1024 },
  /** What the router of the own network is asked for and may answer. */
  portMapping: {
    /** Not more: a router that starts anew forgets, and we find out at the next renewal. */
    leaseSeconds: 3600,
    answerBytes: 64 * KiB,
    searchMs: 2 * second,
    answerMs: 5 * second,
    routers: 2,
  },
  rooms: {
    joined: 64,
    nameChars: 60,
    /** Of one room, this device included. */
    members: 1000,
    /** Earlier passphrases of a room that are kept, to hand the present one to members who were away meanwhile. */
    earlierSecrets: 8,
    /** Longest time after which a room can be set to end. */
    lastsMs: 366 * 24 * 60 * minute,
    invitationChars: 2000,
    /** Addresses that an invitation names, and those told of each member. */
    addresses: 4,
  },
  web: { headerMs: 5 * second, requestMs: 15 * second, connections: 64, messageBytes: 1 * MiB, uploadFileBytes: 1024 * GiB },
  /** A pasted picture, which the window hands over as a whole. */
  desktop: { keptFileBytes: 64 * MiB },
  rpc: { requestBytes: 1 * MiB },
  /** What a bootstrap server takes and gives. What an operator may set is in `src-main/bootstrap/config.ts`. */
  bootstrap: {
    addressesPerNode: 16,
    roomsPerNode: 64,
    /** Members of one room, and of one page of their list. */
    nodesPerRoom: 2000,
    nodesPerPage: 200,
    /** Entries that one request adds or removes: as many as are taken in within a few milliseconds. */
    entriesPerRequest: 500,
    /** Names under which one content is found; whoever brings a further one is listed as a holder only. */
    namesPerContent: 64,
    /** Words of a name under which it is found. */
    tokensPerName: 32,
    contentsPerQuestion: 64,
    holdersPerContent: 50,
    /** Holders that a hit of a search names. */
    holdersPerHit: 4,
    /** Rows of a page that the operator sees, and what is looked at to find them: a millisecond or two. */
    rowsPerPage: 50,
    rowsLookedAt: 5000,
    /** Of 2 s each: five minutes. */
    activitySteps: 150,
    requestBytes: 16 * KiB,
    entriesRequestBytes: 512 * KiB,
    messageBytes: 4 * KiB,
    /** WebSockets of one device; it needs one, and for a while another one when that was lost. Each is told all that the device is told. */
    webSocketsPerDevice: 8,
    /** What one device tells another one through a server. */
    signalChars: 3000,
    /** How long a relayed connection waits for its other end. */
    relayWaitMs: 15 * second,
    /** What waits for the slower end of a relayed connection, before the faster one is read no further. The system's buffers bridge the way; more of ours only leaves the processor's cache. */
    relayBufferBytes: 128 * KiB,
    /** Binary messages of a relayed connection: the largest block in one write, in TLS records. */
    relayMessageBytes: 1 * MiB + 64 * KiB,
    /** An end of which nothing is heard is asked whether it is there; one that neither sends nor takes anything for so long is not. */
    relayPingMs: 30 * second,
    relaySilenceMs: 2 * minute,
    /** What waits to be sent to somebody who does not read: then the connection is cut. */
    unsentBytes: 1 * MiB,
    /** Changes that wait for one listener; beyond, it is told to list again. */
    changesWaiting: 256,
    /** What listeners of one network are told of changes, all together: a node counts one, and one more for each room that it has in common with the listener. */
    toldPerSecond: 20_000,
    toldBurst: 40_000,
    challengeMs: 60 * second,
    tokenMs: 10 * minute,
    headerMs: 5 * second,
    requestMs: 15 * second,
    keepAliveMs: 75 * second,
    handshakeMs: 5 * second,
  },
} as const;
