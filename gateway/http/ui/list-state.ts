/**
 * How somebody looks at a list: sorted by what, with which columns, on which page. It stands in the address, so that a
 * browser without scripts has all of it; sorting and columns are remembered for the person, on every machine.
 */
import type { FastifyRequest } from 'fastify';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import type { GatewayContext } from '../../documents/context.js';
import { asJson } from '../../ground/state/as-json.js';
import type { Cell } from '../../log/search/export/table.js';
import { noticesOf } from '../notices/opened.js';
import { sessionOf } from '../plugins/people.js';

export interface ListState {
  /** A column; undefined: the list's own order. */
  readonly sort: string | undefined;
  readonly down: boolean;
  /** Undefined: all. */
  readonly columns: readonly string[] | undefined;
  readonly q: string;
  /** From 1. */
  readonly page: number;
}

/** What is remembered. */
interface Choice {
  readonly sort?: string;
  readonly down?: boolean;
  readonly columns?: readonly string[];
}

interface ListRules {
  /** Letters and hyphens; under it a choice is remembered. */
  readonly id: string;
  readonly columns: readonly string[];
  readonly sorts: readonly string[];
}

/** Fields of the address that belong to the list. `cols` comes several times. */
export const LIST_FIELDS = ['sort', 'down', 'cols', 'q', 'page', 'lang'] as const;
const KIND = 'list-choice';
const KEPT_FOR = 400 * 86_400_000;
const MOST_Q = 100;

type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

function choiceIn({ columns, sorts }: ListRules, query: Query, before: Choice): Choice {
  const { sort, down, cols } = query;
  let choice = before;
  if (sort !== undefined) {
    if (sort !== '' && !sorts.some((one) => one === sort))
      throw new YitongError('bad_request', 'the list has no such order');
    const { sort: _, down: __, ...rest } = choice;
    choice = sort === '' ? rest : { ...rest, sort: String(sort), down: down === '1' };
  }
  if (cols !== undefined) {
    const given = [cols].flat().filter((one) => one !== '');
    if (given.some((one) => !columns.includes(one)))
      throw new YitongError('bad_request', 'the list has no such column');
    const { columns: _, ...rest } = choice;
    choice = given.length === 0 || given.length === columns.length ? rest : { ...rest, columns: given };
  }
  return choice;
}

/** What a list of an older build knew and this one does not is left out. */
const known = ({ columns, sorts }: ListRules, choice: Choice): Choice => ({
  ...(choice.sort !== undefined && sorts.includes(choice.sort)
    ? { sort: choice.sort, down: choice.down === true }
    : {}),
  ...present({ columns: choice.columns?.filter((one) => columns.includes(one)) }),
});

/** As the address says, else as it was remembered. @throws YitongError `bad_request` */
export async function listState(
  request: FastifyRequest,
  context: GatewayContext,
  rules: ListRules,
): Promise<ListState> {
  const query = request.query as Query;
  const { q = '', page = '1' } = query;
  if (typeof q !== 'string' || q.length > MOST_Q || typeof page !== 'string' || !/^[1-9]\d{0,4}$/.test(page))
    throw new YitongError('bad_request', 'there is no such list');
  const choice = await remembered(request, context, rules, query);
  return {
    sort: choice.sort,
    down: choice.down === true,
    columns: choice.columns,
    q: q.trim(),
    page: Number(page),
  };
}

async function remembered(
  request: FastifyRequest,
  context: GatewayContext,
  rules: ListRules,
  query: Query,
): Promise<Choice> {
  // what is asked for has to be right also where nothing can be remembered
  const asked = choiceIn(rules, query, {});
  const { person } = sessionOf(request);
  const { server } = request;
  const chooses = query['sort'] !== undefined || query['cols'] !== undefined;
  try {
    const notices = noticesOf(
      context,
      () => server.people.rooms,
      (err) => server.log.warn({ err }, 'notices'),
    );
    const desk = chooses ? await notices.desk() : await notices.deskIfAny();
    if (desk === undefined) return asked;
    const { state } = desk.store;
    const ref = desk.store.ref(person);
    const id = `${ref}/${rules.id}`;
    const before = known(rules, ((await state.document(KIND, id))?.body as Choice | undefined) ?? {});
    const choice = choiceIn(rules, query, before);
    if (JSON.stringify(choice) !== JSON.stringify(before))
      await state.commit([
        { do: 'put', kind: KIND, id, owner: ref, until: context.now() + KEPT_FOR, body: asJson(choice) },
      ]);
    return choice;
  } catch (error) {
    request.log.warn({ err: error, requestId: request.id }, 'how a list is looked at is not remembered');
    return asked;
  }
}

let collator: Intl.Collator | undefined;

/** The order of words; made with the first list, for the order of all characters takes 20 ms to be read. */
export const compareWords = (a: string, b: string): number => (collator ??= new Intl.Collator('zh')).compare(a, b);
/** By one column; what has nothing there comes last either way. */
export function sorted<T>(
  rows: readonly T[],
  columns: readonly { readonly id: string; readonly value?: (row: T) => Cell }[],
  { sort, down }: Pick<ListState, 'sort' | 'down'>,
): readonly T[] {
  const value = columns.find(({ id }) => id === sort)?.value;
  if (value === undefined) return rows;
  const order = (a: T, b: T): number => {
    const [x, y] = [value(a), value(b)];
    if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined);
    const less = typeof x === 'number' && typeof y === 'number' ? x - y : compareWords(String(x), String(y));
    return down ? -less : less;
  };
  return [...rows].sort(order);
}
