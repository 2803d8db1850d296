/** Plays a case through, for trying a bundle out: everybody does at once what is their turn. Pure. */
import type { Answers, Bundle, Elements, Json } from '../../../contracts/bundle/types.js';
import { type CaseState, isEnded, mayDo, openTasks } from './machine.js';
import { FILING, type Plan } from './plan.js';
import type { RegisterReadings } from './registers.js';
import type { Doing } from './types.js';

/** What happens otherwise than on the good path, by item. */
export interface Turns {
  readonly refuse?: readonly string[];
  readonly ask?: readonly string[];
  /** Whether tasks are done as well. */
  readonly settle?: boolean;
}

interface Turn {
  /** `applicant`, or an authority. */
  readonly by: string;
  readonly doing: Doing;
}

/** Steps of the bundle before filing. */
const filingOf = ({ steps }: Bundle): Plan['steps'] =>
  Object.fromEntries(
    [...steps.values()].flatMap(({ id, uses }) => (uses.includes('form') ? [[id, { uses, before: FILING }]] : [])),
  );

function decided(
  item: string,
  { plan, items }: CaseState,
  { elements }: Elements,
  { refuse = [], ask = [] }: Turns,
): Doing {
  const planned = plan?.items[item];
  if (ask.includes(item) && planned?.told === false && items[item]?.askedAt === undefined)
    return { act: 'ask', item, says: '请补正（示例）', fields: [] };
  if (refuse.includes(item) && planned?.told === false) return { act: 'refuse', item, says: '不符合条件（示例）' };
  const issued = Object.fromEntries(
    (planned?.issues ?? []).map((id): [string, Json] => [id, elements.get(id)?.examples[0] ?? null]),
  );
  return { act: 'grant', item, checked: planned?.unknown ?? [], issued };
}

/** Whose turn is next, and what they do; undefined once nothing is left. */
export function nextTurn(state: CaseState, bundle: Bundle, elements: Elements, turns: Turns = {}): Turn | undefined {
  if (!isEnded(state)) {
    const own = mayDo(state, 'applicant', filingOf(bundle));
    const step = own.find(({ act }) => act === 'step');
    const given = own.find(({ act }) => act === 'give')?.item;
    if (given !== undefined)
      return { by: 'applicant', doing: { act: 'give', item: given, values: {}, says: '已补正（示例）' } };
    if (step?.step !== undefined && step.port !== undefined)
      return { by: 'applicant', doing: { act: 'step', step: step.step, port: step.port } };
    if (own.some(({ act }) => act === 'submit')) return { by: 'applicant', doing: { act: 'submit' } };
    const held = Object.entries(state.items).find(([, { status }]) => status === 'held')?.[0];
    if (held !== undefined)
      return { by: state.plan?.items[held]?.authority ?? '', doing: decided(held, state, elements, turns) };
  }
  const [task] = turns.settle === true ? openTasks(state) : [];
  return task === undefined ? undefined : { by: task[1].owner, doing: { act: 'settle', task: task[0] } };
}

/** Registers of which each says what the bundle's common case wants, and of elements the examples. */
export function usualRegisters({ usual }: Bundle, { elements }: Elements): RegisterReadings {
  const filled = new Map(
    [...elements.values()].flatMap(({ id, registers: [first], examples: [example] }) => {
      const value = (usual.registers[id] as Json | undefined) ?? example;
      const dataset = first?.contract.id;
      return dataset === undefined || value === undefined ? [] : [[id, { value, dataset, sourceTime: '' }] as const];
    }),
  );
  const values = [...filled].map(([id, { value }]) => [id, value as Answers[string]] as const);
  const said: Answers = { ...Object.fromEntries(values), ...usual.registers };
  return { readings: { said, filled, away: new Map(), conflicts: new Map(), asked: [] }, releases: [] };
}

/** Examples of what the applicant writes. */
export const usualValues = ({ items }: Bundle, { elements }: Elements): Readonly<Record<string, Json>> =>
  Object.fromEntries(
    [...items.values()].flatMap(({ form }) =>
      form.fields.flatMap(({ element }): [string, Json][] => {
        const known = elements.get(element ?? '');
        const [example] = known?.registers.length === 0 ? known.examples : [];
        return known === undefined || example === undefined ? [] : [[known.id, example]];
      }),
    ),
  );
