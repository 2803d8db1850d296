/**
 * What the requester records of each grant (政务数据共享条例 Art.29(2)): scenario, effect, storage, destruction, status;
 * the process itself stands in the log. Each record is added and none is changed. They are kept three years after the
 * end of the grant at least; provider and sharing authority read them.
 */
import { dayOf } from '../../../contracts/calendar.js';
import { YitongError } from '../../../contracts/errors.js';
import { shape } from '../../../contracts/validate.js';
import { appliedIn } from '../../answer/inforce/applied-grants.js';
import { asJson } from '../../ground/state/as-json.js';
import { type Json, type State, StateConflict } from '../../ground/state/port.js';
import { transact } from '../../ground/state/transact.js';
import { seesUse } from './shown.js';
import { authorityOfActor, rolesOf } from './sides.js';
import type { MatterAct, MatterActor, Sides } from './types.js';

export const USE_STATUSES = ['in-use', 'stored', 'destroyed'] as const;

export interface UseRecord {
  readonly scenario: string;
  readonly effect: string;
  readonly storage: string;
  readonly destruction: string;
  readonly status: (typeof USE_STATUSES)[number];
}

export interface KeptUseRecord extends UseRecord {
  /** ISO 8601 UTC */
  readonly at: string;
  /** Receipt of the entry that names who wrote it. */
  readonly entry: string;
}

interface Of {
  readonly state: State;
  readonly grant: string;
  /** Requester, provider and authority of the grant. */
  readonly sides: Sides;
  readonly actor: MatterActor;
}

const STREAM = 'sharing-use/';
const YEARS = 3;
const said = { type: 'string', minLength: 2, maxLength: 4000, pattern: '\\S' };
const check = shape<UseRecord>(
  {
    type: 'object',
    additionalProperties: false,
    required: ['scenario', 'effect', 'storage', 'destruction', 'status'],
    properties: { scenario: said, effect: said, storage: said, destruction: said, status: { enum: USE_STATUSES } },
  },
  'act_incomplete',
);

/** How many records a grant has, and what the newest says; beside them, so that grants without any are found. */
export interface UseKept {
  readonly grant: string;
  readonly count: number;
  /** ISO 8601 UTC, of the newest. */
  readonly at: string;
  readonly status: UseRecord['status'];
}
const KEPT = 'sharing-use';

/** @throws YitongError `act_incomplete`, `act_refused` for whoever is not of the requester, `audit_unavailable` */
export async function writeUseRecord(
  { state, grant, sides, actor }: Of,
  given: Json,
  { record, now }: { readonly record: MatterAct['record']; readonly now: () => number },
): Promise<void> {
  const content = check(given, { file: 'content' });
  if (authorityOfActor(actor) !== sides.requester || !rolesOf(actor).includes('sharing-officer'))
    throw new YitongError('act_refused', 'the requester records how it uses what it is given, by its sharing officer');
  // on record first
  const { id: entry } = await record({
    action: 'sharing_act',
    role: 'sharing-officer',
    target: grant,
    detail: { machine: 'use-record', act: 'record', status: content.status },
    about: { content: asJson(content) },
  });
  const kept: KeptUseRecord = { ...content, at: new Date(now()).toISOString(), entry };
  await transact(state, async (transaction) => {
    const before = (await transaction.document(KEPT, grant))?.body as unknown as UseKept | undefined;
    const { at, status } = kept;
    const after: UseKept = { grant, count: (before?.count ?? 0) + 1, at, status };
    transaction.put({ kind: KEPT, id: grant, body: asJson(after) });
    transaction.also({ do: 'append', stream: `${STREAM}${grant}`, events: [asJson(kept)] });
  });
}

/** By grant; of those that have records. */
export async function useKept(state: Pick<State, 'documents'>): Promise<ReadonlyMap<string, UseKept>> {
  const found = new Map<string, UseKept>();
  for (let after: string | undefined; ; ) {
    const page = await state.documents(KEPT, { limit: 1000, ...(after === undefined ? {} : { after }) });
    for (const { id, body } of page.documents) found.set(id, body as unknown as UseKept);
    if (page.next === undefined) return found;
    after = page.next;
  }
}

/** The newest last. @throws YitongError `not_found` for whoever is no side of the grant */
export async function useRecords({ state, grant, sides, actor }: Of): Promise<readonly KeptUseRecord[]> {
  if (!seesUse(sides, actor))
    throw new YitongError('not_found', 'there are no such records, or they are not yours to read');
  const found: KeptUseRecord[] = [];
  for (;;) {
    const page = await state.events(`${STREAM}${grant}`, found.length);
    found.push(...page.map(({ body }) => body as unknown as KeptUseRecord));
    if (page.length === 0) return found;
  }
}

/**
 * Whether the use of a grant was recorded before a moment, ms since 1970: figures tell that, and nothing of what it
 * says.
 */
export async function hasUseRecord(state: Pick<State, 'events'>, grant: string, before: number): Promise<boolean> {
  const [first] = await state.events(`${STREAM}${grant}`, 0, 1);
  return first !== undefined && Date.parse((first.body as unknown as KeptUseRecord).at) < before;
}

/** The first day on which records of a grant may go; `ended`: its last day. */
const keptUntil = (ended: string): string => {
  const [year = '', rest = ''] = [ended.slice(0, 4), ended.slice(4)];
  return `${String(Number(year) + YEARS)}${rest}`;
};

/**
 * Removes the records of a grant once their term is over, and not a day before.
 * @param ended last day of the grant; undefined: nobody knows that it ended, and they stay
 * @returns whether they went; false also where one was written meanwhile
 */
async function dropUseRecords(state: State, grant: string, ended: string | undefined, today: string): Promise<boolean> {
  if (ended === undefined || today <= keptUntil(ended)) return false;
  const found = await state.document(KEPT, grant);
  if (found === undefined) return false;
  try {
    await state.commit([
      { do: 'drop', stream: `${STREAM}${grant}` },
      { do: 'remove', kind: KEPT, id: grant, version: found.version },
    ]);
    return true;
  } catch (error) {
    if (error instanceof StateConflict) return false;
    throw error;
  }
}

/**
 * The same of all grants that applications made; the end of one in a file stands in the workspace alone, where it may
 * be written anew, and its records stay.
 * @param now ms since 1970
 * @returns of how many grants they went
 */
export async function dropOverdueUse(state: State, now: number): Promise<number> {
  const kept = await useKept(state);
  if (kept.size === 0) return 0;
  const { grants } = await appliedIn(state);
  const today = dayOf(now);
  let gone = 0;
  for (const grant of kept.keys()) {
    const found = grants.get(grant);
    const last = found && ('ended' in found ? dayOf(Date.parse(found.ended.at)) : found.grant.until);
    if (await dropUseRecords(state, grant, last, today)) gone++;
  }
  return gone;
}
