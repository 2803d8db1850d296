/**
 * Grants that the sharing authority has suspended over what `policies/` declares: versions of one text in
 * `<data>/suspended/`, which every worker of the data folder reads. It only ever takes away. Who it was stands in the
 * audit log, under that person's own key.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import type { GrantId } from '../../../contracts/ids.js';
import { shape } from '../../../contracts/validate.js';
import type { PolicySet } from '../../../policies/types.js';
import { readVersion, swapVersion } from '../../ground/files/versions.js';

export interface Suspension {
  /** ISO 8601 UTC */
  readonly at: string;
  /** The role that did it. */
  readonly by: string;
  readonly reason: string;
  /** Receipt of the audit entry that names the person. */
  readonly entry: string;
}

export interface Suspensions {
  /** 0 where nothing was ever suspended. */
  readonly number: number;
  readonly grants: ReadonlyMap<string, Suspension>;
}

const text = { type: 'string', minLength: 1, maxLength: 1000 };
const check = shape<{ readonly grants: Readonly<Record<string, Suspension>> }>(
  {
    type: 'object',
    additionalProperties: false,
    required: ['grants'],
    properties: {
      grants: {
        type: 'object',
        additionalProperties: {
          type: 'object',
          additionalProperties: false,
          required: ['at', 'by', 'reason', 'entry'],
          properties: { at: text, by: text, reason: text, entry: text },
        },
      },
    },
  },
  'bad_policy',
);

export const suspensionsDir = (dataDir: string): string => join(dataDir, 'suspended');

/** @throws YitongError `bad_policy` where they cannot be read: then nobody knows which grants are suspended */
export function readSuspensions(dir: string): Suspensions {
  const place = { file: dir };
  try {
    const found = readVersion(dir);
    if (found === undefined) return { number: 0, grants: new Map() };
    return { number: found.number, grants: new Map(Object.entries(check(JSON.parse(found.text), place).grants)) };
  } catch (cause) {
    throw new YitongError('bad_policy', 'the suspended grants cannot be read', { place, cause });
  }
}

/** Durable when it returns; whoever comes at the same time loses nothing. */
export function changeSuspensions(dir: string, change: (grants: Map<string, Suspension>) => void): Suspensions {
  for (;;) {
    const { number, grants: before } = readSuspensions(dir);
    const grants = new Map(before);
    change(grants);
    if (swapVersion(dir, number, `${JSON.stringify({ grants: Object.fromEntries(grants) })}\n`))
      return { number: number + 1, grants };
  }
}

/**
 * The set with these grants suspended, under a version of its own. A grant that the set does not have is none of its
 * business.
 */
export function suspendedIn(set: PolicySet, { grants: suspended }: Suspensions): PolicySet {
  const ids = [...suspended.keys()].filter((id) => set.grants.get(id as GrantId)?.status === 'active').sort();
  if (ids.length === 0) return set;
  const narrowed = new Set(ids);
  return {
    ...set,
    version: createHash('sha256')
      .update(`${set.version}\nsuspended ${JSON.stringify(ids)}`)
      .digest('hex'),
    grants: new Map(
      [...set.grants].map(([id, grant]) => [id, narrowed.has(id) ? { ...grant, status: 'suspended' as const } : grant]),
    ),
  };
}
