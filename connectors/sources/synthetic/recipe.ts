/** A feed's recipe: for whom, how many records each, what stands in them, and from when until when. */
import { present } from '../../../contracts/present.js';
import type { Cell } from '../../reading/port.js';
import type { Compiling } from './compiling.js';
import { test } from './conditions.js';
import { dateOf } from './days.js';
import { complain, entriesOf, keysOf, type Node, numberOf, textOf } from './language.js';
import type { City, Quarter } from './population.js';
import { type Names, reference } from './references.js';
import type { Make, Member, Scope, Value } from './scope.js';
import { value } from './values.js';

export interface Recipe {
  readonly quarter: Quarter;
  /** Calls `take` with each record of a member on that day. */
  records(member: Member, today: number, take: (record: number, cells: Readonly<Record<string, Cell>>) => void): void;
}

/** The keys of a recipe beside `kind`; `?` may be left out. */
const RECIPE_KEYS = ['for', 'like?', 'where?', 'count?', 'most?', 'let?', 'fields', 'since?', 'until?'];

/** Whose draws a recipe makes: its own, or those of the register that `like` names, at the same places of both. */
function drawsLike(like: Node | undefined, dataset: string, registers: readonly string[]): string {
  if (like === undefined) return dataset;
  const register = textOf(like);
  return registers.includes(register) ? register : complain(like, `names \`${register}\`, which is no register`);
}

/**
 * @param dataset its id sets this recipe's draws apart from others'
 * @param registers ids of all datasets of the workspace, for `like`
 * @throws YitongError `bad_feed` naming the place in the feed
 */
export function recipe(node: Node, known: City, dataset: string, registers: readonly string[], seed: number): Recipe {
  const parts = keysOf(node, ['kind', ...RECIPE_KEYS]);
  const salt = drawsLike(parts['like'], dataset, registers);
  const name = textOf(parts['for'] as Node);
  if (!known.names.includes(name)) complain(parts['for'] as Node, `names \`${name}\`, which is no population`);
  const quarter = known.of(name);
  const most = parts['most'] === undefined ? 1 : numberOf(parts['most'], 1, 10_000);
  if (parts['count'] !== undefined && parts['most'] === undefined)
    complain(node, 'must have `most` beside `count`: the running numbers of records depend on it');

  const lets = Object.entries(parts['let'] === undefined ? {} : entriesOf(parts['let']));
  const fields = Object.entries(entriesOf(parts['fields'] as Node));
  const locals = new Map<string, number>();
  const next = lets.length + fields.length;
  const { population } = quarter;
  const names = (): Names => ({
    locals: new Map(locals),
    next,
    attributes: population.slots,
    inEach: false,
    most,
    ...present({ hostName: population.hostName }),
  });
  const within = (): Compiling => ({ names: names(), tables: known.tables, salt });

  const holds = parts['where'] === undefined ? () => true : test(parts['where'], within());
  const count = parts['count'] === undefined ? () => 1 : value(parts['count'], within());
  const makers: Make[] = [];
  for (const [local, inner] of [...lets, ...fields]) {
    makers.push(value(inner, within()));
    locals.set(local, makers.length - 1);
  }
  const since = parts['since'] === undefined ? undefined : reference(parts['since'], textOf(parts['since']), names());
  const until = parts['until'] === undefined ? undefined : reference(parts['until'], textOf(parts['until']), names());
  const fieldNames = fields.map(([field]) => field);
  let scope: Scope | undefined;

  return {
    quarter,
    records(member, today, take) {
      if (scope?.today !== today) scope = { seed, today, subject: member, record: 0, place: 0, item: null, locals: [] };
      const at = scope;
      at.subject = member;
      at.record = 0;
      at.place = 0;
      if (!holds(at)) return;
      const wanted = count(at);
      const date = dateOf(today);
      for (let record = 0; record < Math.min(most, typeof wanted === 'number' ? wanted : 0); record++) {
        at.record = record;
        for (let slot = 0; slot < makers.length; slot++) at.locals[slot] = (makers[slot] as Make)(at);
        if (since !== undefined && !(asDate(since(at)) <= date)) continue;
        if (until !== undefined && asDate(until(at)) <= date) continue;
        const cells: Record<string, Cell> = {};
        for (let field = 0; field < fieldNames.length; field++)
          cells[fieldNames[field] as string] = cell(at.locals[lets.length + field]);
        take(record, cells);
      }
    },
  };
}

/** "No date" is later than any. */
const asDate = (day: Value): string => (typeof day === 'string' ? day : '~');

/** Values that stand for subjects do not leave the city. */
function cell(made: Value | undefined): Cell {
  if (made === undefined || made === null) return null;
  return typeof made === 'object' && 'population' in made ? null : (made as Cell);
}
