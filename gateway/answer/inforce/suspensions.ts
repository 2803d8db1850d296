/**
 * Grants that the sharing authority has suspended over what `policies/` declares: versions of one text in
 * `<data>/suspended/`, which every worker of the data folder reads; with a store that replicas share, what this one
 * knows of it (`shared-suspensions.ts`). It only ever takes away. Who it was stands in the
 * audit log, under that person's own key.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import type { GrantId } from '../../../contracts/ids.js';
import { present } from '../../../contracts/present.js';
import { shape } from '../../../contracts/validate.js';
import type { Grant, PolicySet } from '../../../policies/types.js';
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
  /** Version of the shared set that it is a copy of; absent where none was copied. */
  readonly shared?: number;
}

const text = { type: 'string', minLength: 1, maxLength: 1000 };
const suspensionSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['at', 'by', 'reason', 'entry'],
  properties: { at: text, by: text, reason: text, entry: text },
};
const grantsSchema = { type: 'object', additionalProperties: suspensionSchema };
const check = shape<{ readonly grants: Readonly<Record<string, Suspension>>; readonly shared?: number }>(
  {
    type: 'object',
    additionalProperties: false,
    required: ['grants'],
    properties: { grants: grantsSchema, shared: { type: 'integer', minimum: 0 } },
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
    const { grants, shared } = check(JSON.parse(found.text), place);
    return { number: found.number, grants: new Map(Object.entries(grants)), ...present({ shared }) };
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
    if (swapSuspensions(dir, number, grants)) return { number: number + 1, grants };
  }
}

/** Makes these the version behind `number`. @returns false where another came first, and nothing was changed */
export const swapSuspensions = (
  dir: string,
  number: number,
  grants: ReadonlyMap<string, Suspension>,
  shared?: number,
): boolean =>
  swapVersion(dir, number, `${JSON.stringify({ grants: Object.fromEntries(grants), ...present({ shared }) })}\n`);

/** What the shared set says of a grant that is suspended or was. */
export interface SharedSuspension {
  readonly suspension?: Suspension;
  /** Entries of its suspensions that are over: a copy that still has one of them is out of date. */
  readonly resumed: readonly string[];
}

const checkShared = shape<Readonly<Record<string, SharedSuspension>>>(
  {
    type: 'object',
    additionalProperties: {
      type: 'object',
      additionalProperties: false,
      required: ['resumed'],
      properties: { suspension: suspensionSchema, resumed: { type: 'array', items: text } },
    },
  },
  'bad_policy',
);

/** From the members of the shared set. @throws YitongError `bad_policy` where they are not suspensions */
export const sharedSuspensions = (members: ReadonlyMap<string, unknown>): ReadonlyMap<string, SharedSuspension> =>
  new Map(Object.entries(checkShared(Object.fromEntries(members), { file: 'the state' })));

/** Grants of a set that its files do not suspend. */
const byAuthority = new WeakSet<Grant>();

/** Whether what is in force has it suspended by its own file, which nobody resumes but there. */
export const suspendedByFile = (grant: Grant): boolean => grant.status === 'suspended' && !byAuthority.has(grant);

function suspend(grant: Grant): Grant {
  const suspended = { ...grant, status: 'suspended' as const };
  byAuthority.add(suspended);
  return suspended;
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
    grants: new Map([...set.grants].map(([id, grant]) => [id, narrowed.has(id) ? suspend(grant) : grant])),
  };
}
