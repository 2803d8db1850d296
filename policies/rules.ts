/** Files of policies become checked rules with ids and places. Pure: text comes in. */
import { YitongError } from '../contracts/errors.js';
import { type CedarPolicy, type CedarProblem, checkPolicies, type PassedChecks, splitPolicies } from './cedar.js';
import { type KnownNames, references } from './schema.js';
import type { Rule } from './types.js';

const ID = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const COMPARED = new Set(['==', '!=', 'contains', 'containsAny', 'containsAll']);
type Json = { readonly [key: string]: unknown };
const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

const lineAt = (text: string, offset: number): number => text.slice(0, offset).split('\n').length;

/** `{".":{left:{Var:"resource"},attr:"kind"}}` → `resource.kind` */
function attribute(node: unknown): string | undefined {
  const access = isJson(node) ? node['.'] : undefined;
  if (!isJson(access) || !isJson(access['left'])) return undefined;
  const { Var: variable } = access['left'];
  return typeof variable === 'string' && typeof access['attr'] === 'string'
    ? `${variable}.${access['attr']}`
    : undefined;
}

/** The strings of a literal or of a set of literals. */
function literals(node: unknown): string[] {
  if (!isJson(node)) return [];
  if (typeof node['Value'] === 'string') return [node['Value']];
  const items = Array.isArray(node['Set'])
    ? node['Set']
    : Array.isArray(node['Value'])
      ? node['Value'].map((value: unknown) => ({ Value: value }))
      : [];
  return items.flatMap(literals);
}

/** Every `attribute <op> literal` and every entity that a policy names. */
function* names(node: unknown): Generator<{ readonly where: string; readonly name: string }> {
  if (Array.isArray(node)) {
    for (const item of node) yield* names(item);
    return;
  }
  if (!isJson(node)) return;
  const { type, id } = node;
  if ((type === 'Client' || type === 'Dataset') && typeof id === 'string') yield { where: type, name: id };
  for (const [key, value] of Object.entries(node)) {
    if (COMPARED.has(key) && isJson(value)) {
      for (const [one, other] of [
        [value['left'], value['right']],
        [value['right'], value['left']],
      ]) {
        const where = attribute(one);
        if (where !== undefined) for (const name of literals(other)) yield { where, name };
      }
    }
    yield* names(value);
  }
}

/** One `policy.cedar`. */
export interface RuleFile {
  /** The folder's name. */
  readonly topic: string;
  readonly file: string;
  readonly text: string;
}

function refuse({ file, text }: RuleFile, { message, offset }: CedarProblem, base = 0): never {
  throw new YitongError('bad_policy', message, { place: { file, line: lineAt(text, base + (offset ?? 0)) } });
}

interface Placed extends CedarPolicy {
  readonly id: string;
  /** Where it begins in its file. */
  readonly offset: number;
}

function policiesOf(of: RuleFile): readonly Placed[] {
  const split = splitPolicies(of.text);
  if ('problems' in split) return refuse(of, split.problems[0] ?? { message: 'the policies do not compile' });
  const taken = new Set<string>();
  let from = 0;
  return split.policies.map((policy, index) => {
    const offset = Math.max(of.text.indexOf(policy.text, from), 0);
    from = offset + policy.text.length;
    const name = policy.idAnnotation ?? String(index + 1);
    if (!ID.test(name))
      refuse(of, { message: `the policy id \`${name}\` must be lower-case words joined by hyphens` }, offset);
    const id = `${of.topic}/${name}`;
    if (taken.has(id)) refuse(of, { message: `the policy id \`${id}\` is taken twice` }, offset);
    taken.add(id);
    return { ...policy, id, offset };
  });
}

/**
 * @throws YitongError `bad_policy` with file and line: what does not compile, speaks of an unknown attribute, names
 * what the workspace does not have, can never hold, or takes an id twice
 */
export function readRules(files: readonly RuleFile[], known: KnownNames, passed?: PassedChecks): readonly Rule[] {
  const all = files.flatMap((of) => policiesOf(of).map((policy) => ({ of, policy })));
  const problems = checkPolicies(
    all.map(({ policy }) => policy.text),
    passed,
  );
  const allowed = references(known);
  return all.map(({ of, policy }, index) => {
    const { id, offset } = policy;
    const [first] = problems[index] ?? [];
    if (first !== undefined) refuse(of, first, offset);
    for (const { where, name: used } of names(policy.json)) {
      const set = where === 'Client' ? known.clients : where === 'Dataset' ? known.datasets : allowed.get(where);
      if (set !== undefined && !set.has(used))
        refuse(of, { message: `\`${where}\` is compared with \`${used}\`, which the workspace does not know` }, offset);
    }
    return {
      id,
      topic: of.topic,
      text: policy.text,
      effect: policy.effect,
      file: of.file,
      line: lineAt(of.text, offset),
    };
  });
}
