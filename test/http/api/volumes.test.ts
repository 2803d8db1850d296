/** Beyond its calls of a day a grant is not answered, whichever way it is asked; that is on record before it is said. */
import t from 'tap';
import { company, grant, subjectOf, type World, world } from './world.js';

const debts = [{ id: 'tax.debts' }];
const subject = subjectOf(0);
const query = { purpose: 'credit', subject, datasets: debts };
const limited = (callsADay?: number) =>
  grant('one', ['name', 'capital'], {
    delivery: ['query', 'verify', 'batch'],
    batchLimit: 10,
    until: '2099-12-31',
    ...(callsADay === undefined ? {} : { callsADay }),
  });

async function opened(t: Parameters<typeof world>[0], callsADay?: number): Promise<World> {
  const here = await world(t, { grants: [limited(callsADay)], records: [company(0)] });
  // the counter stands in a store with a clock of its own
  here.now = Date.now();
  return here;
}

t.test('each way of asking is a call, a dry run is none', async (t) => {
  const here = await opened(t, 4);
  t.equal((await here.post('/v1/query', query)).status, 200);
  t.equal((await here.post('/v1/query', { ...query, dryRun: true })).status, 200);
  const claims = [{ dataset: 'tax.debts', field: 'name', value: 'x' }];
  t.equal((await here.post('/v1/verify', { purpose: 'credit', subject, claims })).status, 200);
  const batch = { purpose: 'credit', subjects: [subject, subjectOf(1)], datasets: debts };
  t.equal((await here.post('/v1/query/batch', batch)).status, 200);
  t.equal((await here.post('/v1/query', query)).status, 200);

  const asked = here.reads.length;
  for (const [path, body] of [
    ['/v1/query', query],
    ['/v1/verify', { purpose: 'credit', subject, claims }],
    ['/v1/query/batch', batch],
  ] as const) {
    const before = here.entries.length;
    const { status, json } = await here.post(path, body);
    t.equal(status, 429, path);
    t.match(json, { code: 'volume_exhausted', detail: /4 calls a day/ });
    const [entry] = here.entries.slice(before);
    t.match(entry?.body, { type: 'released', datasets: [{ effect: 'deny', reason: 'volume_exhausted', fields: [] }] });
    if (path !== '/v1/query/batch') t.equal(entry?.draft.subject?.subject, subject, 'found by its subject');
  }
  t.equal(here.reads.length, asked, 'and nothing was read for them');
  t.equal((await here.post('/v1/query', { ...query, dryRun: true })).status, 200);

  here.now += 86_400_000;
  t.equal((await here.post('/v1/query', query)).status, 200, 'the next day begins anew');
});

t.test('what is denied anyway is no call, and a grant without a volume has no end', async (t) => {
  const here = await opened(t, 1);
  for (let i = 0; i < 3; i++)
    t.equal((await here.post('/v1/query', { ...query, purpose: 'another' })).json['code'], 'denied');
  t.equal((await here.post('/v1/query', query)).status, 200);
  const free = await opened(t);
  for (let i = 0; i < 20; i++) t.equal((await free.post('/v1/query', query)).status, 200);
});

t.test('many at once get as many answers as there are calls', async (t) => {
  const here = await opened(t, 30);
  const answers = await Promise.all(Array.from({ length: 60 }, () => here.post('/v1/query', query)));
  t.equal(answers.filter(({ status }) => status === 200).length, 30);
});
