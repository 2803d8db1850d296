/**
 * "None on record" is only said of a dataset that is current: what stops coming turns stale when its own contract says
 * so.
 */
import { execFileSync } from 'node:child_process';
import { cp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import t from 'tap';
import type { DatasetAnswer } from '../../gateway/client/index.js';
import { touch } from '../support/clock.js';
import { until } from './ask.js';
import { city, cli } from './city.js';

t.setTimeout(120_000);

const NOBODY = 'uscc:91350100M000100Y43';
const FREQUENCY = 3000;

async function edit(
  file: string,
  change: (content: Record<string, unknown>) => Record<string, unknown>,
): Promise<void> {
  await writeFile(file, JSON.stringify(change(JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>)));
}

void t.test(
  'an empty answer is current, and turns stale at the declared frequency once its source is gone',
  async (t) => {
    const workspace = join(t.testdir(), 'city');
    execFileSync(process.execPath, [cli, 'init', workspace]);
    const dataset = (name: string) => join(workspace, 'contracts/datasets/office', name);
    // the same register a second time, that nobody feeds
    await cp(dataset('shops'), dataset('kiosks'), { recursive: true });
    await writeFile(
      join(workspace, 'policies/grants/front-desk-kiosks.json'),
      (await readFile(join(workspace, 'policies/grants/front-desk-shops.json'), 'utf8')).replace(
        'office.shops',
        'office.kiosks',
      ),
    );
    await edit(join(dataset('shops'), 'contract.json'), (contract) => ({ ...contract, updateFrequency: 'PT3S' }));
    await edit(join(workspace, 'connectors/feeds/office/shops.json'), (feed) => ({ ...feed, schedule: 'PT1S' }));
    execFileSync(process.execPath, [cli, 'contracts', 'register', '--workspace', workspace]);

    const running = await city(t, { workspace });
    const desk = await running.as('front-desk');
    const look = async (): Promise<{
      readonly time: number;
      readonly shops: DatasetAnswer;
      readonly kiosks: DatasetAnswer;
    }> => {
      const answer = await desk.query({
        purpose: 'permit-check',
        subject: NOBODY,
        datasets: [{ id: 'office.shops' }, { id: 'office.kiosks' }],
      });
      const [shops, kiosks] = answer.datasets;
      if (shops === undefined || kiosks === undefined) throw new Error('a dataset is missing from the answer');
      return { time: Date.parse(answer.time), shops, kiosks };
    };

    // the office writes its register anew twice a second; none of its rows is about the subject that is asked for
    const inbox = (name: string) => join(workspace, 'inbox', name);
    const register = await readFile(inbox('shops.csv'), 'utf8');
    let edition = 0;
    const deliver = async (): Promise<void> => {
      await writeFile(
        inbox('shops.new'),
        `${register.trimEnd()}\n91990101MAEXA0001X,晨光面馆,东湖区,2024-03-18,${++edition}\n`.replace(
          /^91990101MAEXA0001X,.*,42\n/m,
          '',
        ),
      );
      touch(inbox('shops.new'));
      await rename(inbox('shops.new'), inbox('shops.csv'));
    };
    let at = new AbortController();
    let delivering: Promise<void> = Promise.resolve();
    const open = (): void => {
      at = new AbortController();
      const { signal } = at;
      delivering = (async () => {
        while (!signal.aborted) {
          await deliver();
          await later(500, undefined, { signal }).catch(() => undefined);
        }
      })();
    };
    // one delivery after the other, the last one over before its folder goes
    const shut = (): Promise<void> => {
      at.abort();
      return delivering;
    };
    t.teardown(shut);
    open();

    const before = await until('a current answer', look, ({ shops }) => shops.status === 'current');
    t.strictSame(before.shops.records, [], 'none on record, said of a current dataset');
    t.strictSame(
      [before.kiosks.status, before.kiosks.sourceTime, before.kiosks.records],
      ['never-loaded', undefined, []],
      'of one without a feed nothing can be said',
    );

    // with each delivery the source time goes on
    await until(
      'a newer source time',
      look,
      ({ shops }) => shops.status === 'current' && String(shops.sourceTime) > String(before.shops.sourceTime),
    );

    await shut();
    await rm(inbox('shops.csv'));
    const looks: Awaited<ReturnType<typeof look>>[] = [];
    const after = await until(
      'a stale answer',
      async () => {
        const seen = await look();
        looks.push(seen);
        return seen;
      },
      ({ shops }) => shops.status === 'stale',
    );
    for (const { time, shops } of looks) {
      t.equal(
        shops.status,
        time - Date.parse(String(shops.sourceTime)) <= FREQUENCY ? 'current' : 'stale',
        'exactly by the frequency that the contract declares',
      );
    }
    t.strictSame(after.shops.records, []);
    const shown = ['91990101MAEXA0001X', '91990101MAEXA00021'].map((key) => `uscc:${key}`);
    for (const subject of shown) {
      const [shop] = (await desk.query({ purpose: 'permit-check', subject, datasets: [{ id: 'office.shops' }] }))
        .datasets;
      t.match(
        shop,
        { status: 'stale', sourceTime: after.shops.sourceTime },
        'the source time is the last at which the source was seen',
      );
      t.equal(shop?.records.length, 1, 'what was known is still shown, marked as stale');
    }
    t.equal((await look()).shops.sourceTime, after.shops.sourceTime, 'failed runs do not renew it');

    open();
    await until('a current answer again', look, ({ shops }) => shops.status === 'current');
  },
);
