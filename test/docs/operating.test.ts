/**
 * docs/operating.md is open when something is wrong: each alert, reason and warning stands in it, and no link leads
 * beside its heading.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { datasetId } from '../../contracts/ids.js';
import { nobodyLetIn, watchExpiry } from '../../gateway/answer/inforce/expiry.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import type { TrustAnchor } from '../../gateway/ground/identity/anchors.js';
import { explained, READINESS } from '../../gateway/ground/language/readiness.js';
import { replicaWarnings } from '../../gateway/operate/children/replicas-health.js';
import { writerHealth } from '../../gateway/operate/process/writer-health.js';

const root = packageRoot();
const read = (name: string): string => readFileSync(join(root, name), 'utf8');
const page = read('docs/operating.md');
const ALERTS = 'helm/yitong/files/alerts.yaml';

/** From a heading to the next of its level or above. */
function part(heading: string): string {
  const [level = ''] = /^#+/.exec(heading) ?? [];
  const from = page.indexOf(`\n${heading}\n`);
  const next = page.slice(from + heading.length + 1).search(new RegExp(`\\n#{1,${level.length}} `));
  return from < 0 ? '' : page.slice(from, next < 0 ? undefined : from + heading.length + 1 + next);
}

/** As GitHub makes them of headings. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');
const anchorsIn = (text: string): ReadonlySet<string> =>
  new Set(
    [...text.replace(/^```[^]*?^```/gm, '').matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => anchorOf(heading)),
  );

t.test('whom an alert wakes finds what it means and what to do, under its name', (t) => {
  const alerts = read(ALERTS);
  const named = [...new Set([...alerts.matchAll(/^\s*- alert: (\w+)$/gm)].map(([, name = '']) => name))];
  t.ok(named.length > 10);
  t.strictSame([...part('## Alerts').matchAll(/^### (.+)$/gm)].map(([, name = '']) => name).sort(), named.sort());
  const anchors = anchorsIn(page);
  for (const [, url = '', anchor = ''] of alerts.matchAll(/runbook_url: (\S+?)#(\S+)$/gm)) {
    t.ok(url.endsWith('docs/operating.md') && anchors.has(anchor), `${url}#${anchor}`);
  }
  for (const name of named)
    t.ok(part(`### ${name}`).split('\n').slice(2).join('').length > 60, `${name} says what to do`);
  t.end();
});

/** The messages of a table, `…` standing for what differs. */
const said = (heading: string): readonly string[] =>
  part(heading)
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, text = '']) => text));
const patternOf = (text: string): RegExp =>
  new RegExp(
    `^${text
      .split('…')
      .map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
    's',
  );

t.test('each reason and each warning that the page explains is one that can be said', (t) => {
  const source = ['gateway', 'connectors']
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        // what explains the messages does not say them
        .filter((name) => name.endsWith('.ts') && !name.endsWith(join('language', 'readiness.ts')))
        .map((name) => read(join(folder, name))),
    )
    .join('\n')
    // a long text is broken into pieces
    .replace(/(?:'|`) \+\s+(?:'|`)/g, '');
  const messages = [...said('### Why it is not ready'), ...said('### What it warns of')];
  t.ok(messages.length > 20);
  for (const message of messages)
    for (const piece of message
      .split('…')
      .map((text) => text.replace(/^[:;,\s]+|[:;,\s]+$/g, ''))
      .filter((text) => text.length > 3))
      t.ok(source.includes(piece), `${message}: “${piece}”`);
  t.end();
});

