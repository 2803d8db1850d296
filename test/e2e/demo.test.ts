/**
 * The tour of `yitong demo`, on whatever day it is run: the answers are those that its titles tell of, and a city whose
 * grants all ended is no demo.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { touch } from '../support/clock.js';
import { run } from './command.js';

t.setTimeout(180_000);

interface Shown {
  readonly steps: readonly {
    readonly status: number;
    readonly datasets: readonly { readonly id: string; readonly status: string; readonly reason?: string }[];
  }[];
  readonly log: { readonly ok: boolean };
}

t.test('the reference city shows what is granted, what is withheld, and what is denied', async (t) => {
  const { code, stdout, stderr } = await run('demo', '--json');
  t.equal(code, 0, stderr);
  const { steps, log } = JSON.parse(stdout) as Shown;
  t.equal(log.ok, true);
  const current = (...ids: readonly string[]) => ids.map((id) => ({ id, status: 'current' }));
  t.same(
    steps.map(({ status, datasets }) => ({ status, datasets })),
    [
      {
        status: 200,
        datasets: current(
          'samr.company-register',
          'samr.business-licence',
          'fire.fire-checks',
          'urban-management.shop-signs',
          'water.drainage-permits',
        ),
      },
      {
        status: 200,
        datasets: [
          ...current('samr.food-licence', 'samr.food-inspections', 'tobacco.retail-licence'),
          { id: 'tax.tax-arrears', status: 'denied', reason: 'not_granted' },
        ],
      },
      { status: 403, datasets: [{ id: 'hrss.social-insurance-persons', status: 'denied', reason: 'case_required' }] },
    ],
  );
});

t.test('a tour under grants whose terms are over says so, and fails', async (t) => {
  const workspace = join(t.testdir(), 'city');
  t.equal((await run('init', workspace)).code, 0);
  touch(join(workspace, 'inbox/shops.csv'));
  const tour = [
    {
      title: { zh: '店铺', en: 'A shop' },
      client: 'front-desk',
      purpose: 'permit-check',
      subject: 'uscc:91990101MAEXA0001X',
      datasets: ['office.shops'],
    },
  ];
  await writeFile(join(workspace, 'policies/tour.json'), JSON.stringify(tour));
  t.match(await run('demo', '--workspace', workspace), { code: 0, stdout: /office\.shops: current, 1 record/ });
  const grants = join(workspace, 'policies/grants');
  for (const name of await readdir(grants)) {
    const grant = JSON.parse(await readFile(join(grants, name), 'utf8')) as object;
    await writeFile(join(grants, name), JSON.stringify({ ...grant, from: '2020-01-01', until: '2020-12-31' }));
  }
  const over = await run('demo', '--workspace', workspace);
  t.match(over, { code: 1, stdout: /office\.shops: denied, grant_expired/ });
  t.match(over.stdout, /shows nothing of office\.shops: the terms of the grants are over/);
});
