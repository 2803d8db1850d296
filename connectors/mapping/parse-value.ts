/** Small checks of JSON values, each of which names the key that is wrong. */
import { YitongError } from '../../contracts/errors.js';
import { LIMITS } from './limits.js';

export type Json = Readonly<Record<string, unknown>>;

/** Where we stand in the file: keys from the top, for messages. */
export interface At {
  readonly file: string;
  readonly path: string;
  readonly depth: number;
}

export const below = (at: At, key: string | number): At => ({
  ...at,
  path: at.path === '' ? String(key) : `${at.path}.${key}`,
});

export function deeper(at: At): At {
  if (at.depth >= LIMITS.nesting) refuse(at, `is nested more than ${LIMITS.nesting} deep`);
  return { ...at, depth: at.depth + 1 };
}

/** @throws YitongError `bad_feed` always */
export function refuse(at: At, what: string): never {
  throw new YitongError('bad_feed', `\`${at.path}\` ${what}`, { place: { file: at.file } });
}

export function object(raw: unknown, at: At): Json {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) refuse(at, 'must be an object');
  return raw as Json;
}

export function keys(raw: Json, at: At, required: readonly string[], optional: readonly string[] = []): void {
  for (const key of Object.keys(raw)) {
    if (!required.includes(key) && !optional.includes(key)) refuse(at, `has the unknown key \`${key}\``);
  }
  for (const key of required) if (!Object.hasOwn(raw, key)) refuse(at, `lacks the key \`${key}\``);
}

export function text(raw: unknown, at: At): string {
  if (typeof raw !== 'string') refuse(at, 'must be a text');
  return raw;
}

/** A text of at least one character. */
export function word(raw: unknown, at: At): string {
  const value = text(raw, at);
  if (value === '') refuse(at, 'must not be empty');
  return value;
}

export function list(raw: unknown, at: At, max: number): readonly unknown[] {
  if (!Array.isArray(raw)) refuse(at, 'must be a list');
  if (raw.length > max) refuse(at, `has more than ${max} entries`);
  return raw;
}

export const texts = (raw: unknown, at: At): string[] =>
  list(raw, at, LIMITS.words).map((entry, i) => text(entry, below(at, i)));

export function whole(raw: unknown, at: At, least: number, most: number): number {
  if (typeof raw !== 'number' || !Number.isInteger(raw) || raw < least || raw > most)
    refuse(at, `must be a whole number from ${least} to ${most}`);
  return raw;
}
