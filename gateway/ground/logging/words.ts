/**
 * Errors in words for the process log, for health and for an operator: never with a value that somebody sent or a
 * source holds.
 */

import { relative } from 'node:path';
import { isYitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';

/** What the engine says of a mistake in our own code: names of properties, no values. */
const ENGINE = [
  /^Cannot (?:read|set) properties of (?:undefined|null)(?: \((?:reading|setting) '[A-Za-z_$][\w$]{0,60}'\))?$/,
  /^[\w$.]{1,80} is not (?:a function|a constructor|iterable|defined)$/,
  /^(?:Maximum call stack size exceeded|Invalid time value|Invalid array length|Array buffer allocation failed)$/,
];

/** An error of ours whose message was made for an operator. */
export class Told extends Error {
  override readonly name = 'Told';
}

const isSystem = (error: Error & { readonly code?: unknown; readonly syscall?: unknown }): boolean =>
  typeof error.code === 'string' && typeof error.syscall === 'string';

/**
 * Ours, the system's and the engine's messages; of others only the kind: `JSON.parse` quotes its input, a database
 * quotes the row, an encoder the value.
 */
function messageOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return isYitongError(error) ||
    error instanceof Told ||
    isSystem(error) ||
    ENGINE.some((message) => message.test(error.message))
    ? error.message
    : undefined;
}

/** A library may put anything there. */
function codeIn(error: Error): string | undefined {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' && /^[A-Za-z0-9_]{1,40}$/.test(code) ? code : undefined;
}
const kindOf = ({ name }: Error): string => (/^\w{1,60}$/.test(name) ? name : 'Error');

/** Where it was thrown, without the message that a stack begins with. */
const framesOf = ({ stack = '' }: Error): readonly string[] =>
  stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim());

/** One line. */
export function inWords(error: unknown): string {
  if (isYitongError(error)) return `${error.message} [${error.code}]`;
  const message = messageOf(error);
  if (message !== undefined) return message;
  if (!(error instanceof Error)) return 'something that is no error was thrown';
  const code = codeIn(error);
  const at = framesOf(error)[0];
  return `${kindOf(error)}${code === undefined ? '' : ` ${code}`}${at === undefined ? '' : ` ${at}`}`;
}

/**
 * With the file that it is about.
 * @param dir folder that files are named from; without it they are named in full
 */
export function wordsOf(error: unknown, dir?: string): string {
  if (!isYitongError(error)) return inWords(error);
  const { place } = error.extra;
  const file = place === undefined ? '' : dir === undefined ? place.file : relative(dir, place.file);
  const line = place?.line === undefined ? '' : `:${String(place.line)}`;
  return `${place === undefined ? '' : `\`${file}${line}\`: `}${error.message} [${error.code}]`;
}

interface ErrorInLog {
  readonly type: string;
  readonly code?: string;
  readonly message?: string;
  readonly stack?: readonly string[];
  readonly cause?: ErrorInLog;
}

/** As a member of a line of the log: kind, code, frames, cause. */
export function errorInLog(error: unknown, depth = 0): ErrorInLog {
  if (!(error instanceof Error)) return { type: typeof error };
  const message = messageOf(error);
  const code = codeIn(error);
  const cause = isYitongError(error) ? error.extra.cause : error.cause;
  return {
    type: kindOf(error),
    ...present({ code, message }),
    stack: framesOf(error),
    ...(cause === undefined || depth > 4 ? {} : { cause: errorInLog(cause, depth + 1) }),
  };
}
