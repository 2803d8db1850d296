/**
 * Runs `cases.json`. A case is of one of two kinds, told by its input:
 * - a decision (`client`, `purpose`, `dataset`, …) under all content of the workspace;
 * - a rule (`resource`, `action`, `context`) under the policies of its own topic alone, so that it holds in every
 *   workspace. A topic that only forbids is tried beside a policy that permits all.
 */

import { type Place, YitongError } from '../contracts/errors.js';
import { present } from '../contracts/present.js';
import type { Delivery } from '../contracts/types.js';
import { shape } from '../contracts/validate.js';
import { type CedarEngine, makeCedarEngine } from './cedar.js';
import type { CedarContext, CedarResource } from './schema.js';
import type { CaseFile, Client, Decider, PolicySet } from './types.js';

interface DecisionCase {
  readonly client: string;
  readonly purpose: string;
  readonly dataset: string;
  readonly fields?: readonly string[];
  readonly delivery?: Delivery;
  readonly case?: { readonly item?: string; readonly caseId?: string; readonly actor?: string };
  /** ISO 8601; otherwise the time of the run. */
  readonly at?: string;
}
interface RuleCase {
  readonly client?: string;
  readonly authority?: string;
  readonly action?: Delivery;
  readonly resource?: Partial<CedarResource>;
  readonly context?: Partial<CedarContext>;
}
interface Case {
  readonly name: string;
  readonly input: DecisionCase & RuleCase;
  /**
   * `fields`: exactly these are released. `reason`: a reason code of the decision or of a withheld field; in a rule
   * case the id of a policy that decided.
   */
  readonly expect: { readonly effect: 'allow' | 'deny'; readonly fields?: readonly string[]; readonly reason?: string };
}

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const texts = { type: 'array', items: text } as const;
const delivery = { enum: ['query', 'verify', 'batch', 'file', 'subscription'] } as const;
const closed = (properties: object, required: readonly string[] = []): object => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties,
});
const decisionInput = closed(
  {
    client: text,
    purpose: text,
    dataset: text,
    fields: texts,
    delivery,
    case: closed({ item: text, caseId: text, actor: text }),
    at: { type: 'string', format: 'date-time' },
  },
  ['client', 'purpose', 'dataset'],
);
const ruleInput = closed({
  client: text,
  authority: text,
  action: delivery,
  resource: closed({
    authority: text,
    sharing: text,
    persons: flag,
    grade: text,
    category: text,
    classification: text,
    kind: text,
    domains: texts,
  }),
  context: closed({
    purpose: text,
    purposeBasis: texts,
    legalBasis: texts,
    grant: text,
    rows: text,
    notice: text,
    hasItem: flag,
    hasCase: flag,
    hasActor: flag,
  }),
});
const readCase = shape<Case>(
  closed(
    {
      name: { type: 'string', minLength: 1 },
      input: {
        type: 'object',
        if: { type: 'object', properties: { dataset: true }, required: ['dataset'] },
        then: decisionInput,
        else: ruleInput,
      },
      expect: closed({ effect: { enum: ['allow', 'deny'] }, fields: texts, reason: text }, ['effect']),
    },
    ['name', 'input', 'expect'],
  ),
  'bad_policy',
);

const RESOURCE: CedarResource = {
  authority: 'owner',
  sharing: 'conditional',
  persons: false,
  grade: 'general',
  category: 'general',
  classification: 'internal',
  kind: 'record',
  domains: [],
};
const CONTEXT: CedarContext = {
  purpose: 'purpose',
  purposeBasis: [],
  legalBasis: [],
  grant: 'grant',
  rows: 'all',
  notice: 'immediate',
  hasItem: false,
  hasCase: false,
  hasActor: false,
};

interface Outcome {
  readonly effect: 'allow' | 'deny';
  readonly fields?: readonly string[];
  readonly reasons: readonly string[];
  readonly errors: readonly string[];
}

function decided(given: DecisionCase, set: PolicySet, decider: Decider, now: number, place: Place): Outcome {
  const clients: ReadonlyMap<string, Client> = set.clients;
  const client = clients.get(given.client);
  if (client === undefined)
    throw new YitongError('bad_policy', `a case names the unknown client \`${given.client}\``, { place });
  const { effect, fields, reasons, withheld, errors } = decider.decide({
    client,
    purpose: given.purpose,
    dataset: given.dataset,
    ...present({ fields: given.fields }),
    delivery: given.delivery ?? 'query',
    ...present({ case: given.case }),
    now: given.at === undefined ? now : Date.parse(given.at),
  });
  return {
    effect,
    fields: fields.map(({ path }) => path),
    reasons: [...reasons.map(({ code }) => code), ...withheld.map(({ reason }) => reason)],
    errors,
  };
}

function ruled(given: RuleCase, engine: CedarEngine): Outcome {
  const verdict = engine.evaluate({
    client: given.client ?? 'client',
    authority: given.authority ?? 'asker',
    action: given.action ?? 'query',
    dataset: 'owner.dataset',
    resource: { ...RESOURCE, ...given.resource },
    context: { ...CONTEXT, ...given.context },
  });
  return { effect: verdict.permitted ? 'allow' : 'deny', reasons: verdict.policies, errors: verdict.errors };
}

function topicEngine(set: PolicySet, topic: string): CedarEngine {
  const rules = set.rules.filter((rule) => rule.topic === topic);
  const policies = Object.fromEntries(rules.map(({ id, text: policy }) => [id, policy]));
  if (rules.every(({ effect }) => effect === 'forbid'))
    policies['case/permit'] = 'permit (principal, action, resource);';
  return makeCedarEngine(policies);
}

const sorted = (items: readonly string[]): string => [...items].sort().join(', ');

/** What is wrong with an outcome, or undefined. */
function wrong({ effect, fields, reason }: Case['expect'], outcome: Outcome): string | undefined {
  if (outcome.effect !== effect)
    return `expected ${effect}, got ${outcome.effect} (${[...outcome.reasons, ...outcome.errors].join('; ')})`;
  if (fields !== undefined && sorted(fields) !== sorted(outcome.fields ?? []))
    return `expected the fields ${sorted(fields)}, got ${sorted(outcome.fields ?? [])}`;
  if (reason !== undefined && !outcome.reasons.includes(reason))
    return `expected the reason ${reason}, got ${sorted(outcome.reasons)}`;
  return undefined;
}

interface CaseResult {
  readonly topic: string;
  readonly file: string;
  readonly name: string;
  /** What is wrong; absent: the case holds. */
  readonly failure?: string;
}

function runFile(file: CaseFile, set: PolicySet, decider: Decider, now: number): CaseResult[] {
  const engine = topicEngine(set, file.topic);
  return file.cases.map((item) => {
    const place = { file: file.file };
    const { name, input, expect } = readCase(item, place);
    const outcome = 'dataset' in input ? decided(input, set, decider, now, place) : ruled(input, engine);
    const failure = wrong(expect, outcome);
    return { topic: file.topic, file: file.file, name, ...present({ failure }) };
  });
}

/**
 * @param now ms since 1970, for cases that name no time
 * @throws YitongError `bad_policy` for a malformed case
 */
export const runCases = (set: PolicySet, decider: Decider, now: number): readonly CaseResult[] =>
  set.cases.flatMap((file) => runFile(file, set, decider, now));