t.test('a shell and a page explain the same messages as this page', (t) => {
  const both = [...said('### Why it is not ready'), ...said('### What it warns of')];
  t.strictSame([...new Set(READINESS.flatMap(({ says }) => says))].sort(), [...new Set(both)].sort());
  const headings = new Set([...part('## Alerts').matchAll(/^### (.+)$/gm)].map(([, name]) => name));
  for (const { says, more } of READINESS) {
    if (more !== undefined) t.ok(headings.has(more), `${says[0] ?? ''}: ${more}`);
    for (const text of says) {
      for (const from of ['', 'writer: ', 'worker 1: ']) {
        const line = `${from}${text.replaceAll('…', 'x')}`;
        t.ok(explained(line)?.says.includes(text), `“${line}” is taken for what it is`);
      }
    }
  }
  t.equal(explained('worker 2: something that nobody has thought of'), undefined);
  t.end();
});

t.test('each reason and warning of writer, replicas and revocation lists is explained', (t) => {
  const reasons = said('### Why it is not ready').map(patternOf);
  const warnings = said('### What it warns of').map(patternOf);
  const explained = (patterns: readonly RegExp[], message: string): void =>
    void t.ok(
      patterns.some((pattern) => pattern.test(message)),
      message,
    );
  for (const filled of [false, true]) {
    const health = writerHealth({
      filled: () => filled,
      tell: (told) => {
        for (const reason of told.reasons) explained(reasons, reason);
        for (const warning of told.warnings ?? []) explained(warnings, warning);
      },
    });
    const dataset = datasetId('office.shops');
    health.follows(dataset, 'rebuilding');
    health.follows(dataset, 'unavailable');
    health.away('no broker answers [bus_unavailable]');
    health.incomplete([dataset]);
    health.spool({ records: 3, bytes: 900, since: 0 }, ['office.shops: the records cannot be forwarded']);
    health.replicas(
      replicaWarnings(
        { name: 'east', fenced: 'west holds epoch 2', others: [{ name: 'west', state: 'unreachable', lag: 0 }] },
        0,
        60_000,
      ),
    );
  }
  const DAY = 86_400_000;
  const list = {
    due: () => 10 * DAY,
    validUntil: () => 20 * DAY,
    held: () => new Map([['a', { thisUpdate: 8 * DAY, nextUpdate: 10 * DAY }]]),
  };
  const look = watchExpiry({ log: () => undefined, tell: () => undefined });
  const anchor = { id: 'tax', certificates: [], authorities: '*', revocation: list } as unknown as TrustAnchor;
  const seen = [9 * DAY, 9.6 * DAY, 11 * DAY, 19.5 * DAY, 21 * DAY].map((now) => look([anchor], now));
  t.strictSame(
    seen.map(({ length }) => length),
    [0, 1, 1, 1, 1],
  );
  for (const warning of seen.flat()) explained(warnings, warning);
  for (const reason of nobodyLetIn([anchor], 21 * DAY)) explained(reasons, reason);
  t.equal(nobodyLetIn([anchor], 21 * DAY).length, 1);
  t.end();
});

t.test('a link with a heading leads to one, on every page', (t) => {
  const pages = [
    'README.md',
    'README.zh-CN.md',
    'SECURITY.md',
    ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
  ].filter((name) => existsSync(join(root, name)));
  for (const name of pages) {
    for (const [, target = '', anchor = ''] of read(name).matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g)) {
      const to = target === '' ? name : join(dirname(name), target);
      if (!existsSync(join(root, to))) t.fail(`${name} links to ${target}, which is not there`);
      else t.ok(anchorsIn(read(to)).has(anchor), `${name}: ${to}#${anchor}`);
    }
  }
  t.end();
});

t.test('the error codes that the page names are those of docs/errors.md', (t) => {
  const codes = read('docs/errors.md');
  for (const code of [
    'audit_unavailable',
    'replication_timeout',
    'revocation_unknown',
    'view_unavailable',
    'spool_full',
    'bus_unavailable',
    'bus_login_failed',
    'bus_denied',
    'internal',
    'retention_too_short',
    'certificate_expired',
  ]) {
    t.match(page, `\`${code}\``, `the page names ${code}`);
    t.match(codes, `| \`${code}\` |`, code);
  }
  t.end();
});
