/**
 * Real traffic that tries numbers raises an alert: on the metrics port, on the command line, on the auditor's page; and
 * what the log tells of policies on the command line.
 */
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import uscc from '../../contracts/subjects/uscc.js';
import { chromiumForTest, launch, signIn } from '../http/console/browser.js';
import { ask, until } from './ask.js';
import { city, cli } from './city.js';
import { entries, run } from './command.js';

t.setTimeout(180_000);

const SUBJECTS = 12;
const workspace = join(t.testdir(), 'workspace');
execFileSync(process.execPath, [cli, 'init', workspace]);
const file = (path: string): string => join(workspace, path);
const read = async (path: string): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(file(path), 'utf8')) as Record<string, unknown>;
const write = (path: string, content: object): Promise<void> => writeFile(file(path), JSON.stringify(content));
await write('yitong.json', {
  ...(await read('yitong.json')),
  audit: { watch: { enumeration: { subjects: SUBJECTS } } },
});

const town = await city(t, { workspace });
const metrics = async (): Promise<string> => (await fetch(`${town.health}/metrics`)).text();

interface Alert {
  readonly id: string;
  readonly rule: string;
  readonly client: string;
  readonly facts: Readonly<Record<string, number>>;
  readonly entries: readonly number[];
}
const alerts = async (): Promise<{ readonly code: number; readonly list: readonly Alert[] }> => {
  const { code, stdout } = await run('audit', 'alerts', '--data', town.data, '--json');
  return { code, list: JSON.parse(stdout) as readonly Alert[] };
};
let alert: Alert | undefined;

