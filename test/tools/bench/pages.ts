/**
 * `pages`: every page of the people's port, as each role has it, in a city of many records whose log has many entries:
 * from the request to the last byte of the page, over HTTPS. Nothing is drawn: what a browser adds is its own, and the
 * page's style and scripts are files that it keeps.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadBundles } from '../../../contracts/bundle/load.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { connect, connectionOf } from '../../../gateway/client/index.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { usualValues } from '../../../gateway/procedures/cases/play.js';
import { ask } from '../../e2e/ask.js';
import type { Browser } from '../../e2e/browser.js';
import { pageRoutes, routeOf } from '../../http/console/pages.js';
import { BUNDLE, CASE_CLIENT, FOUNDER, oneCase } from './cases.js';
import { addEntries } from './entries.js';
import { loadCity } from './large.js';
import { type PageTimes, pagesOf, Visitor } from './pages-walk.js';
import { type BenchRow, median, round } from './rows.js';
import type { CityAddresses } from './servers.js';

const ROUNDS = 5;
/** ms */
const FLOOR = 300;
/** Named in the figure's own line; all of them stand in its parts. */
const NAMED = 6;
/** A company that has penalties, to which it may object. */
const COMPANY = 'uscc:91990105MA0000193X';
const APPLIES = {
  client: 'transport-licensing',
  purpose: 'open-transport-company',
  dataset: 'samr.enforcement-measures',
};

interface Somebody {
  readonly id: string;
  readonly roles: readonly string[];
  readonly subjects?: readonly string[];
}

/** Who signs in: one of each role; of those who speak for somebody the company's and a person. */
function people(): readonly Somebody[] {
  const all = JSON.parse(readFileSync(join(packageRoot(), 'policies/people.json'), 'utf8')) as readonly Somebody[];
  return all.filter(({ roles: [role], subjects }, at) =>
    subjects === undefined
      ? all.findIndex(({ roles }) => roles[0] === role) === at
      : subjects.includes(COMPANY) || subjects.includes(FOUNDER),
  );
}

/** Addresses by role. */
type Addresses = Readonly<Record<string, readonly string[]>>;

/** To which no link leads, or only a form. */
const MORE: Addresses = {
  everybody: ['/ratings', '/signed-out', `/compliance/${'A'.repeat(43)}`],
  'subject, a person': ['/console/matters/start?bundle=open-company'],
  auditor: [
    '/console/search?type=all',
    '/console/search?type=looked',
    '/console/search?type=refused',
    '/console/search?type=administration',
    '/console/search?client=one-stop-counter',
    '/console/search?purpose=open-restaurant',
    '/console/overview?span=month',
  ],
};

/** Sends what the first form of the page that holds `field` holds itself, and more. */
async function send(
  browser: Browser,
  city: CityAddresses,
  [page, action, field]: readonly [string, string, string],
  fields: Readonly<Record<string, string>>,
): Promise<string> {
  const { text } = await browser.get(city, page);
  const hidden = new RegExp(`name="${field}" value="([^"]+)"`).exec(text)?.[1];
  if (field !== '' && hidden === undefined) throw new Error(`${page} has no form with ${field}`);
  const own = hidden === undefined ? {} : { [field]: hidden };
  const answer = await browser.post(city, page, action, { ...own, ...fields });
  if (answer.status !== 303) throw new Error(`${action} answered ${String(answer.status)}`);
  return answer.location;
}

/**
 * What is under way in a city that people use: cases, an application, an objection, a sample, a paper and a report.
 * @returns where no link leads to them
 */
export async function begun(city: CityAddresses, visitors: ReadonlyMap<string, Visitor>): Promise<Addresses> {
  const workspace = await loadWorkspace(packageRoot());
  const { bundles, elements } = await loadBundles(workspace);
  const bundle = bundles.get(BUNDLE);
  if (bundle === undefined) throw new Error(`there is no ${BUNDLE}`);
  const counter = connect(await connectionOf(city.api, city.pki, CASE_CLIENT));
  try {
    await oneCase(counter, usualValues(bundle, elements), []);
    await counter.openCase({ bundle: BUNDLE }, { as: FOUNDER });
  } finally {
    counter.close();
  }
  await ask(city.api, city.pki, CASE_CLIENT, {
    method: 'POST',
    path: '/v1/query',
    body: { purpose: 'curiosity', subject: COMPANY, datasets: [{ id: 'tax.tax-arrears' }] },
  });
  const report = await ask(city.api, city.pki, 'credit-report-centre', {
    method: 'POST',
    path: '/v1/reports',
    headers: { 'yitong-subject': COMPANY },
    body: {
      report: 'credit',
      as: COMPANY,
      subjects: [COMPANY],
      from: '2021-01-01',
      to: new Date(Date.now() - 86_400_000).toISOString().slice(0, 10),
      purpose: 'bidding',
      bearer: '云州招标有限公司',
    },
  });
  if (report.status !== 201) throw new Error(`the report: ${report.text.slice(0, 300)}`);
  const { code = '' } = JSON.parse(report.text) as { readonly code?: string };
  const as = (role: string): Browser => {
    const found = visitors.get(role);
    if (found === undefined) throw new Error(`nobody is ${role}`);
    return found.browser;
  };
  await send(as('sharing-officer'), city, ['/console/applications/new', '/console/applications', ''], APPLIES);
  await send(as('auditor'), city, ['/console/reviews', '/console/reviews', ''], { period: '6', wanted: '10' });
  await send(as('subject'), city, ['/console/tickets/records', '/console/tickets', 'record'], {
    lifecycle: 'objection',
    act: 'file',
    'field.grounds': '处罚对象并非本企业，请核查',
  });
  const year = new Date().getFullYear() - 1;
  const paper = { kind: 'supervision-report', from: `${String(year)}-07-01`, to: `${String(year)}-09-30` };
  const form = `/console/sharing/papers/new?${new URLSearchParams(paper).toString()}`;
  await send(as('sharing-authority'), city, [form, '/console/sharing/papers', ''], {
    ...paper,
    findings: '个别部门答复逾期，需求部门使用记录不全。',
    measures: '约谈逾期部门，督促按季度补齐使用记录。',
  });
  return { everybody: [`/verify/${code}`], 'sharing-authority': [form] };
}

