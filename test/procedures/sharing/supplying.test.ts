/** 政务数据共享条例 Art.22(1): the platform supplies what can be given, once, whoever else does so at the same time. */
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { YitongError } from '../../../contracts/errors.js';
import { supplyAgreed, supplyStanding } from '../../../gateway/procedures/sharing/supplying.js';
import type { MatterDeed } from '../../../gateway/procedures/sharing/types.js';
import { SHARED, sharedState } from '../../support/shared-state.js';
import { application, asContent, people, sharingOver, type World } from './world.js';

t.setTimeout(120_000);
const NOW = Date.parse('2026-03-02T09:00:00+08:00');
const ARREARS = 'tax.tax-arrears';

async function agreed({ matters, act }: World): Promise<string> {
  const [first] = application().datasets;
  const content = asContent({ ...application(), datasets: [first] });
  const { id } = (await matters.open('application', {}, act(people.officer, 'draft', { content }))).head;
  await matters.act(id, act(people.head, 'approve'));
  await matters.act(id, act(people.officer, 'file'));
  const reply = { fields: ['amount', 'taxKind'].map((path) => ({ path, decision: 'agree' })) };
  await matters.act(id, act(people.taxOfficer, 'propose', { part: ARREARS, content: asContent(reply) }));
  await matters.act(id, act(people.taxHead, 'agree', { part: ARREARS }));
  return id;
}

const until = async (is: () => Promise<boolean>): Promise<void> => {
  while (!(await is())) await pause(20);
};

for (const kind of SHARED)
  t.test(`two replicas supply once, and not before a question is answered, ${kind}`, async (t) => {
    const open = await sharedState(t, kind);
    if (open === undefined) return;
    let arrived = false;
    let inForce = false;
    const answerable = async (): Promise<void> => {
      if (!arrived) throw new YitongError('act_refused', 'the dataset has not arrived');
    };
    const [one, two] = [await open(), await open()];
    const world = await sharingOver(one, { now: () => NOW, answerable });
    const other = await sharingOver(two, { now: () => NOW, answerable });
    const deeds: MatterDeed[] = [];
    const record = (deed: MatterDeed) => Promise.resolve({ id: `w1:p${String(deeds.push(deed))}`, json: '{}' });
    const troubles: unknown[] = [];
    const supplying = [
      { state: one, matters: world.matters },
      { state: two, matters: other.matters },
    ].map((parts) =>
      supplyAgreed({
        ...parts,
        record,
        inForce: () => inForce,
        now: Date.now,
        everyMs: 20,
        onTrouble: (error) => troubles.push(error),
      }),
    );
    t.same(await supplyStanding(one), { waiting: 0, passedAt: undefined }, 'where nothing waits nothing is written');
    const id = await agreed(world);
    const stateOf = async (): Promise<string> =>
      (await world.matters.get(id, people.taxOfficer)).state.parts[ARREARS]?.state ?? '';
    await until(async () => (await supplyStanding(two)).passedAt !== undefined);
    t.equal((await supplyStanding(two)).waiting, 1);
    t.equal(await stateOf(), 'agreed', 'its grant is not in force');
    inForce = true;
    const before = (await supplyStanding(two)).passedAt ?? 0;
    await until(async () => ((await supplyStanding(two)).passedAt ?? 0) > before);
    t.equal(await stateOf(), 'agreed', 'its dataset has not arrived');
    t.same(deeds, [], 'and nothing is on record of what was not done');
    arrived = true;
    await until(async () => (await stateOf()) === 'supplied');
    const { steps } = await world.matters.get(id, people.taxOfficer);
    t.equal(steps.filter(({ event }) => event.act === 'supply').length, 1);
    t.equal(steps.at(-1)?.event.party, 'platform', 'in the name of the platform');
    t.same((await supplyStanding(one)).waiting, 0);

    arrived = false;
    const second = await agreed(other);
    arrived = true;
    // the provider by hand, at the same time as two replicas
    const byHand = world.matters.act(second, world.act(people.taxOfficer, 'supply', { part: ARREARS }));
    await byHand.catch(() => undefined);
    await until(async () => (await supplyStanding(one)).waiting === 0);
    const after = (await world.matters.get(second, people.taxOfficer)).steps;
    t.equal(after.filter(({ event }) => event.act === 'supply').length, 1, 'once, whoever was first');
    for (const one of supplying) await one.stop();
    t.same(troubles, []);
  });
