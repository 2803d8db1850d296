/** What one side of an application is not shown of the other, before its head has agreed to it. */
import t from 'tap';
import { shownTo } from '../../../gateway/procedures/sharing/shown.js';
import type { MatterActor, OpenedMatter } from '../../../gateway/procedures/sharing/types.js';
import { sharedState } from '../../support/shared-state.js';
import { application, asContent, people, person, sharingOver } from './world.js';

t.setTimeout(60_000);

const ARREARS = 'tax.tax-arrears';
const LICENCE = 'samr.company-register';

t.test('a reply is the other side’s once its head has agreed', async (t) => {
  const open = await sharedState(t, 'embedded');
  if (open === undefined) return;
  const { matters, act } = await sharingOver(await open(), { now: () => Date.parse('2026-02-10T09:00:00+08:00') });
  const whole = application();
  const [first] = whole.datasets;
  const two = {
    ...whole,
    datasets: [first, { ...first, dataset: LICENCE, fields: [{ path: 'name', reason: '核验名称是否一致' }] }],
  };
  const { head } = await matters.open('application', {}, act(people.officer, 'draft', { content: asContent(two) }));
  const { id } = head;
  await matters.act(id, act(people.head, 'return', { fields: { reason: '请补充必要性的说明' } }));
  await matters.act(id, act(people.head, 'approve'));
  await matters.act(id, act(people.officer, 'file'));
  const reply = {
    fields: [
      { path: 'amount', decision: 'agree' },
      { path: 'taxKind', decision: 'refuse', reason: '办理该事项无需此项' },
    ],
  };
  await matters.act(id, act(people.taxOfficer, 'propose', { part: ARREARS, content: asContent(reply) }));

  const seen = async (actor: MatterActor, authority: string) => {
    const matter: OpenedMatter = await matters.get(id, actor);
    const { contents, steps } = shownTo(matter, authority);
    const asked = contents['application'] as unknown as typeof two;
    return {
      reply: contents[`reply/${ARREARS}`],
      acts: steps.map(({ event }) => event.act),
      asked: asked.datasets.map((one) => [one?.dataset, one?.fields !== undefined]),
    };
  };
  t.match(await seen(people.officer, 'transport'), {
    reply: undefined,
    acts: ['draft', 'return', 'approve', 'file'],
    asked: [
      [ARREARS, true],
      [LICENCE, true],
    ],
  });
  const tax = await seen(people.taxOfficer, 'tax');
  t.match(tax, {
    reply,
    acts: ['draft', 'approve', 'file', 'propose'],
    asked: [
      [ARREARS, true],
      [LICENCE, false],
    ],
  });
  t.match(
    await seen(people.samrOfficer, 'samr'),
    {
      reply: undefined,
      acts: ['draft', 'approve', 'file'],
      asked: [
        [ARREARS, false],
        [LICENCE, true],
      ],
    },
    'another provider is shown its own part',
  );
  t.match(await seen(person('sharing-authority', 'data-bureau'), 'data-bureau'), { reply, acts: ['draft', 'return'] });
  await matters.act(id, act(people.taxHead, 'agree', { part: ARREARS }));
  t.match((await seen(people.officer, 'transport')).reply, reply, 'agreed to, it is a reply');
});
