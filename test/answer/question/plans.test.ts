/** A plan is kept for the question that it was made for, and for no other. */
import t from 'tap';
import { type Plan, Plans } from '../../../gateway/answer/question/plan.js';
import type { Asked } from '../../../gateway/answer/question/request.js';
import type { Client, Decision } from '../../../policies/types.js';

const client = (id: string): Client => ({ id, authority: 'desk' }) as Client;
const dataset = (id: string, fields?: readonly string[]) => (fields === undefined ? { id } : { id, fields });

/** What stands in one place of one question stands in another place of another. */
const QUESTIONS: readonly (readonly [client: string, asked: Asked])[] = [
  ['one', { purpose: 'look', datasets: [dataset('a.b')] }],
  ['two', { purpose: 'look', datasets: [dataset('a.b')] }],
  ['look', { purpose: 'one', datasets: [dataset('a.b')] }],
  ['one', { purpose: 'look', datasets: [dataset('a.b', [])] }],
  ['one', { purpose: 'look', datasets: [dataset('a.b', ['c.d'])] }],
  ['one', { purpose: 'look', datasets: [dataset('a.b'), dataset('c.d')] }],
  ['one', { purpose: 'look', datasets: [dataset('c.d'), dataset('a.b')] }],
  ['one', { purpose: 'look', datasets: [dataset('a.b', []), dataset('c.d')] }],
  ['one', { purpose: 'look', datasets: [dataset('a.b'), dataset('c.d', [])] }],
  ['one', { purpose: 'look', datasets: [dataset('a.b', ['c.d', 'e.f'])] }],
  ['one', { purpose: 'look', datasets: [dataset('a.b', ['e.f', 'c.d'])] }],
  ['one', { purpose: 'look', datasets: [dataset('a.b', ['c.d']), dataset('e.f')] }],
  ['one', { purpose: 'look', datasets: [dataset('a.b'), dataset('c.d', ['e.f'])] }],
  ['one', { purpose: 'look', datasets: [dataset('a.b'), dataset('c.d'), dataset('e.f')] }],
  ...[{ item: 'x' }, { caseId: 'x' }, { actor: 'x' }, { item: 'x', caseId: 'x' }, { item: 'x', actor: 'x' }].map(
    (stated) => ['one', { purpose: 'look', case: stated, datasets: [dataset('a.b')] }] as const,
  ),
];

t.test('no two questions have one plan, the same question has the same, until what is in force changes', (t) => {
  let version = '1';
  let made = 0;
  const decide = (): Decision => {
    made++;
    return {
      effect: 'deny',
      reasons: [{ code: 'not_granted' }],
      fields: [],
      withheld: [],
      errors: [],
      rows: { kind: 'all' },
      validUntil: 1000,
    } as unknown as Decision;
  };
  const plans = new Plans({
    workspace: { contracts: new Map(), schemasById: new Map(), schemes: new Map() },
    inForce: () => ({ decider: { version, decide }, policies: {}, purposes: new Set(['look', 'one']) }) as never,
    delivery: 'query',
    closing: { hidden: () => undefined, now: () => 0 },
  });
  const ask = (now: number): Plan[] => QUESTIONS.map(([id, asked]) => plans.for(client(id), asked, now));
  const first = ask(0);
  t.equal(new Set(first).size, QUESTIONS.length);
  const decisions = made;
  // in another order, and with texts that are equal and not the same
  const copies = JSON.parse(JSON.stringify(QUESTIONS)) as typeof QUESTIONS;
  for (const [i, [id, asked]] of [...copies.entries()].reverse())
    t.equal(plans.for(client(id), asked, 999), first[i], JSON.stringify(asked));
  t.equal(plans.for(client('one'), { purpose: 'look', case: { item: ' ' }, datasets: [{ id: 'a.b' }] }, 5), first[0]);
  t.equal(made, decisions, 'nothing was decided again');
  t.throws(() => plans.for(client('one'), { purpose: 'look', datasets: [dataset('a.b'), dataset('a.b')] }, 0));
  const after = ask(1000);
  t.notOk(
    after.some((plan, i) => plan === first[i]),
    'a plan ends with its first decision',
  );
  version = '2';
  t.notOk(
    ask(0).some((plan, i) => plan === after[i]),
    'and with the policies',
  );
  t.end();
});
