/** From `unknown` to a Mapping: every key of every step is known or the feed is refused with the place. */
import type { Condition, Expression, Mapping } from '../feed.js';
import { LIMITS } from './limits.js';
import { parseSteps } from './parse-steps.js';
import {
  type At,
  below,
  deeper,
  type Json,
  keys,
  list,
  object,
  refuse,
  text,
  texts,
  whole,
  word,
} from './parse-value.js';

/** @throws YitongError `bad_feed` with the path of the key that is wrong */
export function parseMapping(raw: unknown, file: string): Mapping {
  const at: At = { file, path: 'mapping', depth: 0 };
  const mapping = object(raw, at);
  keys(mapping, at, ['fields'], ['nulls', 'skip', 'zone']);
  return {
    ...(mapping['nulls'] === undefined ? {} : { nulls: texts(mapping['nulls'], below(at, 'nulls')) }),
    ...(mapping['zone'] === undefined ? {} : { zone: word(mapping['zone'], below(at, 'zone')) }),
    ...(mapping['skip'] === undefined ? {} : { skip: parseCondition(mapping['skip'], below(at, 'skip')) }),
    fields: parseFields(mapping['fields'], below(at, 'fields')),
  };
}

function parseFields(raw: unknown, at: At): Readonly<Record<string, Expression>> {
  const fields = Object.entries(object(raw, at));
  if (fields.length === 0) refuse(at, 'maps no field');
  if (fields.length > LIMITS.fields) refuse(at, `maps more than ${LIMITS.fields} fields`);
  return Object.fromEntries(
    fields.map(([target, expression]) => [target, parseExpression(expression, below(at, target))]),
  );
}

const EXPRESSIONS = ['from', 'const', 'concat', 'case', 'rows'] as const;

function parseExpression(raw: unknown, outer: At): Expression {
  const at = deeper(outer);
  const expression = object(raw, at);
  const kinds = EXPRESSIONS.filter((kind) => Object.hasOwn(expression, kind));
  const kind = kinds[0];
  if (kind === undefined || kinds.length > 1)
    refuse(at, 'must have exactly one of `from`, `const`, `concat`, `case`, `rows`');
  switch (kind) {
    case 'from':
      keys(expression, at, ['from'], ['steps', 'default']);
      return {
        from: word(expression['from'], below(at, 'from')),
        ...steps(expression, at),
        ...(Object.hasOwn(expression, 'default') ? { default: expression['default'] } : {}),
      };
    case 'const':
      keys(expression, at, ['const']);
      return { const: expression['const'] };
    case 'concat':
      keys(expression, at, ['concat'], ['steps']);
      return {
        concat: list(expression['concat'], below(at, 'concat'), LIMITS.steps).map((part, i) =>
          parsePart(part, below(at, `concat.${i}`)),
        ),
        ...steps(expression, at),
      };
    case 'case': {
      keys(expression, at, ['case'], ['else']);
      const branches = list(expression['case'], below(at, 'case'), LIMITS.parts).map((entry, i) => {
        const here = below(at, `case.${i}`);
        const branch = object(entry, here);
        keys(branch, here, ['when', 'use']);
        return {
          when: parseCondition(branch['when'], below(here, 'when')),
          use: parseExpression(branch['use'], below(here, 'use')),
        };
      });
      return {
        case: branches,
        ...(expression['else'] === undefined ? {} : { else: parseExpression(expression['else'], below(at, 'else')) }),
      };
    }
    case 'rows': {
      keys(expression, at, ['rows']);
      const here = below(at, 'rows');
      const rows = object(expression['rows'], here);
      keys(rows, here, ['from', 'fields'], ['split', 'max']);
      return {
        rows: {
          from: word(rows['from'], below(here, 'from')),
          ...(rows['split'] === undefined ? {} : { split: word(rows['split'], below(here, 'split')) }),
          ...(rows['max'] === undefined ? {} : { max: whole(rows['max'], below(here, 'max'), 1, LIMITS.parts) }),
          fields: parseFields(rows['fields'], below(here, 'fields')),
        },
      };
    }
  }
}

function steps(expression: Json, at: At): { steps?: ReturnType<typeof parseSteps> } {
  return expression['steps'] === undefined ? {} : { steps: parseSteps(expression['steps'], below(at, 'steps')) };
}

function parsePart(raw: unknown, at: At): Expression | { readonly text: string } {
  const part = object(raw, at);
  if (!Object.hasOwn(part, 'text')) return parseExpression(part, at);
  keys(part, at, ['text']);
  return { text: text(part['text'], below(at, 'text')) };
}

function parseCondition(raw: unknown, outer: At): Condition {
  const at = deeper(outer);
  const condition = object(raw, at);
  if (Object.hasOwn(condition, 'all') || Object.hasOwn(condition, 'any')) {
    const kind = Object.hasOwn(condition, 'all') ? 'all' : 'any';
    keys(condition, at, [kind]);
    const parts = list(condition[kind], below(at, kind), LIMITS.parts).map((part, i) =>
      parseCondition(part, below(at, `${kind}.${i}`)),
    );
    return kind === 'all' ? { all: parts } : { any: parts };
  }
  if (Object.hasOwn(condition, 'not')) {
    keys(condition, at, ['not']);
    return { not: parseCondition(condition['not'], below(at, 'not')) };
  }
  const tests = ['equals', 'in', 'startsWith', 'endsWith', 'contains', 'empty'] as const;
  const test = tests.find((name) => Object.hasOwn(condition, name));
  if (test === undefined)
    refuse(at, 'must have one of `equals`, `in`, `startsWith`, `endsWith`, `contains`, `empty`, `all`, `any`, `not`');
  keys(condition, at, ['column', test]);
  const column = word(condition['column'], below(at, 'column'));
  const value = condition[test];
  const here = below(at, test);
  switch (test) {
    case 'equals':
      return { column, equals: text(value, here) };
    case 'in':
      return { column, in: texts(value, here) };
    case 'startsWith':
      return { column, startsWith: word(value, here) };
    case 'endsWith':
      return { column, endsWith: word(value, here) };
    case 'contains':
      return { column, contains: word(value, here) };
    case 'empty':
      if (typeof value !== 'boolean') refuse(here, 'must be true or false');
      return { column, empty: value };
  }
}
