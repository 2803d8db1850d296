/** Two replicas over one PostgreSQL: each goes on with what the other did, and of two acts at once one is done. */
import t from 'tap';
import { isYitongError } from '../../../contracts/errors.js';
import { sharedSealingKeys } from '../../../gateway/log/entries/sealing-keys.js';
import { nextTurn } from '../../../gateway/procedures/cases/play.js';
import type { CaseDeed } from '../../../gateway/procedures/cases/types.js';
import { driver } from '../../ground/state/postgres.driver.js';
import { applicantOf, bundles, casesOver, elements, officer, saying, written } from './office.js';

t.setTimeout(120_000);

t.test('replicas share cases, with what was written', async (t) => {
  const place = await driver.fresh(t);
  // said by the driver
  if (place === undefined) return;
  const deeds: CaseDeed[] = [];
  const record = (deed: CaseDeed) => Promise.resolve({ id: `w1:${String(deeds.push(deed))}`, json: '{}' });
  const replicas = [];
  for (let n = 0; n < 2; n++) {
    const state = await driver.open(place);
    t.teardown(() => state.close());
    replicas.push({
      state,
      cases: casesOver(state, await sharedSealingKeys(state), Date.now, (bundle, known, id) =>
        saying(bundle.usual.registers)(bundle, known, id),
      ),
    });
  }
  const [one, two] = replicas;
  if (one === undefined || two === undefined) throw new Error('two are opened');
  for (const bundle of bundles.values()) {
    const how = { actor: applicantOf(bundle), record };
    const { id } = await one.cases.open(bundle.id, how);
    await two.cases.act(id, { act: 'save', answers: bundle.usual.answers, values: written(bundle) }, how);
    let moved = 0;
    for (let turns = 0; ; turns++) {
      const { state } = await (turns % 2 === 0 ? one : two).cases.get(id, how);
      const turn = nextTurn(state, bundle, elements);
      if (turn === undefined) {
        t.equal(state.phase, 'delivered', bundle.id);
        break;
      }
      const actor = turn.by === 'applicant' ? applicantOf(bundle) : officer(turn.by);
      const before = state.events;
      const outcomes = await Promise.allSettled(
        [one, two].map(({ cases }) => cases.act(id, turn.doing, { actor, record })),
      );
      const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
      if (!refused.every((error) => isYitongError(error) && ['ticket_moved', 'act_refused'].includes(error.code)))
        throw refused[0];
      if (refused.some((error) => isYitongError(error) && error.code === 'ticket_moved')) moved++;
      const after = (await one.cases.get(id, how)).state.events;
      if (after !== before + 1) t.fail(`${bundle.id}: two at once made ${String(after - before)} events`);
    }
    t.ok(moved > 0, `${bundle.id}: ${String(moved)} times somebody else was first`);
    const { contents } = await two.cases.get(id, how);
    t.ok(Object.keys(contents?.values ?? {}).length > 0, 'the other replica reads what was written');
  }
  const voids = deeds.filter(({ action }) => action === 'case_act_void').length;
  t.ok(voids > 0, `${String(voids)} acts on record are said to have had no effect`);
});
