/** Recipe values become functions, once. See `language.ts` for what can be written. */

import { type Compiling, drawOf } from './compiling.js';
import { test } from './conditions.js';
import { dateOf, dayOf, isDate, monthsLater, yearsLater } from './days.js';
import { weighted, wholeBetween } from './draws.js';
import { below, complain, entriesOf, itemsOf, keysOf, type Node, numberOf, textOf, verbOf } from './language.js';
import { dayReference, reference, template } from './references.js';
import type { Make, Scope, Value } from './scope.js';

const VERBS = [
  'const',
  'of',
  'text',
  'pick',
  'table',
  'whole',
  'decimal',
  'date',
  'moment',
  'chance',
  'case',
  'record',
  'list',
  'each',
];

/** @throws YitongError `bad_feed` naming the place */
export function value(node: Node, within: Compiling): Make {
  const verb = verbOf(node, VERBS);
  switch (verb) {
    case 'const': {
      const constant = keysOf(node, ['const'])['const']?.value as Value;
      return () => constant;
    }
    case 'of': {
      const { of } = keysOf(node, ['of']);
      return reference(of as Node, textOf(of as Node), within.names);
    }
    case 'text':
      return text(keysOf(node, ['text'])['text'] as Node, within);
    case 'pick':
      return pick(keysOf(node, ['pick'])['pick'] as Node, within);
    case 'table':
      return lookUp(node, within);
    case 'whole': {
      const bounds = keysOf(keysOf(node, ['whole'])['whole'] as Node, ['from', 'to', 'skew?']);
      const [from, to] = [numberOf(bounds['from'] as Node), numberOf(bounds['to'] as Node)];
      const skew = bounds['skew'] === undefined ? undefined : numberOf(bounds['skew'], 0.1, 20);
      const draw = drawOf(node, within);
      return (scope) => wholeBetween(draw(scope), from, to, skew);
    }
    case 'decimal':
      return decimal(node, within);
    case 'date':
      return date(node, within);
    case 'moment':
      return moment(node, within);
    case 'chance': {
      const p = numberOf(keysOf(node, ['chance'])['chance'] as Node, 0, 1);
      const draw = drawOf(node, within);
      return (scope) => draw(scope) < p;
    }
    case 'case':
      return choose(node, within);
    case 'record':
      return record(keysOf(node, ['record'])['record'] as Node, within);
    case 'list':
      return list(node, within);
    default:
      return each(node, within);
  }
}

function text(node: Node, within: Compiling): Make {
  const parts = template(node, textOf(node)).map((part, at) => {
    if (typeof part === 'string') return () => part;
    if (part.name === 'digits') {
      const draws = Array.from({ length: part.width }, (_, digit) => drawOf(node, within, `#${at}.${digit}`));
      return (scope: Scope) => draws.map((draw) => String(Math.floor(draw(scope) * 10))).join('');
    }
    const make = reference(node, part.name, within.names);
    return part.width === 0
      ? (scope: Scope) => plain(make(scope))
      : (scope: Scope) => plain(make(scope)).padStart(part.width, '0');
  });
  return (scope) => {
    let all = '';
    for (const part of parts) all += part(scope);
    return all;
  };
}

const plain = (made: Value): string => (typeof made === 'string' ? made : typeof made === 'number' ? String(made) : '');

function pick(node: Node, within: Compiling): Make {
  const draw = drawOf(node, within);
  const source =
    typeof node.value === 'string'
      ? (within.tables.get(node.value) ?? complain(node, `names the table \`${node.value}\`, which there is not`))
      : node;
  if (Array.isArray(source.value)) {
    const items = source.value as readonly Value[];
    if (items.length === 0) complain(node, 'has nothing to pick from');
    return (scope) => items[Math.floor(draw(scope) * items.length)] ?? null;
  }
  const rows = entriesOf(source);
  const weights = Object.values(rows).map((row) =>
    typeof row.value === 'number'
      ? numberOf(row, 0)
      : numberOf(entriesOf(row)['weight'] ?? below(row, undefined, 'weight'), 0),
  );
  if (!weights.some((weight) => weight > 0)) complain(node, 'has no weight above 0');
  const one = weighted(Object.keys(rows), weights);
  return (scope) => one(draw(scope));
}

