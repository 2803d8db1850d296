/** A case that a grant requires says something: blanks of whatever kind are none. */
import t from 'tap';
import { saysSomething } from '../../../contracts/visible.js';
import { faces } from './faces.js';
import { grant, subjectOf, world } from './world.js';

const BLANK = [
  ' ',
  '\t',
  '\u3000',
  '\u00a0',
  '\u200b',
  '\ufeff',
  '\u2003',
  '\u2060\u2060',
  '\u00ad',
  '\u2800',
  '\u3164',
  '\u115f',
  '\uffa0',
  '\u202e ',
  '\u0000',
  '\u0301',
  '...',
  '——',
  '\u{e0020}',
];
const SAID = ['1', '张', '11990101MB00001234001', ' B-1 ', 'ж', '٣', '〇七'];

t.test('what can be seen is told from what cannot', (t) => {
  for (const text of ['', ...BLANK]) t.equal(saysSomething(text), false, JSON.stringify(text));
  for (const text of SAID) t.equal(saysSomething(text), true, text);
  t.end();
});

t.test('no blank stands for a part of the case, whatever the way of asking and whatever the grant', async (t) => {
  const delivery = ['query', 'verify', 'batch'] as const;
  const ways: readonly (readonly [string, object])[] = [
    ['/v1/query', { subject: subjectOf(0), datasets: [{ id: 'tax.debts' }] }],
    ['/v1/query/batch', { subjects: [subjectOf(0)], datasets: [{ id: 'tax.debts' }] }],
    ['/v1/verify', { subject: subjectOf(0), claims: [{ dataset: 'tax.debts', field: 'name', value: 'x' }] }],
  ];
  for (const requires of [['item', 'caseId', 'actor'], []] as const) {
    const here = await world(t, { grants: [grant('one', ['name'], { delivery, batchLimit: 5, requires })] });
    for (const [path, body] of ways) {
      const ask = (parts: object) =>
        here.post(path, { purpose: 'credit', ...body, case: { item: 'i', caseId: 'c', actor: 'a', ...parts } });
      t.equal((await ask({})).status, 200, path);
      for (const part of ['item', 'caseId', 'actor']) {
        const answers = await Promise.all(BLANK.map((blank) => ask({ [part]: blank })));
        t.same(
          [...new Set(answers.map(({ text }) => (JSON.parse(text) as { code: string }).code))],
          ['bad_case'],
          `${path} ${part}`,
        );
      }
    }
    t.equal(here.entries.filter(({ body }) => body['type'] === 'released').length, 3, 'nothing was decided for them');
  }
});

t.test('every route that takes a case refuses a blank one', async (t) => {
  const here = await faces(t);
  const { paths } = JSON.parse((await here.ask({ path: '/v1/openapi.json' }, 'credit-report-centre')).text) as {
    paths: Record<
      string,
      Record<
        string,
        {
          requestBody?: {
            content: Record<string, { schema: { properties?: Record<string, unknown> }; example?: object }>;
          };
        }
      >
    >;
  };
  let routes = 0;
  for (const [path, { post }] of Object.entries(paths)) {
    const content = post?.requestBody?.content['application/json'];
    if (content?.schema.properties?.['case'] === undefined) continue;
    routes++;
    const { text } = await here.ask(
      { method: 'POST', path, body: { ...content.example, case: { item: '\u3000' } } },
      'credit-report-centre',
    );
    t.equal((JSON.parse(text) as { code: string }).code, 'bad_case', path);
  }
  t.ok(routes >= 6, `${String(routes)} routes`);
});
