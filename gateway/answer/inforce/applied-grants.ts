/**
 * Grants that applications made, in the state that every replica shares: a set whose members are grants by id. Each
 * replica keeps what it knows of it in its data folder, and that is what is in force there beside the grants in files
 * (`follow.ts`): a store that is away neither adds a grant nor loses one. One that has ended keeps its member, which
 * says so, and a replica that knows of an end says it again to a store that was put back to before it: what has ended
 * never comes back.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { canonicalJson } from '../../../contracts/canonical.js';
import { isYitongError, YitongError } from '../../../contracts/errors.js';
import type { GrantId } from '../../../contracts/ids.js';
import { present } from '../../../contracts/present.js';
import type { Workspace } from '../../../contracts/types.js';
import { shape } from '../../../contracts/validate.js';
import { grantOf } from '../../../policies/load.js';
import type { GrantFile } from '../../../policies/shapes.js';
import type { Grant, PolicySet } from '../../../policies/types.js';
import { readVersion, swapVersion } from '../../ground/files/versions.js';
import { asJson } from '../../ground/state/as-json.js';
import { type Change, type Json, type State, StateConflict } from '../../ground/state/port.js';

/** The name of the set. */
export const APPLIED = 'applied-grants';

export interface AppliedGrant {
  readonly grant: GrantFile;
  /** The matter of which it came, and its part. */
  readonly matter: string;
  readonly part: string;
  /** Receipt of the consent. */
  readonly entry: string;
}

interface EndedGrant {
  readonly ended: {
    /** ISO 8601 UTC */
    readonly at: string;
    readonly entry: string;
  };
}

export type Applied = ReadonlyMap<string, AppliedGrant | EndedGrant>;

/** Changes for the commit of the consent. */
export function appliedGrants(grants: readonly (AppliedGrant & { readonly id: string })[]): readonly Change[] {
  if (grants.length === 0) return [];
  const put: Record<string, Json> = {};
  for (const { id, ...applied } of grants) put[id] = asJson(applied);
  return [{ do: 'set', set: APPLIED, put }];
}

/** Changes for the commit of the step that ends them. */
export function endedGrants(ids: readonly string[], ended: EndedGrant['ended']): readonly Change[] {
  if (ids.length === 0) return [];
  return [{ do: 'set', set: APPLIED, put: Object.fromEntries(ids.map((id) => [id, { ended: { ...ended } }])) }];
}

const text = { type: 'string', minLength: 1, maxLength: 400 };
const closed = (properties: object, required = Object.keys(properties)): object => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties,
});
const membersSchema = {
  type: 'object',
  additionalProperties: {
    anyOf: [
      // what is in the grant is checked where it comes into force, as a file is
      closed({ grant: { type: 'object' }, matter: text, part: { type: 'string' }, entry: text }),
      closed({ ended: closed({ at: text, entry: text }) }),
    ],
  },
};
type Members = Readonly<Record<string, AppliedGrant | EndedGrant>>;
const checkMembers = shape<Members>(membersSchema, 'bad_grant');
const checkCopy = shape<{ readonly grants: Members; readonly shared: number }>(
  closed({ grants: membersSchema, shared: { type: 'integer', minimum: 0 } }),
  'bad_grant',
);

export const appliedDir = (dataDir: string): string => join(dataDir, 'applied');

interface Copy {
  /** 0 where there never was one. */
  readonly number: number;
  readonly grants: Applied;
  /** Version of the set that it is a copy of. */
  readonly shared?: number;
}

/** @throws YitongError `bad_grant` where it cannot be read: then nobody knows what was granted */
export function readApplied(dir: string): Copy {
  const place = { file: dir };
  try {
    const found = readVersion(dir);
    if (found === undefined) return { number: 0, grants: new Map() };
    const { grants, shared } = checkCopy(JSON.parse(found.text), place);
    return { number: found.number, grants: new Map(Object.entries(grants)), shared };
  } catch (cause) {
    throw new YitongError('bad_grant', 'the grants of applications cannot be read', { place, cause });
  }
}

/** As the store has them. @throws YitongError `state_unavailable`, `bad_grant` */
export async function appliedIn(
  state: Pick<State, 'set'>,
): Promise<{ readonly grants: Applied; readonly version: number }> {
  const { version, members } = await state.set(APPLIED);
  return {
    version,
    grants: new Map(Object.entries(checkMembers(Object.fromEntries(members), { file: 'the state' }))),
  };
}

/** Brings what this replica keeps up to the store; several of its processes may do so at once. */
export async function copyApplied(state: Pick<State, 'set' | 'commit'>, dir: string): Promise<void> {
  for (;;) {
    // in this order: what the store has is not older than what was copied from it before
    const local = readApplied(dir);
    const { grants, version } = await appliedIn(state);
    if (local.shared === version) return;
    const put: Record<string, Json> = {};
    for (const [id, one] of local.grants) {
      const there = grants.get(id);
      if ('ended' in one && (there === undefined || !('ended' in there))) put[id] = asJson(one);
    }
    if (Object.keys(put).length > 0) {
      try {
        await state.commit([{ do: 'set', set: APPLIED, version, put }]);
      } catch (error) {
        if (!(error instanceof StateConflict)) throw error;
      }
      continue;
    }
    const copy = `${JSON.stringify({ grants: Object.fromEntries(grants), shared: version })}\n`;
    if (swapVersion(dir, local.number, copy)) return;
  }
}

interface WithApplied {
  readonly set: PolicySet;
  /** Those that are no grant of this workspace, and why: they are not in force. */
  readonly refused: readonly { readonly id: string; readonly error: YitongError }[];
}

/** The set with the grants of applications beside those in files, each checked as a file is; under another version. */
export function appliedTo(set: PolicySet, workspace: Workspace, applied: Applied): WithApplied {
  const added = new Map<GrantId, Grant>();
  const refused: { readonly id: string; readonly error: YitongError }[] = [];
  for (const [id, one] of applied) {
    if ('ended' in one) continue;
    try {
      const grant = grantOf(id, one.grant, { workspace, ...set }, { file: `the application ${one.matter}` });
      if (set.grants.has(grant.id)) throw new YitongError('bad_grant', `there is a file of the grant \`${id}\``);
      added.set(grant.id, grant);
    } catch (error) {
      if (!isYitongError(error)) throw error;
      refused.push({ id, error });
    }
  }
  if (added.size === 0) return { set, refused };
  const said = canonicalJson([...added.values()].sort((a, b) => (a.id < b.id ? -1 : 1)));
  return {
    refused,
    set: {
      ...set,
      version: createHash('sha256').update(`${set.version}\napplied ${said}`).digest('hex'),
      grants: new Map([...set.grants, ...added]),
    },
  };
}

/** Where a grant comes from, for whoever shows it. */
export const originOf = (
  applied: Applied,
  grant: string,
): { readonly matter?: string; readonly part?: string; readonly entry?: string } => {
  const found = applied.get(grant);
  return found === undefined || 'ended' in found
    ? {}
    : present({ matter: found.matter, part: found.part, entry: found.entry });
};
