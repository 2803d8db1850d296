/**
 * What comes to an end by itself: the list of an anchor, and the calendar. It is said before and after, and what takes
 * its place counts without a restart.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { revoke } from '../../gateway/operate/pki/authority.js';
import { ask, until } from '../e2e/ask.js';
import { run } from '../e2e/command.js';
import { declared, healthOf, type Json, QUESTION, town } from './town.js';

t.setTimeout(240_000);

const here = declared(t);
const year = new Date().getUTCFullYear();
/** A calendar of these years, without holidays. */
const calendar = (...years: readonly number[]): Json => ({
  name: { zh: '日历', en: 'calendar' },
  timeZone: 'Asia/Shanghai',
  years: Object.fromEntries(years.map((one) => [String(one), { source: 'a test', holidays: [], makeUpDays: [] }])),
});
await mkdir(join(here.workspace, 'contracts/calendars'), { recursive: true });
await here.write('contracts/calendars/office.json', calendar(year - 1));
const city = await town(t, here.workspace);
const asked = async (): Promise<number> =>
  (await ask(city.api, city.pki, 'front-desk', { method: 'POST', path: '/v1/query', body: QUESTION })).status;

t.test(
  'where the revocation list of each anchor has ended nothing is answered, and readiness says so and what to ' +
    'do, until there is a newer one',
  async (t) => {
    t.equal((await healthOf(city)).status, 200);
    t.equal(await asked(), 200);
    // one that ends at once, grace included
    await revoke(city.pki, undefined, {
      now: new Date(Date.now() + 2000),
      nextUpdate: new Date(Date.now() - 2 * 86_400_000),
    });
    const over = await until(
      'that it is not ready',
      () => healthOf(city),
      ({ status }) => status === 503,
      60_000,
    );
    t.match(over.reasons, [
      /no client is let in, for the revocation list of each anchor has ended: development; put newer lists into the files that the anchors name/,
    ]);
    t.equal(await asked(), 503, 'it is true: nobody is answered');
    t.match(await (await fetch(`${city.health}/metrics`)).text(), /^yitong_crl_stage\{anchor="development"\} 4$/m);
    await revoke(city.pki, undefined, { now: new Date(Date.now() + 4000) });
    await until(
      'that it is ready again',
      () => healthOf(city),
      ({ status }) => status === 200,
      60_000,
    );
    t.equal(await asked(), 200, 'without a restart');
  },
);

t.test(
  'a calendar that has ended is said by doctor, contracts check and a metric; its next year counts without a restart',
  async (t) => {
    const left = async (): Promise<number> =>
      Number(
        /^yitong_calendar_seconds_left\{calendar="office"\} (\S+)$/m.exec(
          await (await fetch(`${city.health}/metrics`)).text(),
        )?.[1],
      );
    t.ok((await left()) < 0);
    const doctor = await run('doctor', '--workspace', here.workspace, '--data', city.data, '--only', 'workspace');
    t.match(doctor.stdout, new RegExp(`WARN .*the calendar \`office\` ended with ${String(year - 1)}-12-31`));
    const checked = await run('contracts', 'check', '--workspace', here.workspace);
    t.equal(checked.code, 0, 'it is no fault of the contracts');
    t.match(checked.stdout, /note +calendar office +the calendar `office` ended with/);

    await here.write('contracts/calendars/office.json', calendar(year - 1, year, year + 1));
    await until('that the new years count', left, (seconds) => seconds > 365 * 86_400, 60_000);
    t.notMatch((await run('contracts', 'check', '--workspace', here.workspace)).stdout, /calendar office/);
    t.notMatch(
      (await run('doctor', '--workspace', here.workspace, '--data', city.data, '--only', 'workspace')).stdout,
      /calendar `office`/,
    );
    t.equal((await healthOf(city)).status, 200);
  },
);
