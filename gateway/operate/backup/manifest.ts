/**
 * What a backup holds: `<backup>/manifest.json`, one line `{"sha256":"<hex>","manifest":{…}}` with the digest of the
 * inner text, beside the files in `<backup>/data/`. It is written last; a folder without one is no backup. The digests
 * find damage, not forgery: whoever can write the folder can write both. The log in it is signed apart.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { shape } from '../../../contracts/validate.js';
import { replaceFile } from '../../ground/files/durable.js';

export const FORMAT = 1;
export const MANIFEST = 'manifest.json';
/** Copies of the data folder's files, under their own names. */
export const FILES = 'data';

export interface ManifestFile {
  /** In the data folder, with `/`. */
  readonly path: string;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
  /** Permission bits. */
  readonly mode: number;
}

export interface ManifestLog {
  readonly origin: string;
  /** The log's key, which tells data folders apart. */
  readonly vkey: string;
  readonly size: number;
  /** base64 */
  readonly root: string;
  /** Entries under the checkpoint that was published by then; 0 if none was. */
  readonly publishedSize: number;
}

export interface Manifest {
  readonly format: number;
  /** Of the program that wrote it. */
  readonly program: string;
  /** ISO 8601, UTC: nothing of before `begun` is missing, nothing of after `ended` is in it. */
  readonly begun: string;
  readonly ended: string;
  /** Absent where the data folder has no log, as that of a connector. */
  readonly log?: ManifestLog;
  /** Current records a dataset, as the view counted them; empty where there is none. */
  readonly datasets: Readonly<Record<string, number>>;
  /** Files that no state knows, which are not in the backup. Where there are some it is not complete. */
  readonly unknown: readonly string[];
  readonly files: readonly ManifestFile[];
}

const text = { type: 'string', maxLength: 4096 };
const count = { type: 'integer', minimum: 0 };
const check = shape<Manifest>(
  {
    type: 'object',
    additionalProperties: false,
    required: ['format', 'program', 'begun', 'ended', 'datasets', 'unknown', 'files'],
    properties: {
      format: { const: FORMAT },
      program: text,
      begun: text,
      ended: text,
      log: {
        type: 'object',
        additionalProperties: false,
        required: ['origin', 'vkey', 'size', 'root', 'publishedSize'],
        properties: { origin: text, vkey: text, size: count, root: text, publishedSize: count },
      },
      datasets: { type: 'object', additionalProperties: count },
      unknown: { type: 'array', items: text },
      files: {
        type: 'array',
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['path', 'bytes', 'sha256', 'mode'],
          // no path leads out of the folder, whoever wrote the manifest
          properties: {
            path: {
              type: 'string',
              maxLength: 4096,
              pattern: '^(?!.*(?:^|/)\\.{1,2}(?:/|$))[^/\\\\\\u0000]+(?:/[^/\\\\\\u0000]+)*$',
            },
            bytes: count,
            sha256: { type: 'string', pattern: '^[0-9a-f]{64}$' },
            mode: { type: 'integer', minimum: 0, maximum: 0o777 },
          },
        },
      },
    },
  },
  'backup_manifest',
);

const digest = (inner: string): string => createHash('sha256').update(inner).digest('hex');

/** Durable when it returns. */
export function writeManifest(backup: string, manifest: Manifest): void {
  const inner = JSON.stringify(manifest);
  replaceFile(join(backup, MANIFEST), `{"sha256":"${digest(inner)}","manifest":${inner}}\n`, { mode: 0o600 });
}

/**
 * @throws YitongError `backup_manifest` if it is not there, cut off or changed; `backup_format` if it is of another
 * version
 */
export function readManifest(backup: string): Manifest {
  const place = { file: join(backup, MANIFEST) };
  let whole: string;
  try {
    whole = readFileSync(place.file, 'utf8');
  } catch (cause) {
    throw new YitongError('backup_manifest', 'this folder is no backup: it has no manifest that can be read', {
      place,
      cause,
    });
  }
  const [, sha256, inner] = /^\{"sha256":"([0-9a-f]{64})","manifest":(\{.*\})\}\n$/s.exec(whole) ?? [];
  if (inner === undefined || digest(inner) !== sha256)
    throw new YitongError('backup_manifest', 'the manifest of the backup is cut off or changed', { place });
  const value = JSON.parse(inner) as { readonly format?: unknown };
  if (value.format !== FORMAT)
    throw new YitongError(
      'backup_format',
      `the backup has format ${String(value.format)}; this version reads format ${FORMAT}`,
      { place },
    );
  return check(value, place);
}
