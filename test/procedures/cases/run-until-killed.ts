/** Plays cases of all bundles, one after the other, and tells of each act that was answered, until it is killed. */
import { nextTurn } from '../../../gateway/procedures/cases/play.js';
import { applicantOf, bundles, elements, officer, saying, standing, written } from './office.js';

const [, , dir = '', count = '0'] = process.argv;
const names = [...bundles.values()];
const { cases, record } = standing(dir, (bundle, known, id) => saying(bundle.usual.registers)(bundle, known, id));
// half of them with a refusal, a third with a supplement
for (let n = 0; n < Number(count); n++) {
  const bundle = names[n % names.length];
  if (bundle === undefined) break;
  const how = { actor: applicantOf(bundle), record };
  let opened = await cases.open(bundle.id, { ...how, key: `n${n}` });
  const first = [...bundle.items.keys()];
  const turns = {
    refuse: n % 2 === 1 ? [first[n % first.length] ?? ''] : [],
    ask: n % 3 === 1 ? first : [],
    settle: true,
  };
  for (;;) {
    const { state } = opened;
    const turn =
      state.events === 1
        ? { by: 'applicant', doing: { act: 'save' as const, answers: bundle.usual.answers, values: written(bundle) } }
        : nextTurn(state, bundle, elements, turns);
    if (turn === undefined) break;
    const actor = turn.by === 'applicant' ? applicantOf(bundle) : officer(turn.by);
    opened = await cases.act(opened.id, turn.doing, { actor, record, key: `${state.events}` });
    process.stdout.write(`${opened.id} ${opened.state.events}\n`);
  }
}
process.stdout.write('done\n');