/** Everybody of the city, signed in, by role; the person who founds a company and whoever is nobody by names of ours. */
export async function signedIn(city: CityAddresses): Promise<ReadonlyMap<string, Visitor>> {
  const visitors = new Map<string, Visitor>();
  for (const {
    id,
    roles: [role = ''],
    subjects,
  } of people()) {
    const name = subjects?.includes(FOUNDER) === true ? 'subject, a person' : role;
    const visitor = new Visitor(city, name);
    await visitor.browser.signIn(city, id);
    visitors.set(name, visitor);
  }
  visitors.set('everybody', new Visitor(city, 'everybody'));
  return visitors;
}

/** What each of them took, in the order of their roles. */
export async function measured(
  visitors: ReadonlyMap<string, Visitor>,
  more: Addresses,
  rounds = ROUNDS,
): Promise<readonly PageTimes[]> {
  const all: PageTimes[] = [];
  for (const [role, visitor] of visitors) {
    const starts = [...(role === 'everybody' ? [] : ['/console', '/console/home', '/console/notices']), '/'];
    const found = await pagesOf(visitor, [...starts, ...(MORE[role] ?? []), ...(more[role] ?? [])], rounds);
    process.stderr.write(`  ${role}: ${String(found.length)} pages\n`);
    all.push(...found);
  }
  return all;
}

/** Pages of the router to which nobody came. */
export const unreached = (all: readonly PageTimes[]): readonly string[] => {
  const reached = new Set(all.map(({ path }) => routeOf(path.replace(/\?.*/, ''))));
  return pageRoutes.filter((route) => !reached.has(route));
};

/** @param all what was measured, of a city with so many of each */
export function rowOf(all: readonly PageTimes[], records: number, entries: number): BenchRow {
  const parts = all
    .map(({ role, page, times, bytes }) => ({
      name: `${page} (${role})`,
      value: round(median(times)),
      worst: round(Math.max(...times)),
      bytes,
    }))
    .sort((a, b) => b.value - a.value);
  const above = parts.filter(({ value }) => value >= FLOOR);
  const slowOnce = parts.filter(({ value, worst }) => value < FLOOR && worst >= FLOOR);
  const named = ({ name, value, worst }: (typeof parts)[number]): string =>
    `${name} ${String(value)} ms, worst ${String(worst)}`;
  const missing = unreached(all);
  return {
    id: 'pages',
    what:
      `a page of the people's port over HTTPS, from the request to its last byte, at ${records.toLocaleString('en')} ` +
      `records and ${entries.toLocaleString('en')} log entries; the slowest of ${String(parts.length)} pages ` +
      'of all roles, median of its runs',
    value: parts[0]?.value ?? NaN,
    unit: 'ms',
    reference: null,
    ratio: null,
    floor: `< ${String(FLOOR)}`,
    aim: '< 100',
    holds: parts.length > 0 && above.length === 0,
    runs: ROUNDS,
    spread: [Math.min(...parts.map(({ value }) => value)), Math.max(...parts.map(({ worst }) => worst))],
    note:
      `${above.length === 0 ? 'none is above' : `${String(above.length)} above`}, ${String(slowOnce.length)} more once; ` +
      `slowest: ${parts.slice(0, NAMED).map(named).join('; ')}; median of all ` +
      `${String(round(median(parts.map(({ value }) => value))))} ms; ` +
      `not reached: ${missing.length === 0 ? 'none' : missing.join(', ')}`,
    parts,
  };
}

export async function pagesRow(dir: string, records: number, entries: number): Promise<BenchRow[]> {
  const city = await loadCity(join(dir, 'pages'), records, { YITONG_PEOPLE_REQUESTS_PER_MINUTE: '100000000' });
  let visitors: ReadonlyMap<string, Visitor> = new Map();
  try {
    const own = people().flatMap(({ subjects = [] }) => subjects);
    await addEntries(city.data, { count: entries, subjects: city.subjects, own });
    visitors = await signedIn(city);
    const more = await begun(city, visitors);
    return [rowOf(await measured(visitors, more), city.records, entries)];
  } finally {
    for (const visitor of visitors.values()) visitor.close();
    await city.stop();
  }
}
