/** What a feed names and does not hold: credentials and keys, in the environment or in a file. */
import { isYitongError, type Place, YitongError } from '../../contracts/errors.js';
import { openPlace, placeOf } from './places.js';

export type Reference =
  | { readonly env: string; readonly prefix?: string }
  | { readonly file: string; readonly prefix?: string };

/** So that a feed cannot send any other variable of the process to its host. */
export const ENVIRONMENT_PATTERN = '^YITONG_FEED_[A-Z0-9_]{1,100}$';
/** JSON schema of a Reference without a prefix. */
export const secretSchema = {
  anyOf: [
    {
      type: 'object',
      additionalProperties: false,
      required: ['env'],
      properties: { env: { type: 'string', pattern: ENVIRONMENT_PATTERN } },
    },
    {
      type: 'object',
      additionalProperties: false,
      required: ['file'],
      properties: { file: { type: 'string', minLength: 1, maxLength: 400 } },
    },
  ],
} as const;

const MAX_SECRET = 16_384;
const PRINTABLE = /^[\x20-\x7e]+$/;

const refuse = (what: string, place: Place): YitongError => new YitongError('bad_feed', what, { place });

/** Where what a feed names may lie: relative paths below `baseDir`, all of them below `roots` (`filesRoots`). */
interface Ground {
  readonly baseDir: string;
  readonly roots: readonly string[];
}

/**
 * @throws YitongError `bad_feed` if it is not there, lies elsewhere, or cannot stand in a request; never with the value
 */
export async function readSecret(
  reference: Reference,
  ground: Ground,
  place: Place,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const secret =
    'env' in reference ? env[reference.env] : (await readText(reference.file, ground, MAX_SECRET, place)).trim();
  const name = 'env' in reference ? `the environment variable \`${reference.env}\`` : `the file \`${reference.file}\``;
  if (secret === undefined || secret === '') throw refuse(`${name} that the feed names is not set`, place);
  const whole = `${reference.prefix ?? ''}${secret}`;
  if (!PRINTABLE.test(whole)) throw refuse(`${name} that the feed names holds characters that cannot be sent`, place);
  return whole;
}

/**
 * A text that a feed names: as for its data, nothing outside of the roots, so that no feed sends another's password to
 * its own host.
 * @throws YitongError `bad_feed`
 */
export async function readText(file: string, { baseDir, roots }: Ground, limit: number, place: Place): Promise<string> {
  const real = await placeOf(roots, baseDir, file).catch((error: unknown) => {
    throw isYitongError(error) ? refuse(error.message, place) : error;
  });
  if (real === undefined) throw refuse(`the file \`${file}\` that the feed names is not there`, place);
  const handle = await openPlace(real).catch((cause: unknown) => {
    throw new YitongError('bad_feed', `the file \`${file}\` that the feed names cannot be read`, { place, cause });
  });
  try {
    if ((await handle.stat()).size > limit)
      throw refuse(`the file \`${file}\` that the feed names is larger than ${limit} bytes`, place);
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}
