/** What doctor says of PostgreSQL servers: of one that answers, of one without tables, and of one that is away. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { declaredServers, migrateView } from '../../../gateway/answer/view/postgres/index.js';
import { readState } from '../../../gateway/ground/config/state.js';
import { readView } from '../../../gateway/ground/config/view.js';
import stateCheck from '../../../gateway/operate/doctor/checks/state.js';
import viewCheck from '../../../gateway/operate/doctor/checks/view.js';
import type { Check, Finding, Patient } from '../../../gateway/operate/doctor/port.js';
import { freePort } from '../../support/servers/ports.js';
import { postgresForTest } from '../../support/servers/postgres.js';
import { stateForTest } from '../../support/servers/state.js';

t.setTimeout(120_000);

t.test('doctor knows the servers of the state and of the view', async (t) => {
  const postgres = await postgresForTest(t);
  if (postgres === undefined) return;
  const { user, passwords, schema, owner } = await stateForTest(t, postgres);
  const { hostname, port, pathname } = new URL(postgres.url);
  const dir = t.testdir();
  writeFileSync(join(dir, 'password'), passwords.user, { mode: 0o600 });
  writeFileSync(join(dir, 'owner'), passwords.owner, { mode: 0o600 });
  const place = { file: join(dir, 'yitong.json') };
  const common = { driver: 'postgres', user, passwordFile: 'password', tls: false };
  const here = `${hostname}:${port}`;
  const database = pathname.slice(1);
  const nowhere = `127.0.0.1:${String(await freePort())}`;
  const viewOn = (more: object, ...addresses: string[]): object => ({
    ...common,
    ...more,
    servers: addresses.map((address, i) => ({ name: `s${String(i)}`, addresses: [address], database })),
  });
  const look = async (check: Check, sections: { readonly state?: object; readonly view?: object }) => {
    const settings = { state: readState(sections.state, place, {}), view: readView(sections.view, place, {}) };
    const patient = { workspaceDir: dir, data: dir, now: Date.now, settings: async () => settings };
    // the one cast: these two checks look at nothing else
    return await check.run(patient as unknown as Patient);
  };
  const levels = (found: readonly Finding[]): readonly string[] => found.map(({ level }) => level);

  t.same(levels(await look(viewCheck, {})), ['note']);
  t.same(levels(await look(stateCheck, {})), ['note']);
  t.match(await look(viewCheck, { view: viewOn({}, here) }), [{ level: 'fail', mend: /yitong view migrate/ }]);

  const owned = { owner: owner.user, ownerPasswordFile: 'owner' };
  const settings = readView(viewOn(owned, here), place, {});
  const declared = declaredServers(settings, dir, place, 'own');
  try {
    for (const { pool, schema: made } of declared.servers) await migrateView(pool, made, user);
  } finally {
    await declared.close();
  }
  t.match(await look(viewCheck, { view: viewOn({}, here) }), [{ level: 'ok', what: /`s0`/ }]);
  t.match(await look(viewCheck, { view: viewOn({}, here, nowhere) }), [
    { level: 'ok', what: /`s0`/ },
    { level: 'fail', what: /`s1`/, mend: /look at the server/ },
  ]);
  t.match(await look(viewCheck, { view: viewOn(owned, here) }), [
    { level: 'warn', what: /password of the owner/ },
    { level: 'ok' },
  ]);

  const state = { ...common, database, schema };
  t.match(await look(stateCheck, { state: { ...state, servers: [here] } }), [{ level: 'ok', what: /revision/ }]);
  t.match(await look(stateCheck, { state: { ...state, servers: [nowhere] } }), [
    { level: 'fail', mend: /look at the server/ },
  ]);
});
