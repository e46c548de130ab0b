/** The command did its work and said all there is to say; that something is wrong is told by the exit code alone. */
export class StepsFailed extends Error {}
