/**
 * A case in a running city: registers fill its form with source and time, systems of its authorities decide it, and what
 * was read and done stands in the log.
 */
import t from 'tap';
import { examplePlan } from '../../../gateway/procedures/materials/example.js';
import { exampleCity } from '../../client/city.js';
import { elements, named, written } from '../../procedures/cases/office.js';

t.setTimeout(240_000);

t.test('a restaurant is opened, of what registers say, by three systems', async (t) => {
  const city = await exampleCity(t);
  const counter = await city.as('one-stop-counter');
  const as = 'uscc:91990101MA000013H9';
  const bundle = named('open-restaurant');
  const answers = { ...bundle.usual.answers, 'wants-sign': false } as Readonly<
    Record<string, string | number | boolean>
  >;
  const { id } = await counter.openCase({ bundle: bundle.id }, { as });
  await counter.actOnCase(id, { act: 'save', answers, values: written(bundle) }, { as });
  await counter.actOnCase(id, { act: 'step', step: 'fill', port: 'identity' }, { as });
  t.match(
    (await counter.caseForm(id, { as })).missing.filter(({ what }) => what === 'material'),
    [{ name: 'plan' }],
    'it is not submitted without the plan',
  );
  const plan = examplePlan();
  t.match(await counter.putCaseMaterial(id, 'plan', plan, { as }), { state: 'given', type: 'image/png' });
  const form = await counter.caseForm(id, { as });
  const filled = form.fields.filter(
    ({ from, value, dataset }) => from === 'register' && value !== undefined && dataset !== undefined,
  );
  t.ok(filled.length >= 5, `${String(filled.length)} fields are filled by registers`);
  t.ok(
    filled.every(({ sourceTime }) => sourceTime !== undefined),
    'each with source and time',
  );
  t.match(
    filled.find(({ element }) => element === 'company.name'),
    { dataset: 'samr.company-register', value: /云州/ },
  );
  t.strictSame(form.obstacles, [], 'nothing in the way');
  const values = form.missing.filter(({ what }) => what === 'value');
  t.strictSame(
    form.missing.filter(({ what }) => what !== 'value'),
    [],
    'what registers answered and do not have is asked after all, and the plan is there',
  );
  const more = Object.fromEntries(values.map(({ name }) => [name, elements.elements.get(name)?.examples[0] ?? null]));
  await counter.actOnCase(id, { act: 'save', answers, values: { ...written(bundle), ...more } }, { as });
  await counter.actOnCase(id, { act: 'step', step: 'fill', port: 'signature' }, { as });
  const papers = await counter.caseMaterials(id, { as });
  t.match(
    papers.filter(({ kind }) => kind !== 'data'),
    [
      { material: 'application', kind: 'made', state: 'signed' },
      { material: 'plan', kind: 'upload', state: 'given', size: plan.length },
    ],
    'two materials are handed in',
  );
  const sent = await counter.actOnCase(id, { act: 'submit' }, { as });
  t.strictSame(
    sent.items.map(({ item, status }) => `${item} ${status}`),
    ['food-licence held', 'fire-check held'],
  );
  for (const [client, item] of [
    ['food-inspector', 'food-licence'],
    ['fire-inspector', 'fire-check'],
  ] as const) {
    const system = await city.as(client);
    const { cases } = await system.cases();
    t.strictSame(
      cases.map((one) => one.id),
      [id],
      `${client} finds it in its inbox`,
    );
    const seen = await system.oneCase(id);
    const own = seen.items.find((one) => one.item === item);
    t.match(own?.term?.due, /^\d{4}-\d{2}-\d{2}$/, 'with its term');
    t.ok(Object.keys(own?.form ?? {}).length >= 5, 'and its own form');
    t.equal(seen.items.find((one) => one.item !== item)?.form, undefined, 'not that of another');
    const theirs = await system.caseMaterials(id);
    t.equal(
      theirs.find(({ material }) => material === 'application')?.digest,
      papers.find(({ material }) => material === 'application')?.digest,
      'the paper that was signed',
    );
    t.ok((await system.caseMaterial(id, 'plan')).equals(plan), 'and the plan as it was sent');
    t.match((await system.caseMaterial(id, 'application')).toString('latin1', 0, 5), '%PDF-');
    await system.actOnCase(id, { act: 'grant', item, checked: own?.unknown ?? [], key: 'granted' });
    t.strictSame((await system.cases()).cases, [], 'and then nothing waits for it');
    system.close();
  }
  const done = await counter.actOnCase(id, { act: 'step', step: 'collect', port: 'collect' }, { as });
  t.match(done, { phase: 'delivered', over: true });
  const leaving = named('deregister-company');
  const draft = await counter.openCase({ bundle: leaving.id }, { as });
  await counter.actOnCase(
    draft.id,
    { act: 'save', answers: leaving.usual.answers as typeof answers, values: {} },
    { as },
  );
  const bars = await counter.caseForm(draft.id, { as });
  t.ok(
    bars.obstacles.every(({ state, owners }) => state === 'no' && owners.length > 0),
    'registers answer every bar: none is unknown',
  );
  t.notOk(
    bars.missing.some(({ what }) => what === 'away'),
    'and all of them answer under their grants',
  );
  counter.close();
});
