import t from 'tap';
import { type People, SESSION_COOKIE } from '../../../gateway/http/plugins/people.js';
import { auditLayout } from '../../../gateway/log/entries/layout.js';
import { openAlerts } from '../../../gateway/procedures/watch/store.js';
import { serve } from '../api/serve.js';

const HOST = 'people.test:8444';

t.test(
  'an auditor sees alerts and says what was found out, replays a period, sees what is not used; others do not',
  async (t) => {
    const served = await serve(t);
    const { sessions } = (served.people as typeof served.people & { readonly people: People }).people;
    const { token, session } = await sessions.create({ id: 'x|lin', name: '林审计', roles: ['auditor'], subjects: [] });
    const other = await sessions.create({
      id: 'x|w',
      name: 'w',
      roles: ['inspector'],
      authority: 'samr',
      subjects: [],
    });
    const ask = (url: string, as = token, payload?: Record<string, string>) =>
      served.people.inject({
        method: payload === undefined ? 'GET' : 'POST',
        url,
        headers: {
          host: HOST,
          accept: 'text/html',
          cookie: `${SESSION_COOKIE}=${as}`,
          ...(payload === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
        },
        ...(payload === undefined ? {} : { payload: new URLSearchParams(payload).toString() }),
      });
    const id = 'a'.repeat(32);
    const store = openAlerts(auditLayout(served.data).alerts);
    t.teardown(() => store.close());
    store.commit(
      [
        {
          id,
          rule: 'purpose',
          time: Date.now(),
          recorded: true,
          client: 'tax-app',
          facts: { purpose: 'curiosity' },
          entries: [7],
        },
      ],
      { next: 8, time: 0, states: {} },
    );

    for (const path of [
      '/console/alerts',
      `/console/alerts/${id}`,
      '/console/replay',
      '/console/replay?since=2026-01-01&until=',
      '/console/privileges',
      '/console/privileges?days=30',
    ]) {
      t.equal((await ask(path)).statusCode, 200, path);
      t.equal((await ask(path, other.token)).statusCode, 403, path);
    }
    t.match((await ask(`/console/alerts/${id}?lang=en`)).body, /purpose never used before[^]*\/console\/entries\/7/);
    t.equal((await ask('/console/privileges?days=0')).statusCode, 400);
    t.equal((await ask(`/console/alerts/${'b'.repeat(32)}`)).statusCode, 404);
    t.equal((await ask(`/console/alerts/${id}`, token, { note: 'called them', csrf: 'guessed' })).statusCode, 403);
    t.equal((await ask(`/console/alerts/${id}`, token, { note: 'x', csrf: session.csrf })).statusCode, 400);
    t.equal((await ask(`/console/alerts/${id}`, token, { note: 'called them', csrf: session.csrf })).statusCode, 303);
    t.match((await ask(`/console/alerts/${id}`)).body, /：林审计：called them/);
    t.notMatch(JSON.stringify(store.get(id)), /林审计|called/, 'sealed');
  },
);
