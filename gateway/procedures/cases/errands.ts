/**
 * What of a case goes to another region: an item that begins there, what was given for it, that it is taken back; and
 * from there what its authority does. Each is a document, written in the commit of the event that it comes of, under an
 * id that is made of it: so nothing is forgotten, and the other side does nothing twice.
 */
import { present } from '../../../contracts/present.js';
import type { Change, Json, State, StateDocument } from '../../ground/state/port.js';
import type { CaseEvent, CaseState, Guest } from './machine.js';

type ErrandAct = 'begin' | 'give' | 'recall' | 'ask' | 'grant' | 'refuse' | 'pass';

export interface Errand {
  /** `<case>.<event>.<item>`; of the transaction in both logs as well. */
  readonly id: string;
  /** To which it goes. */
  readonly region: string;
  /** Of the case here. */
  readonly case: string;
  /** Number of the event. */
  readonly event: number;
  readonly bundle: string;
  readonly item: string;
  readonly act: ErrandAct;
  /** ms since 1970 */
  readonly at: number;
  /** Of what comes from a guest: the case there. */
  readonly guest?: Guest;
}

/** How it ended: taken there, or it can never be. */
export type ErrandEnd = 'taken' | 'void';

interface KeptErrand extends Errand {
  readonly end?: ErrandEnd;
  /** Why it waits, or is void: a code. */
  readonly code?: string;
  readonly tries?: number;
}

export interface WaitingErrand extends KeptErrand {
  readonly version: number;
  readonly owner: string;
}

const KIND = 'case-errand';
const WAITING = 'wait/';
/** ms for which one that ended is kept. */
const KEPT = 400 * 86_400_000;
const pad = (at: number): string => String(at).padStart(15, '0');

/** What follows from an event. Pure. */
function actsOf(
  before: CaseState | undefined,
  after: CaseState,
  event: CaseEvent,
): readonly Pick<Errand, 'region' | 'item' | 'act'>[] {
  const { plan, guest, items } = after;
  if (guest !== undefined) {
    const { act } = event;
    const isDecided = act === 'ask' || act === 'grant' || act === 'refuse' || act === 'pass';
    return isDecided ? [{ region: guest.region, item: guest.item, act }] : [];
  }
  return Object.entries(plan?.items ?? {}).flatMap(([item, { region }]): Pick<Errand, 'region' | 'item' | 'act'>[] => {
    if (region === undefined) return [];
    const [was, is] = [before?.items[item]?.status ?? 'waiting', items[item]?.status];
    if (is === 'held' && was === 'waiting') return [{ region, item, act: 'begin' }];
    if (event.act === 'give' && event.item === item) return [{ region, item, act: 'give' }];
    const isBack =
      (is === 'dropped' && was !== 'waiting' && was !== 'dropped') || (is === 'undone' && was !== 'undone');
    return isBack ? [{ region, item, act: 'recall' }] : [];
  });
}

function written(errand: KeptErrand, owner: string, more: object = {}): Extract<Change, { do: 'put' }> {
  const { region, at, case: id, event, item, end } = errand;
  const ofCase = `case/${id}/${pad(event)}/${item}`;
  return {
    do: 'put',
    kind: KIND,
    id: errand.id,
    owner,
    links: end === undefined ? [`${WAITING}${region}/${pad(at)}/${id}/${pad(event)}/${item}`, ofCase] : [ofCase],
    ...(end === undefined ? {} : { until: at + KEPT }),
    body: errand as unknown as Json,
    ...more,
  };
}

/** What is written beside an event. */
export function errandChanges(
  { id, owner }: { readonly id: string; readonly owner: string },
  before: CaseState | undefined,
  after: CaseState,
  event: CaseEvent,
): readonly Change[] {
  return actsOf(before, after, event).map((one) =>
    written(
      {
        ...one,
        id: `${id}.${String(after.events)}.${one.item}`,
        case: id,
        event: after.events,
        bundle: after.bundle,
        at: event.at,
        ...present({ guest: after.guest }),
      },
      owner,
    ),
  );
}

const kept = ({ version, owner = '', body }: StateDocument): WaitingErrand => ({
  ...(body as unknown as KeptErrand),
  version,
  owner,
});

/** By region, in the order in which they came to be. */
export async function waitingErrands(state: State, limit: number): Promise<readonly WaitingErrand[]> {
  const { documents } = await state.documents(KIND, { link: WAITING, limit });
  return documents.map(kept);
}

/** How it stands with what of a case went to other regions, in order. */
export async function errandsOfCase(state: State, id: string): Promise<readonly KeptErrand[]> {
  const { documents } = await state.documents(KIND, { link: `case/${id}/`, limit: 1000 });
  return documents.map(kept);
}

/** @throws StateConflict where the lease is another's */
export async function keepErrand(
  state: State,
  { version, owner, ...errand }: WaitingErrand,
  lease: { readonly lease: string; readonly token: number },
): Promise<void> {
  await state.commit([{ do: 'expect-lease', ...lease }, written(errand, owner, { version })]);
}

/** How it stands, seen from outside of whoever carries them. */
export interface ErrandsStanding {
  /** By region: how many wait, and since when the oldest does, ms since 1970. */
  readonly waiting: ReadonlyMap<string, { readonly count: number; readonly since: number }>;
  /** ms since 1970: when somebody went through them last. */
  readonly passedAt: number | undefined;
}

const PASS = 'case-errand-pass';
const MOST = 1000;

export async function errandsPassed(state: State, at: number): Promise<void> {
  await state.commit([{ do: 'put', kind: PASS, id: 'last', body: { at } }]);
}

export async function errandsStanding(state: State): Promise<ErrandsStanding> {
  const waiting = new Map<string, { count: number; since: number }>();
  for (const { region, at } of await waitingErrands(state, MOST)) {
    const { count, since } = waiting.get(region) ?? { count: 0, since: at };
    waiting.set(region, { count: count + 1, since: Math.min(since, at) });
  }
  const body = (await state.document(PASS, 'last'))?.body as { readonly at: number } | undefined;
  return { waiting, passedAt: body?.at };
}