t.test('a client that tries numbers is told with the entries in which it did; one that asks once is not', async (t) => {
  t.same(await alerts(), { code: 0, list: [] }, 'nothing to tell, and exit 0');
  t.notMatch(await metrics(), /yitong_alerts_total\{/);
  for (let n = 0; n < SUBJECTS; n++) {
    const { status } = await ask(town.api, town.pki, 'front-desk', {
      method: 'POST',
      path: '/v1/query',
      body: {
        purpose: 'permit-check',
        subject: `uscc:${uscc.make(7000 + 31 * n)}`,
        datasets: [{ id: 'office.shops' }],
      },
    });
    t.equal(status, 200);
  }
  await until(
    'the alert among the metrics',
    metrics,
    (text) => /^yitong_alerts_total\{rule="enumeration"\} 1$/m.test(text),
    60_000,
  );
  const { code, list } = await alerts();
  t.equal(code, 1, 'one is open');
  t.match(list, [{ rule: 'enumeration', client: 'front-desk', facts: { subjects: SUBJECTS, missing: SUBJECTS } }]);
  alert = list[0];
  const asked = await entries<{ readonly client: string; readonly purpose: string }>(town.data, '--type', 'released');
  t.equal(asked.length, SUBJECTS);
  t.equal(alert?.entries.length, SUBJECTS, 'it names each of them');
  const words = await run('audit', 'alerts', '--data', town.data);
  t.equal(words.code, 1);
  t.match(
    words.stdout,
    new RegExp(
      `enumeration  front-desk  ${alert?.id ?? ''}[^]*subjects ${String(SUBJECTS)}[^]*1 open alerts, 0 acknowledged`,
    ),
  );
  t.notMatch(words.stdout, /uscc:|9199/, 'nobody who was asked about');
  const raised = await until(
    'its own entry',
    () => entries<{ readonly action: string; readonly target: string }>(town.data, '--type', 'administration'),
    (acts) => acts.some(({ action }) => action === 'alert_raised'),
  );
  t.match(
    raised.filter(({ action }) => action === 'alert_raised'),
    [{ target: alert?.id }],
  );
});

t.test('the auditor sees it on the page of alerts, opens it, and comes from there to the entries', async (t) => {
  const chromium = chromiumForTest(t);
  if (chromium === undefined) return;
  const { page, complaints } = await signIn(await launch(t, chromium), town.people, 'auditor');
  await page.goto('/console/alerts?lang=en');
  await page.click(`a[href="/console/alerts/${alert?.id ?? ''}"]`);
  for (const index of alert?.entries ?? [])
    t.equal(await page.locator(`a[href="/console/entries/${String(index)}"]`).count(), 1, `entry ${String(index)}`);
  await page.click(`a[href="/console/entries/${String(alert?.entries[0])}"]`);
  t.match(await page.textContent('main'), /front-desk/);
  t.same(complaints, []);
});

t.test(
  '`policies replay` says which of these requests a changed grant would turn, and ends with 1; with none it ' +
    'ends with 0',
  async (t) => {
    const replay = (...args: string[]): ReturnType<typeof run> =>
      run('policies', 'replay', '--workspace', workspace, '--data', town.data, ...args);
    const same = await replay();
    t.equal(same.code, 0);
    t.match(same.stdout, new RegExp(`^0 of ${String(SUBJECTS)} decisions would turn out otherwise`, 'm'));
    const GRANT = 'policies/grants/front-desk-shops.json';
    const grant = await read(GRANT);
    await write(GRANT, { ...grant, fields: ['uscc', 'name'] });
    const narrowed = await replay();
    t.equal(narrowed.code, 1);
    t.match(
      narrowed.stdout,
      new RegExp(
        `other release +${String(SUBJECTS)}  front-desk  office.shops  query for permit-check\\n  by grant ` +
          'front-desk-shops\\n  without district, openedOn',
      ),
    );
    await write(GRANT, { ...grant, status: 'suspended' });
    const suspended = await replay('--json');
    t.equal(suspended.code, 1);
    t.match(JSON.parse(suspended.stdout), {
      decisions: SUBJECTS,
      otherwise: SUBJECTS,
      changes: [{ kind: 'denied', client: 'front-desk', by: ['grant front-desk-shops', 'grant_suspended'] }],
    });
    t.match(await replay('--since', '2020-01-01', '--until', '2020-02-01'), { code: 0, stdout: /^0 of 0 decisions/m });
    t.equal((await replay('--since', '2026-02-01', '--until', '2026-01-01')).code, 2);
    await write(GRANT, grant);
  },
);

t.test(
  '`policies unused` names what was granted and not used, and ends with 1; with nothing to name it ends with 0',
  async (t) => {
    const unused = (...args: string[]): ReturnType<typeof run> =>
      run('policies', 'unused', '--workspace', workspace, '--data', town.data, ...args);
    t.match(await unused('--days', '30'), {
      code: 0,
      stdout: /0 grants, 0 fields of other grants, 0 clients not used in 30 days/,
    });
    // of grants that are younger than what is looked back on nothing is said
    const grant = { ...(await read('policies/grants/front-desk-shops.json')), from: '2020-01-01', until: '2099-12-31' };
    await write('policies/grants/front-desk-shops.json', {
      ...grant,
      fields: ['uscc', 'name', 'district', 'openedOn', 'seats'],
    });
    await write('policies/clients/nobody.json', {
      ...(await read('policies/clients/front-desk.json')),
      identity: { spiffe: 'spiffe://yitong.example/client/nobody' },
    });
    await write('policies/grants/nobody-shops.json', { ...grant, client: 'nobody' });
    const found = await unused('--days', '30');
    t.equal(found.code, 1);
    t.match(found.stdout, /^grant nobody-shops: nobody office.shops, until 2099-12-31: never$/m);
    t.match(found.stdout, /^fields of front-desk-shops: seats$/m);
    t.match(found.stdout, /^client nobody: never$/m);
    const json = await unused('--days', '30', '--json');
    t.match(JSON.parse(json.stdout), {
      days: 30,
      grants: [{ grant: 'nobody-shops' }],
      fields: [{ grant: 'front-desk-shops', fields: [{ field: 'seats' }] }],
      clients: [{ client: 'nobody' }],
    });
    t.equal((await unused('--days', '0')).code, 2);
  },
);
