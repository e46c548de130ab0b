/** What was to be acted on may be gone or covered a moment later, as for a hand that is slow. */
export const isMissed = (error: unknown): error is Error => error instanceof Error && /Timeout|not attached|detached|outside of the viewport|Execution context was destroyed|interrupted by another navigation/.test(error.message);
