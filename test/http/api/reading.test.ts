/**
 * A source is read again now: asked for by page and API under one rule, on record before it is asked for, once where it
 * waits, and not again before the pause is over, whoever asks by whatever way.
 */
import t, { type Test } from 'tap';
import { State } from '../../../connectors/publish/index.js';
import { noteEnded, takeAsked } from '../../../connectors/run/asked.js';
import { datasetId } from '../../../contracts/ids.js';
import type { RawAnswer } from '../../e2e/ask.js';
import { type Faces, faces } from './faces.js';

t.setTimeout(120_000);

const DATASET = datasetId('samr.business-licence');
const PATH = `/v1/datasets/${DATASET}/reading`;
const PAGE = `/console/feeds/${DATASET}`;
const CLIENT = 'food-inspector';
const chen = { id: 'https://id.test|chen', name: '陈专员', roles: ['data-officer'], authority: 'samr' } as const;
const officer = { id: 'chen-officer', name: '陈专员' };

interface Told {
  readonly code?: string;
  readonly asked?: string;
  readonly last?: { readonly state: string };
  readonly wait?: number;
}
const told = ({ text }: RawAnswer): Told => JSON.parse(text) as Told;

interface Desk {
  readonly here: Faces;
  ask(client?: string, path?: string): Promise<RawAnswer>;
  press(): Promise<RawAnswer>;
  page(): Promise<string>;
  acts(): readonly Readonly<Record<string, unknown>>[];
}

async function open(t: Test): Promise<Desk> {
  const here = await faces(t);
  const csrf = await here.csrf(chen);
  return {
    here,
    ask: (client = CLIENT, path = PATH) => here.ask({ method: 'POST', path, body: { officer } }, client),
    press: () => here.visit({ method: 'POST', path: `${PAGE}/read`, body: { csrf } }, chen),
    page: async () => (await here.visit({ path: PAGE, headers: { 'accept-language': 'zh-CN' } }, chen)).text,
    acts: () => here.entries.map(({ body }) => body).filter(({ action }) => action === 'feed_asked'),
  };
}

const FORM = `action="${PAGE}/read"`;

t.test('asked for by two ways under one rule, each on record first', async (t) => {
  const { here, ask, press, page, acts } = await open(t);
  const reading = async (): Promise<Told> => told(await here.ask({ path: PATH }, CLIENT));
  t.same(await reading(), { dataset: DATASET, wait: 0 }, 'never read, and never asked for');
  t.match(await page(), FORM);

  here.healthy = false;
  t.match(told(await ask()), { code: 'audit_unavailable' });
  t.match(told(await press()), { code: 'audit_unavailable' });
  here.healthy = true;
  t.same(await reading(), { dataset: DATASET, wait: 0 }, 'what could not be put on record was not asked for');

  const first = await ask();
  t.equal(first.status, 202);
  const { asked = '' } = told(first);
  t.ok(asked > '2020');
  t.equal((await press()).status, 303, 'one that waits is enough');
  t.match(told(await ask()), { asked, wait: 0 }, 'and it is the same');
  t.match(acts(), [
    { by: CLIENT, target: DATASET },
    { by: 'data-officer', target: DATASET },
    { by: CLIENT, target: DATASET },
  ]);
  t.notMatch(JSON.stringify(here.entries.map(({ body }) => body)), officer.name, 'nobody is named in clear');
  const waiting = await page();
  t.match(waiting, /已要求立即读取，几秒内开始/);
  t.match(waiting, `data-follow="${PAGE}/state" data-state="asked"`);
  t.notMatch(waiting, FORM);

  const state = State.open(here.dataDir);
  t.teardown(() => state.close());
  await takeAsked(state, DATASET);
  const counts = { rows: 12, published: 3, unchanged: 8, quarantined: 1, skipped: 0, withdrawn: 0 };
  const when = { began: '2026-10-27T02:00:00.000Z', ended: '2026-10-27T02:00:01.000Z' };
  noteEnded(state, DATASET, { ...counts, ...when, state: 'complete' });
  await state.flushed();
  t.match(await reading(), { last: { ...counts, ...when, state: 'complete' } });
  for (const said of [await ask(), await press()]) {
    t.equal(said.status, 429);
    t.equal(told(said).code, 'asked_just_now');
  }
  const again = Number((await ask()).headers['retry-after']);
  t.ok(again > 40 && again <= 60, `again in ${String(again)} s`);
  t.ok(((await reading()).wait ?? 0) > 40);
  t.equal(acts().length, 3, 'what was refused is no act');
  const read = await page();
  t.match(read, /最近一次读取（2026-10-27 10:00）：共 12 行，发布 3 行，没有变化 8 行，未通过校验 1 行，撤回 0 条。/);
  t.match(read, /秒后可以再次要求/);
  t.notMatch(read, FORM);
  t.match(told(await here.visit({ path: `${PAGE}/state` }, chen)), { state: `ended ${when.ended}` });

  noteEnded(state, DATASET, { ...counts, ...when, state: 'failed', code: 'source_unavailable' });
  await state.flushed();
  t.match(await page(), /最近一次读取（2026-10-27 10:00）失败：/);
});

t.test('only of the own authority, and only where a source is read', async (t) => {
  const { here, ask, acts } = await open(t);
  const pushed = '/v1/datasets/transport.weighbridge-checks/reading';
  for (const [client, path, code] of [
    ['transport-connector', PATH, 'not_publisher'],
    ['transport-connector', '/v1/datasets/no.such/reading', 'not_publisher'],
    ['transport-connector', pushed, 'not_read_here'],
  ] as const) {
    t.equal(told(await ask(client, path)).code, code);
    t.equal(told(await here.ask({ path }, client)).code, code);
  }
  const driver = { ...chen, authority: 'transport' };
  const body = { csrf: await here.csrf(driver) };
  const sent = (path: string) => here.visit({ method: 'POST', path, body }, driver);
  t.equal((await sent(`${PAGE}/read`)).status, 404);
  t.equal((await here.visit({ path: `${PAGE}/state` }, driver)).status, 404);
  t.equal(told(await sent('/console/feeds/transport.weighbridge-checks/read')).code, 'not_read_here');
  const { text } = await here.visit({ path: '/console/feeds/transport.weighbridge-checks' }, driver);
  t.notMatch(text, '/read"');
  t.same(acts(), []);
});