function lookUp(node: Node, within: Compiling): Make {
  const { table, at, column } = keysOf(node, ['table', 'at', 'column?']);
  const rows = entriesOf(
    within.tables.get(textOf(table as Node)) ?? complain(table as Node, 'is not a table of the population'),
  );
  const cells = new Map<string, Value>();
  for (const [name, row] of Object.entries(rows)) {
    const cell = column === undefined ? row : entriesOf(row)[textOf(column)];
    if (cell === undefined) complain(row, `has no column \`${column === undefined ? '' : textOf(column)}\``);
    cells.set(name, cell.value as Value);
  }
  const key = reference(at as Node, textOf(at as Node), within.names);
  const draw = drawOf(node, within);
  return (scope) => {
    const cell = cells.get(plain(key(scope))) ?? null;
    return Array.isArray(cell) ? ((cell[Math.floor(draw(scope) * cell.length)] as Value | undefined) ?? null) : cell;
  };
}

function decimal(node: Node, within: Compiling): Make {
  const bounds = keysOf(keysOf(node, ['decimal'])['decimal'] as Node, ['from', 'to', 'scale', 'skew?', 'step?']);
  const scale = numberOf(bounds['scale'] as Node, 0, 6);
  const skew = bounds['skew'] === undefined ? undefined : numberOf(bounds['skew'], 0.1, 20);
  // amounts that people set are round; those that are computed are not
  const step = bounds['step'] === undefined ? 10 ** -scale : numberOf(bounds['step'], 10 ** -scale);
  const [from, to] = [
    Math.ceil(numberOf(bounds['from'] as Node, 0) / step),
    Math.floor(numberOf(bounds['to'] as Node, 0) / step),
  ];
  const draw = drawOf(node, within);
  return (scope) => (wholeBetween(draw(scope), from, to, skew) * step).toFixed(scale);
}

function date(node: Node, within: Compiling): Make {
  const inner = keysOf(node, ['date'])['date'] as Node;
  const draw = drawOf(node, within);
  const verb = verbOf(inner, ['from', 'after', 'latest']);
  if (verb === 'latest') return anniversary(inner, within);
  if (verb === 'from') {
    const bounds = keysOf(inner, ['from', 'to']);
    const from = dayReference(bounds['from'] as Node, within.names);
    const to = dayReference(bounds['to'] as Node, within.names);
    return (scope) => {
      const [low, high] = [from(scope), to(scope)];
      if (typeof low !== 'string' || typeof high !== 'string') return null;
      const [first, last] = [dayOf(low), dayOf(high)];
      return last <= first ? low : dateOf(first + Math.floor(draw(scope) * (last - first + 1)));
    };
  }
  const parts = keysOf(inner, ['after', 'days?', 'months?', 'years?']);
  const after = dayReference(parts['after'] as Node, within.names);
  const years = parts['years'] === undefined ? 0 : numberOf(parts['years'], 0, 100);
  const months = parts['months'] === undefined ? 0 : numberOf(parts['months'], 0, 1200);
  const [least = 0, most = least] =
    parts['days'] === undefined ? [] : itemsOf(parts['days']).map((day) => numberOf(day, -40_000, 40_000));
  return (scope) => {
    const start = after(scope);
    if (typeof start !== 'string' || !isDate(start)) return null;
    const moved = monthsLater(years === 0 ? start : yearsLater(start, years), months);
    return least === 0 && most === 0 ? moved : dateOf(dayOf(moved) + wholeBetween(draw(scope), least, most, undefined));
  };
}

