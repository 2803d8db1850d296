/**
 * A city of which a mapping does not know how partnerships are registered, with a few questions asked, and a browser on
 * its people's port.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Test } from 'tap';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { type City, city, cli } from '../../e2e/city.js';
import { query } from '../../e2e/suite.js';
import { chromiumForTest, type Desk, launch, signIn } from './browser.js';

type Json = Readonly<Record<string, unknown>>;
export const SUBJECT = 'uscc:91990102MA00001692';
export const DATASET = 'samr.business-licence';
const FEED = 'connectors/feeds/samr/business-licence.json';
/** What the counter asks. */
export const question = { purpose: 'open-restaurant', subject: SUBJECT, datasets: [{ id: 'samr.company-register' }] };

export interface Seen {
  readonly town: City;
  readonly workspace: string;
  /** Signs somebody of the development provider in. */
  readonly as: (person: string) => Promise<Desk>;
  /** The mapping's own words for how a company is registered. */
  readonly know: (...codes: string[]) => void;
}

/** None where there is no Chromium. @param mark what each record of the feed says of what its company does */
export async function seen(
  t: Test,
  env: Readonly<Record<string, string>> = {},
  mark?: string,
): Promise<Seen | undefined> {
  const chromium = chromiumForTest(t);
  if (chromium === undefined) return undefined;
  const workspace = join(t.testdir(), 'yunzhou');
  execFileSync(process.execPath, [cli, 'init', workspace, '--extends', packageRoot()]);
  const read = (path: string): Json => JSON.parse(readFileSync(path, 'utf8')) as Json;
  const put = (path: string, content: object): void => {
    mkdirSync(dirname(join(workspace, path)), { recursive: true });
    writeFileSync(join(workspace, path), JSON.stringify(content));
  };
  put('yitong.json', {
    ...read(join(workspace, 'yitong.json')),
    synthetic: read(join(packageRoot(), 'yitong.json'))['synthetic'],
  });
  const { source, ...feed } = read(join(packageRoot(), FEED)) as {
    readonly source: { readonly fields: Json };
    readonly mapping: { readonly fields: Json };
  };
  const fields = { ...source.fields, ...(mark === undefined ? {} : { businessScope: { const: mark } }) };
  const know = (...codes: string[]): void =>
    put(FEED, {
      ...feed,
      source: { ...source, fields },
      mapping: {
        ...feed.mapping,
        fields: {
          ...feed.mapping.fields,
          type: { from: 'type', steps: [{ codes: Object.fromEntries(codes.map((code) => [code, code])) }] },
        },
      },
    });
  know('1130', '1219', '2100');
  const town = await city(t, { workspace, env: { YITONG_GATEWAY_WORKERS: '2', ...env } });
  const browser = await launch(t, chromium);
  await query(town, 'one-stop-counter', question);
  await query(town, 'food-inspector', {
    purpose: 'food-supervision',
    subject: SUBJECT,
    datasets: [{ id: 'samr.food-licence' }],
  });
  await query(town, 'company-life-service', {
    purpose: 'change-company',
    subject: SUBJECT,
    datasets: [{ id: 'tax.tax-registration' }],
  });
  return { town, workspace, know, as: (person) => signIn(browser, town.people, person) };
}
