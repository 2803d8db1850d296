/** What a feed names and does not hold: credentials and keys, in the environment or in a file. */
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { YitongError, type Place } from '../../contracts/errors.js';

export type Reference = { readonly env: string; readonly prefix?: string } | { readonly file: string; readonly prefix?: string };

/** So that a feed cannot send any other variable of the process to its host. */
export const ENVIRONMENT_PATTERN = '^YITONG_FEED_[A-Z0-9_]{1,100}$';
/** JSON schema of a Reference without a prefix. */
export const secretSchema = {
  anyOf: [
    { type: 'object', additionalProperties: false, required: ['env'], properties: { env: { type: 'string', pattern: ENVIRONMENT_PATTERN } } },
    { type: 'object', additionalProperties: false, required: ['file'], properties: { file: { type: 'string', minLength: 1, maxLength: 400 } } },
  ],
} as const;

const MAX_SECRET = 16_384;
const PRINTABLE = /^[\x20-\x7e]+$/;

const refuse = (what: string, place: Place): YitongError => new YitongError('bad_feed', what, { place });

/** @throws YitongError `bad_feed` if it is not there or cannot stand in a request; never with the value */
export async function readSecret(reference: Reference, baseDir: string, place: Place, env: Readonly<Record<string, string | undefined>>): Promise<string> {
  const secret = 'env' in reference ? env[reference.env] : (await readText(reference.file, baseDir, MAX_SECRET, place)).trim();
  const name = 'env' in reference ? `the environment variable \`${reference.env}\`` : `the file \`${reference.file}\``;
  if (secret === undefined || secret === '') throw refuse(`${name} that the feed names is not set`, place);
  const whole = `${reference.prefix ?? ''}${secret}`;
  if (!PRINTABLE.test(whole)) throw refuse(`${name} that the feed names holds characters that cannot be sent`, place);
  return whole;
}

/** @throws YitongError `bad_feed` */
export async function readText(file: string, baseDir: string, limit: number, place: Place): Promise<string> {
  const path = resolve(baseDir, file);
  const info = await stat(path).catch(() => undefined);
  if (info?.isFile() !== true) throw refuse(`the file \`${file}\` that the feed names is not there`, place);
  if (info.size > limit) throw refuse(`the file \`${file}\` that the feed names is larger than ${limit} bytes`, place);
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new YitongError('bad_feed', `the file \`${file}\` that the feed names cannot be read`, { place, cause });
  });
}
