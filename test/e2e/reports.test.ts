/**
 * A report from a running city, as its centre asks for it: whole while all departments answer, and naming the one whose
 * connector has stopped.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { loadWorkspace } from '../../contracts/workspace.js';
import type { ReportBody } from '../../gateway/client/index.js';
import { dayIn } from '../../gateway/documents/compute/index.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { noticeGrants } from '../../gateway/http/console/history/notice.js';
import { historyPage } from '../../gateway/http/console/history/reading.js';
import { openSearch } from '../../gateway/log/search/index.js';
import { loadPolicies } from '../../policies/load.js';
import { touch } from '../support/clock.js';
import { until } from './ask.js';
import { city, cli } from './city.js';
import { entries, run } from './command.js';
import { companies } from './stories.js';

t.setTimeout(300_000);

function change(file: string, from: string, by: (content: Record<string, unknown>) => object): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(by(JSON.parse(readFileSync(from, 'utf8')) as Record<string, unknown>)));
}

void t.test(
  'the water bureau\'s connector stops: the report says so, keeps saying "none" of the others, and the log has ' +
    'all of it',
  async (t) => {
    const workspace = join(t.testdir(), 'city');
    const root = packageRoot();
    change(join(workspace, 'yitong.json'), join(root, 'yitong.json'), (settings) => ({ ...settings, extends: root }));
    cpSync(join(root, 'connectors/population.json'), join(workspace, 'connectors/population.json'));
    const water = join(workspace, 'contracts/datasets/water/penalties');
    cpSync(join(root, 'contracts/datasets/water/penalties'), water, { recursive: true });
    change(join(water, 'contract.json'), join(water, 'contract.json'), (contract) => ({
      ...contract,
      updateFrequency: 'PT8S',
    }));
    const feed = 'connectors/feeds/water/penalties.json';
    change(join(workspace, feed), join(root, feed), () => ({ source: { kind: 'http-push' }, schedule: 'push' }));
    // the bureau runs its own connector, from a workspace that says how
    const office = join(t.testdirName, 'bureau');
    mkdirSync(office);
    change(join(office, 'yitong.json'), join(root, 'yitong.json'), (settings) => ({ ...settings, extends: workspace }));
    change(join(office, feed), join(root, feed), (content) => ({
      ...content,
      source: { kind: 'json', path: 'inbox/water.json' },
      schedule: 'PT1S',
    }));
    const sample = JSON.parse(
      readFileSync(join(root, 'contracts/datasets/water/penalties/examples/valid/penalty.json'), 'utf8'),
    ) as Record<string, unknown>;
    const inbox = (name: string) => join(office, 'inbox', name);
    mkdirSync(inbox('.'), { recursive: true });
    // the bureau writes its register anew twice a second
    const penalties = [sample];
    let edition = 0;
    const deliver = (): void => {
      writeFileSync(
        inbox('new'),
        JSON.stringify(penalties.map((one) => ({ ...one, officers: [`YZ${String(++edition).padStart(6, '0')}`] }))),
      );
      touch(inbox('new'));
      renameSync(inbox('new'), inbox('water.json'));
    };
    deliver();
    const bureau = setInterval(deliver, 500);
    t.teardown(() => clearInterval(bureau));
    execFileSync(process.execPath, [cli, 'contracts', 'register', '--workspace', workspace]);

    const running = await city(t, { workspace, args: ['--companies', '60'] });
    const connector = spawn(
      process.execPath,
      [cli, 'connector', 'water.penalties', '--workspace', office, '--data', running.data],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    const gone = once(connector, 'exit');
    t.teardown(() => connector.kill('SIGKILL'));
    const centre = await running.as('credit-report-centre');
    const [company = '', other = ''] = await companies(running.data);
    penalties.push({
      ...sample,
      decisionNumber: '云水务罚〔2025〕1号',
      uscc: company.slice(5),
      conduct: { summary: '未经批准擅自取水', endedOn: '2025-07-11', place: null },
      repair: { status: 'none', on: null },
    });
    const today = dayIn(Date.now());
    const body: ReportBody = {
      report: 'credit',
      as: company,
      subjects: [company],
      from: '2020-01-01',
      to: today,
      purpose: 'listing',
      bearer: '云州证券股份有限公司',
    };
    const look = async () => (await centre.previewReport(body)).model;
    const whole = await until(
      'a report that every department answers',
      look,
      (model) => model?.sections.every(({ missing }) => missing.length === 0) === true,
    );
    t.equal(whole?.sections.length, 41);
    t.equal(
      whole?.sections.every(({ state, records }) => state === (records.length === 0 ? 'none' : 'records')),
      true,
    );

    const domain = (id: string, model = whole) => model?.sections[model.domains.findIndex((one) => one.id === id)];
    await until('the penalty of the bureau', look, (model) => domain('water', model)?.state === 'records');

    // its register goes on, its connector does not
    connector.kill('SIGTERM');
    await gone;
    await until('the water bureau named', look, (model) => (domain('water', model)?.missing.length ?? 0) > 0, 60_000);

    clearInterval(bureau);
    const issued = await centre.issueReport(body);
    const { sections, domains, issuedAt } = issued.model;
    for (const section of sections) {
      const { id } = domains[section.domain] ?? { id: '' };
      if (id !== 'water' && id !== 'ocean') t.equal(section.missing.length, 0, `${id} answers`);
      else {
        t.strictSame(
          [section.state, section.records.length],
          id === 'water' ? ['at_least', 1] : ['not_answered', 0],
          `${id} is not "none"`,
        );
        const [missing] = section.missing;
        t.match(missing, { authority: 'water', since: String });
        t.ok(Date.parse(issuedAt) - Date.parse(missing?.since ?? '') > 8000, 'and since when');
      }
    }

    const shown = await run(
      'report',
      'show',
      issued.id,
      '--for',
      company,
      '--workspace',
      workspace,
      '--data',
      running.data,
    );
    t.equal(shown.code, 0, shown.stderr);
    t.match(shown.stdout, /水务 {2}at least 1 on record — 云州市水务局/);
    const listed = await run(
      'report',
      'list',
      '--for',
      company,
      '--workspace',
      workspace,
      '--data',
      running.data,
      '--json',
    );
    t.match(JSON.parse(listed.stdout), { reports: [{ id: issued.id, domains: 41 }] });
    t.equal(
      (
        await run(
          'report',
          'show',
          issued.id,
          '--for',
          'uscc:91350100M000100Y43',
          '--workspace',
          workspace,
          '--data',
          running.data,
        )
      ).code,
      1,
      'another company has no such report',
    );
    const again = await run(
      'report',
      'issue',
      '--for',
      company,
      '--domains',
      'water',
      '--purpose',
      'bidding',
      '--bearer',
      '招标人',
      '--workspace',
      workspace,
      '--data',
      running.data,
      '--json',
    );
    t.equal(again.code, 0, again.stderr);
    t.match(JSON.parse(again.stdout), {
      code: /^(?:[0-9A-Z]{4}-){6}[0-9A-Z]{4}$/,
      model: { domains: [{ id: 'water' }] },
    });

    const about: ReportBody = { ...body, subjects: [other], domains: ['taxation'] };
    t.match(await centre.previewReport(about), { missing: [{ member: 0, company: other }], model: undefined });
    await t.rejects(centre.issueReport(about), { code: 'authorisation_missing', status: 403 });
    const without = await run(
      'report',
      'issue',
      '--for',
      company,
      '--about',
      company,
      '--about',
      other,
      '--leave-out',
      '--domains',
      'water',
      '--purpose',
      'bidding',
      '--bearer',
      '招标人',
      '--workspace',
      workspace,
      '--data',
      running.data,
    );
    t.equal(without.code, 0, without.stderr);
    t.match(without.stdout, new RegExp(`${other}[^]*has not authorised it and is left out`));
    const { authorisation } = await centre.authorise({
      report: 'credit',
      from: other,
      to: company,
      since: today,
      until: today,
    });
    t.match((await centre.issueReport(about)).model, {
      subjects: [{ subject: other, relation: 'named' }],
      sections: [{ state: /none|records/ }],
    });
    t.equal((await centre.listReports(company)).reports.length, 4);
    t.match(
      (await centre.issueReport({ ...about, subjects: [company, other] })).model.subjects.map(
        ({ relation }) => relation,
      ),
      ['self', 'named'],
    );
    await centre.withdrawAuthorisation(authorisation.id, other);
    await t.rejects(centre.issueReport(about), { code: 'authorisation_missing' });

    const counter = await running.as('one-stop-counter');
    await t.rejects(
      counter.issueReport(body),
      { code: 'denied', status: 403 },
      'only the client that the report names issues it',
    );
    await t.rejects(counter.listReports(company), { code: 'denied' });

    const log = await until(
      'the entries in the log',
      () => entries<{ readonly type: string; readonly document?: string }>(running.data, '--type', 'issued'),
      (found) => found.length >= 4,
    );
    t.ok(log.some(({ document }) => document === issued.document));
    const [looked] = await entries<{ readonly datasets?: readonly { readonly dataset: string }[] }>(
      running.data,
      '--type',
      'released',
      '--subject',
      other,
    );
    t.ok(
      looked?.datasets?.some(({ dataset }) => dataset === 'tax.tax-violations'),
      'the other company finds who asked about it',
    );
    const search = openSearch(running.data);
    const reading = {
      search,
      grants: noticeGrants((await loadPolicies(await loadWorkspace(workspace))).grants),
      now: Date.now(),
    };
    const history = await historyPage(other, undefined, 50, reading);
    await search.close();
    t.ok(
      history.entries.some(
        ({ body: { type }, datasets }) =>
          type === 'included' && datasets.some(({ dataset }) => dataset === 'tax.tax-violations'),
      ),
      'also where the report was about several',
    );
    t.notMatch(
      running.said(),
      new RegExp(`${company.slice(5)}|${issued.code}`),
      "no process said a company's code or a report's",
    );
  },
);
