/**
 * Whom a change of contracts touches. Grants come as plain data: this house is below the one that knows what a grant
 * is.
 */
import { canonicalJson } from './canonical.js';
import type { DatasetId } from './ids.js';
import { CLASSIFICATIONS, type Contract, type FieldInfo, type Workspace } from './types.js';

export interface GrantFacts {
  readonly id: string;
  readonly dataset: string;
  /** Paths; a branch grants all below it. */
  readonly fields: readonly string[];
  readonly client: string;
}

export interface Impact {
  readonly grant: string;
  readonly client: string;
  readonly dataset: string;
  /**
   * `loses`: something granted is no longer there. `gains`: a granted branch holds more than when it was granted.
   * `changes`: the rest.
   */
  readonly effects: readonly { readonly kind: 'loses' | 'gains' | 'changes'; readonly message: string }[];
}

export type Effect = Impact['effects'][number];

/** `members` covers `members[].role`; `address` covers `address.city`. */
const covers = (granted: string, path: string): boolean =>
  path === granted || path.startsWith(`${granted}.`) || path.startsWith(`${granted}[]`);
const rank = (field: FieldInfo): number => CLASSIFICATIONS.indexOf(field.classification);

/** What became of one field. */
export function compareField(before: FieldInfo, now: FieldInfo | undefined): Effect[] {
  if (now === undefined) return [{ kind: 'loses', message: `\`${before.path}\` is gone` }];
  const effects: Effect[] = [];
  const changes = (message: string): number =>
    effects.push({ kind: 'changes', message: `\`${before.path}\` ${message}` });
  if (before.type !== now.type) changes(`is now of type ${now.type} instead of ${before.type}`);
  if (!before.nullable && now.nullable) changes('may now be null');
  if (before.unit !== now.unit) changes(`is now in ${now.unit ?? 'no unit'} instead of ${before.unit ?? 'no unit'}`);
  if (!before.branch && rank(now) !== rank(before))
    changes(
      `is now classified ${now.classification} instead of ` +
        `${before.classification}${rank(now) > rank(before) ? '; policies may withhold it' : ''}`,
    );
  return effects;
}

function compareDataset(grant: GrantFacts, before: Contract, now: Contract): Effect[] {
  const effects: Effect[] = [];
  const after = new Map(now.latest.fields.map((field) => [field.path, field]));
  const known = new Set<string>(before.latest.fields.map(({ path }) => path));
  const granted = (path: string): boolean => grant.fields.some((field) => covers(field, path));
  for (const field of before.latest.fields)
    if (granted(field.path)) effects.push(...compareField(field, after.get(field.path)));
  for (const field of now.latest.fields) {
    if (!known.has(field.path) && granted(field.path))
      effects.push({
        kind: 'gains',
        message:
          `\`${field.path}\` (${field.classification}) is new below a granted field, ` + 'so the grant now reaches it',
      });
  }
  if (before.sharing.attribute !== now.sharing.attribute)
    effects.push({
      kind: now.sharing.attribute === 'none' ? 'loses' : 'changes',
      message: `the dataset is now shared ${now.sharing.attribute} instead of ${before.sharing.attribute}`,
    });
  if (canonicalJson(before.sharing.conditions ?? null) !== canonicalJson(now.sharing.conditions ?? null))
    effects.push({ kind: 'changes', message: 'the conditions of use are others' });
  for (const way of before.sharing.delivery)
    if (!now.sharing.delivery.includes(way)) effects.push({ kind: 'loses', message: `delivery by ${way} is gone` });
  if (before.subject.scheme !== now.subject.scheme || before.subject.field !== now.subject.field)
    effects.push({ kind: 'changes', message: 'the subject is named by another key' });
  if (before.recordId.join() !== now.recordId.join())
    effects.push({ kind: 'changes', message: 'records are told apart by other fields' });
  return effects;
}

/** The grants that the change from `before` to `after` touches, in the order given, each with what it means for it. */
export function impact(before: Workspace, after: Workspace, grants: readonly GrantFacts[]): readonly Impact[] {
  return grants.flatMap((grant) => {
    const [was, now] = [
      before.contracts.get(grant.dataset as DatasetId),
      after.contracts.get(grant.dataset as DatasetId),
    ];
    if (was === undefined) return [];
    const effects: Effect[] =
      now === undefined ? [{ kind: 'loses', message: 'the dataset is gone' }] : compareDataset(grant, was, now);
    return effects.length === 0 ? [] : [{ grant: grant.id, client: grant.client, dataset: grant.dataset, effects }];
  });
}
