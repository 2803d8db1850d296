/** Whom an entry was about: the one look that opens what the log keeps closed. */
import t from 'tap';
import { signerNames } from '../../../gateway/ground/config/index.js';
import { type People, SESSION_COOKIE } from '../../../gateway/http/plugins/people.js';
import { openSearch } from '../../../gateway/log/search/index.js';
import { startSequencer } from '../../../gateway/log/sequencer/sequencer.js';
import { openAuditSigners } from '../../../gateway/log/store/signer.js';
import { QUESTION, SHOP, serve } from '../api/serve.js';

const ORIGIN = 'yitong.example/log';
const KEY = SHOP.subject.slice(SHOP.subject.indexOf(':') + 1);

t.test(
  'whom an entry was about is shown to an auditor who says why, and to nobody else; that look is on record first',
  async (t) => {
    const served = await serve(t);
    t.equal((await served.ask({ method: 'POST', path: '/v1/query', body: QUESTION })).status, 200);
    const sequencer = startSequencer({
      dataDir: served.data,
      signer: openAuditSigners(served.data, signerNames(ORIGIN)).log,
      origin: ORIGIN,
      now: Date.now,
      interval: 0,
      onAlert: () => undefined,
    });
    await sequencer.runOnce();
    t.teardown(() => sequencer.stop());
    const { sessions } = (served.people as typeof served.people & { readonly people: People }).people;
    const auditor = await sessions.create({ id: 'x|lin', name: '林审计', roles: ['auditor'], subjects: [] });
    const inspector = await sessions.create({
      id: 'x|wu',
      name: '吴监察',
      roles: ['inspector'],
      authority: 'office',
      subjects: [],
    });
    const ask = (as: typeof auditor, form?: Record<string, string>) =>
      served.people.inject({
        method: form === undefined ? 'GET' : 'POST',
        url: '/console/entries/0',
        headers: {
          host: 'people.test:8444',
          accept: 'text/html',
          cookie: `${SESSION_COOKIE}=${as.token}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
        ...(form === undefined ? {} : { payload: new URLSearchParams({ csrf: as.session.csrf, ...form }).toString() }),
      });

    const closed = await ask(auditor);
    t.equal(closed.statusCode, 200);
    t.notMatch(closed.body, KEY, 'nobody is named before somebody says why');
    t.equal((await ask(auditor, { reason: ' ' })).statusCode, 400);
    t.equal((await ask(inspector, { reason: 'complaint 2026-118' })).statusCode, 403);

    const before = served.waited.length;
    t.match((await ask(auditor, { reason: 'complaint 2026-118' })).body, KEY);
    t.strictSame(
      served.waited.slice(before).map(({ type, action, detail }) => ({ type, action, detail })),
      [{ type: 'looked', action: 'resolve', detail: { entry: 0 } }],
    );
    await sequencer.runOnce();
    const search = openSearch(served.data);
    t.teardown(() => search.close());
    const {
      entries: [look, ...others],
    } = await search.page({ type: 'looked', action: 'resolve' }, { limit: 10, open: true });
    t.match(look, { body: { type: 'looked', action: 'resolve' } });
    t.strictSame(others, []);
    t.match(JSON.stringify(look?.opened), 'complaint 2026-118');
    t.notMatch(JSON.stringify(look?.body), /complaint|91990101/, 'sealed, also the reason');
  },
);
