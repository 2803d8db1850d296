/** What a name in a recipe means, settled when the recipe is compiled. */
import { dateOf, isDate } from './days.js';
import { complain, type Node } from './language.js';
import { BUILT_IN, follow, type Make, type Value } from './scope.js';

/** The names that may stand at a place of a recipe. */
export interface Names {
  /** Values computed earlier for this record, by place in `Scope.locals`. */
  readonly locals: ReadonlyMap<string, number>;
  /** The first place in `Scope.locals` that is free. */
  readonly next: number;
  /** Attributes of the population, by slot. */
  readonly attributes: ReadonlyMap<string, number>;
  readonly hostName?: string;
  readonly inEach: boolean;
  /** Records of one subject at most; the running number of a record is subject × most + record. */
  readonly most: number;
}

export function reference(node: Node, name: string, names: Names): Make {
  const [head = '', ...rest] = name.split('.');
  const first = start(node, head, names);
  const [one, ...more] = rest;
  if (one === undefined) return first;
  if (more.length === 0) return (scope) => follow(first(scope), one);
  return (scope) => rest.reduce<Value>(follow, first(scope));
}

function start(node: Node, head: string, names: Names): Make {
  const local = names.locals.get(head);
  if (local !== undefined) return (scope) => scope.locals[local] ?? null;
  const slot = names.attributes.get(head);
  if (slot !== undefined) return (scope) => scope.subject.attribute(slot);
  const { most } = names;
  switch (head) {
    case 'today':
      return (scope) => dateOf(scope.today);
    case 'month':
      return (scope) => `${dateOf(scope.today).slice(0, 8)}01`;
    case 'record':
      return (scope) => scope.record + 1;
    case 'number':
      return (scope) => scope.subject.index * most + scope.record + 1;
    case 'place':
      return (scope) => scope.place;
    case 'item':
      if (!names.inEach) complain(node, 'names `item`, which there is only within `each`');
      return (scope) => scope.item;
    default:
      if (head === names.hostName) return (scope) => scope.subject.host;
      if (!(BUILT_IN as readonly string[]).includes(head)) complain(node, `names \`${head}\`, which is not known here`);
      return (scope) => follow(scope.subject, head);
  }
}

/** A day as it stands in a recipe: a date, or the name of one. */
export function dayReference(node: Node, names: Names): Make {
  const text = node.value;
  if (typeof text !== 'string') complain(node, 'must be a date or a reference');
  return isDate(text) ? () => text : reference(node, text, names);
}

const PART = /\{([A-Za-z][A-Za-z0-9_.]*)(?::(\d{1,2}))?\}/y;

/** `食{number:7}` as parts: text, or a reference with its width. */
export function template(
  node: Node,
  text: string,
): readonly (string | { readonly name: string; readonly width: number })[] {
  const parts: (string | { readonly name: string; readonly width: number })[] = [];
  let at = 0;
  while (at < text.length) {
    const brace = text.indexOf('{', at);
    if (brace !== at) parts.push(text.slice(at, brace === -1 ? undefined : brace));
    if (brace === -1) break;
    PART.lastIndex = brace;
    const found = PART.exec(text);
    if (found?.[1] === undefined) complain(node, 'has a brace that is not a reference');
    parts.push({ name: found[1], width: Number(found[2] ?? 0) });
    at = PART.lastIndex;
  }
  return parts;
}
