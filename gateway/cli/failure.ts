/** How an error is told on the command line. */
import { isYitongError } from '../../contracts/errors.js';
import { ConnectionError, GatewayError } from '../client/errors.js';
import { Told } from '../ground/logging/words.js';

/** A command that is not written as it has to be: told with where its help is. */
export class WrongUsage extends Error {
  override readonly name = 'WrongUsage';
}

/** What went wrong was told already, in the process log. */
export class AlreadyTold extends Error {
  override readonly name = 'AlreadyTold';
}

interface SystemError extends Error {
  readonly code: string;
  readonly syscall: string;
  readonly path?: string;
}
const isSystem = (error: unknown): error is SystemError =>
  error instanceof Error &&
  typeof (error as Partial<SystemError>).code === 'string' &&
  typeof (error as Partial<SystemError>).syscall === 'string';

/** Of errors that a user can cause by naming something. */
const SYSTEM: Readonly<Record<string, (path: string) => string>> = {
  ENOENT: (path) => `there is no ${path}`,
  ENOTDIR: (path) => `${path} is not in a folder, or is no folder itself`,
  EISDIR: (path) => `${path} is a folder, where a file is wanted`,
  EACCES: (path) => `this user may not use ${path}`,
  EPERM: (path) => `this user may not do that to ${path}`,
  EROFS: (path) => `${path} is on a disk that may only be read`,
  ENOSPC: (path) => `the disk of ${path} is full`,
  EEXIST: (path) => `${path} is there already`,
};

/**
 * `<file>:<line>: <message> [<code>]`; what is no error of ours, nor of the system, keeps its stack: it is a fault of
 * this program.
 */
export function failureLine(error: unknown): string {
  if (error instanceof WrongUsage || error instanceof Told) return error.message;
  if (error instanceof ConnectionError) return `the gateway does not answer: ${error.message}`;
  if (error instanceof GatewayError) return `${error.message} [${error.code}]`;
  if (isSystem(error))
    return (
      (SYSTEM[error.code]?.(error.path === undefined ? 'such file' : `\`${error.path}\``) ?? error.message) +
      ` [${error.code}]`
    );
  if (error instanceof Error && error.name === 'AbortError') return 'stopped before it was done';
  if (!isYitongError(error)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  const { place } = error.extra;
  const at = place === undefined ? '' : `${place.file}${place.line === undefined ? '' : `:${place.line}`}: `;
  return `${at}${error.message} [${error.code}]`;
}