/** The last of a date's anniversaries, every so many years, that has come; the date itself before that. */
function anniversary(inner: Node, within: Compiling): Make {
  const parts = keysOf(inner, ['latest', 'every']);
  const first = dayReference(parts['latest'] as Node, within.names);
  const every = numberOf(parts['every'] as Node, 1, 100);
  return (scope) => {
    const start = first(scope);
    if (typeof start !== 'string') return null;
    const today = dateOf(scope.today);
    const whole = Math.floor((Number(today.slice(0, 4)) - Number(start.slice(0, 4))) / every);
    for (let times = whole; times > 0; times--) {
      const date = yearsLater(start, times * every);
      if (date <= today) return date;
    }
    return start;
  };
}

function moment(node: Node, within: Compiling): Make {
  const inner = keysOf(keysOf(node, ['moment'])['moment'] as Node, ['on', 'between']);
  const on = dayReference(inner['on'] as Node, within.names);
  const [from = 0, to = 0] = itemsOf(inner['between'] as Node).map((clock) => {
    const found =
      /^([01]\d|2[0-3]):([0-5]\d)$/.exec(textOf(clock)) ?? complain(clock, 'must be a time of day, `09:30`');
    return (Number(found[1]) * 60 + Number(found[2])) * 60_000;
  });
  const draw = drawOf(node, within);
  return (scope) => {
    const day = on(scope);
    if (typeof day !== 'string') return null;
    return new Date((dayOf(day) * 24 - 8) * 3_600_000 + from + Math.floor(draw(scope) * (to - from))).toISOString();
  };
}

function choose(node: Node, within: Compiling): Make {
  const parts = keysOf(node, ['case', 'else?']);
  const branches = itemsOf(parts['case'] as Node).map((branch) => {
    const { when, use } = keysOf(branch, ['when', 'use']);
    return { holds: test(when as Node, within), make: value(use as Node, within) };
  });
  const otherwise = parts['else'] === undefined ? () => null : value(parts['else'], within);
  return (scope) => {
    for (const branch of branches) if (branch.holds(scope)) return branch.make(scope);
    return otherwise(scope);
  };
}

function record(node: Node, within: Compiling): Make {
  const fields = entriesOf(node);
  const locals = new Map(within.names.locals);
  const first = within.names.next;
  const next = first + Object.keys(fields).length;
  const makers = Object.entries(fields).map(([name, field], place) => {
    const make = value(field, { ...within, names: { ...within.names, locals: new Map(locals), next } });
    locals.set(name, first + place);
    return { name, make, at: first + place };
  });
  return (scope) => {
    const made: Record<string, Value> = {};
    for (const { name, make, at } of makers) scope.locals[at] = made[name] = make(scope);
    return made;
  };
}

function list(node: Node, within: Compiling): Make {
  const parts = keysOf(node, ['list', 'count']);
  const make = value(parts['list'] as Node, within);
  const count = value(parts['count'] as Node, within);
  return (scope) => {
    const wanted = count(scope);
    const made = new Set<Value>();
    const before = scope.place;
    for (let at = 0; at < (typeof wanted === 'number' ? wanted : 0); at++) {
      scope.place = before + at + 1;
      made.add(make(scope));
    }
    scope.place = before;
    return [...made];
  };
}

function each(node: Node, within: Compiling): Make {
  const parts = keysOf(node, ['each', 'make', 'where?']);
  const items = reference(parts['each'] as Node, textOf(parts['each'] as Node), within.names);
  const inner: Compiling = { ...within, names: { ...within.names, inEach: true } };
  const holds = parts['where'] === undefined ? () => true : test(parts['where'], inner);
  const make = value(parts['make'] as Node, inner);
  return (scope) => {
    const all = items(scope);
    if (!Array.isArray(all)) return [];
    const made: Value[] = [];
    const { place, item } = scope;
    for (let at = 0; at < all.length; at++) {
      scope.place = at + 1;
      scope.item = all[at] as Value;
      if (holds(scope)) made.push(make(scope));
    }
    scope.place = place;
    scope.item = item;
    return made;
  };
}
