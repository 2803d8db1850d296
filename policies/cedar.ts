/** The one importer of Cedar: splitting, checking and evaluating policies. */
import { createHash } from 'node:crypto';

// before Cedar itself
import './cedar-v8.js';
import {
  type DetailedError,
  policySetTextToParts,
  policyToJson,
  preparsePolicySet,
  preparseSchema,
  statefulIsAuthorized,
  validate,
} from '@cedar-policy/cedar-wasm/nodejs';
import { present } from '../contracts/present.js';
import type { Delivery } from '../contracts/types.js';
import { CEDAR_SCHEMA, type CedarContext, type CedarResource } from './schema.js';

export interface CedarProblem {
  readonly message: string;
  /** Byte offset in the text that was given. */
  readonly offset?: number;
}

export interface CedarPolicy {
  readonly text: string;
  readonly effect: 'permit' | 'forbid';
  readonly idAnnotation?: string;
  /** The policy as Cedar's JSON, for the search for names. */
  readonly json: unknown;
}

const problem = (error: DetailedError): CedarProblem => {
  const message = error.help === null ? error.message : `${error.message} (${error.help})`;
  const start = error.sourceLocations?.[0]?.start;
  return start === undefined ? { message } : { message, offset: start };
};

/** Splits a file into its policies, in the order of the file. Templates are refused: nothing links them. */
export function splitPolicies(
  text: string,
): { readonly policies: readonly CedarPolicy[] } | { readonly problems: readonly CedarProblem[] } {
  const parts = policySetTextToParts(text);
  if (parts.type === 'failure') return { problems: parts.errors.map(problem) };
  if (parts.policy_templates.length > 0)
    return { problems: [{ message: 'templates (`?principal`, `?resource`) are not used here' }] };
  // Cedar returns them sorted by `policy0`, `policy1`, `policy10`, `policy2`: undo that
  const order = parts.policies.map((_, index) => `policy${String(index)}`).sort();
  const inFile: string[] = [];
  for (const [at, id] of order.entries()) inFile[Number(id.slice('policy'.length))] = parts.policies[at] ?? '';
  const policies: CedarPolicy[] = [];
  for (const part of inFile) {
    const parsed = policyToJson(part);
    if (parsed.type === 'failure') return { problems: parsed.errors.map(problem) };
    const id = parsed.json.annotations?.['id'];
    policies.push({
      text: part,
      effect: parsed.json.effect,
      json: parsed.json,
      ...present({ idAnnotation: id }),
    });
  }
  return { policies };
}

/** Names in Chinese and Latin side by side are common here and no mistake. */
const HARMLESS = /contains mixed scripts|general security profile/;

/** Digests of what passed a check before. */
export interface PassedChecks {
  has(digest: string): boolean;
  add(digest: string): void;
}

/**
 * Checks policies against the schema, all in one call: reading the schema is most of its cost. A policy that can never
 * hold counts as a mistake.
 * @param passed the check is left out where the same texts passed it under the same schema
 * @returns what is wrong with each, in the order of `texts`
 */
export function checkPolicies(texts: readonly string[], passed?: PassedChecks): readonly (readonly CedarProblem[])[] {
  const found: CedarProblem[][] = texts.map(() => []);
  if (texts.length === 0) return found;
  const digest = createHash('sha256')
    .update(JSON.stringify([CEDAR_SCHEMA, texts]))
    .digest('hex');
  if (passed?.has(digest) === true) return found;
  const answer = validate({
    validationSettings: { mode: 'strict' },
    schema: CEDAR_SCHEMA,
    policies: { staticPolicies: Object.fromEntries(texts.map((text, index) => [String(index), text])) },
  });
  // nobody can say which of them it was
  if (answer.type === 'failure') return texts.map(() => answer.errors.map(problem));
  const warnings = answer.validationWarnings.filter(({ error }) => !HARMLESS.test(error.message));
  for (const { policyId, error } of [...answer.validationErrors, ...warnings]) {
    const of = found[Number(policyId)];
    if (of === undefined) return texts.map(() => [problem(error)]);
    of.push(problem(error));
  }
  if (found.every((problems) => problems.length === 0)) passed?.add(digest);
  return found;
}

interface CedarQuestion {
  readonly client: string;
  readonly authority: string;
  readonly action: Delivery;
  readonly dataset: string;
  readonly resource: CedarResource;
  readonly context: CedarContext;
}

export interface CedarVerdict {
  /** True only if a policy permits, none forbids, and none failed. */
  readonly permitted: boolean;
  /** Ids of the policies that decided. */
  readonly policies: readonly string[];
  readonly errors: readonly string[];
}

export interface CedarEngine {
  /** Never throws; whatever fails is an error, and an error is never a permit. */
  evaluate(question: CedarQuestion): CedarVerdict;
}

const SLOT = 'yitong';
/**
 * Cedar keeps one parsed set per id and thread for ever, so all engines share one id and load themselves when it is not
 * theirs.
 */
let loaded: object | undefined;

/** @param policies id → text, checked before */
export function makeCedarEngine(policies: Readonly<Record<string, string>>): CedarEngine {
  const own = {};
  const load = (): readonly string[] => {
    loaded = undefined;
    const schema = preparseSchema(SLOT, CEDAR_SCHEMA);
    if (schema.type === 'failure') return schema.errors.map((error) => error.message);
    const set = preparsePolicySet(SLOT, { staticPolicies: { ...policies } });
    if (set.type === 'failure') return set.errors.map((error) => error.message);
    loaded = own;
    return [];
  };
  const failed = (errors: readonly string[]): CedarVerdict => ({ permitted: false, policies: [], errors });
  return {
    evaluate({ client, authority, action, dataset, resource, context }) {
      try {
        if (loaded !== own) {
          const errors = load();
          if (errors.length > 0) return failed(errors);
        }
        const principal = { type: 'Client', id: client };
        const resourceId = { type: 'Dataset', id: dataset };
        const answer = statefulIsAuthorized({
          principal,
          action: { type: 'Action', id: action },
          resource: resourceId,
          context: { ...context, purposeBasis: [...context.purposeBasis], legalBasis: [...context.legalBasis] },
          preparsedSchemaName: SLOT,
          validateRequest: true,
          preparsedPolicySetId: SLOT,
          entities: [
            { uid: principal, attrs: { authority }, parents: [] },
            { uid: resourceId, attrs: { ...resource, domains: [...resource.domains] }, parents: [] },
          ],
        });
        if (answer.type === 'failure') return failed(answer.errors.map((error) => error.message));
        const { decision, diagnostics } = answer.response;
        // Cedar skips a policy that fails, also a `forbid`: what it would have said is unknown, so nothing is permitted
        const errors = diagnostics.errors.map(({ policyId, error }) => `policy \`${policyId}\`: ${error.message}`);
        return {
          permitted: decision === 'allow' && errors.length === 0,
          policies: [...diagnostics.reason].sort(),
          errors,
        };
      } catch (error) {
        loaded = undefined;
        return failed([`policy engine: ${error instanceof Error ? error.message : 'failed'}`]);
      }
    },
  };
}
