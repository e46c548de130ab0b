import type { ErrorCode } from '#shared/errors.ts';

/** What scripts rely on. */
export const exitCodes = { done: 0, failed: 1, badUsage: 2, notReachable: 3, refused: 4, interrupted: 5 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

const special: Partial<Record<ErrorCode, ExitCode>> = {
  'bad-usage': exitCodes.badUsage, 'sabotage-locked': exitCodes.badUsage, 'bad-argument': exitCodes.badUsage, 'unknown-command': exitCodes.badUsage, ambiguous: exitCodes.badUsage,

  'node-not-running': exitCodes.notReachable, 'node-busy': exitCodes.notReachable, 'peer-unknown': exitCodes.notReachable, 'peer-offline': exitCodes.notReachable,
  'not-reachable': exitCodes.notReachable, timeout: exitCodes.notReachable, 'link-closed': exitCodes.notReachable, 'no-sources': exitCodes.notReachable, 'sources-banned': exitCodes.notReachable,
  'content-unknown': exitCodes.notReachable, 'network-off': exitCodes.notReachable,

  refused: exitCodes.refused, blocked: exitCodes.refused, declined: exitCodes.refused, 'codes-differ': exitCodes.refused, 'codes-unconfirmed': exitCodes.refused, 'not-authorised': exitCodes.refused,
  'version-mismatch': exitCodes.refused, 'identity-changed': exitCodes.refused, 'server-untrusted': exitCodes.refused, 'server-dates': exitCodes.refused, 'server-newer': exitCodes.refused, 'rate-limited': exitCodes.refused, 'too-many': exitCodes.refused,

  interrupted: exitCodes.interrupted,
};

export const exitCodeOf = (code: ErrorCode): ExitCode => special[code] ?? exitCodes.failed;
