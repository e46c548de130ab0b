import { AppError } from '#shared/errors.ts';

/** A device refuses by code alone: what is not there is told on with the name under which it was asked for. For `catch`; throws. */
export const namedRefusal = (path: string) => (error: unknown): never => {
  if (error instanceof AppError && error.code === 'not-found' && error.params['name'] === undefined) throw new AppError('not-found', { name: path }, { cause: error });
  throw error;
};
