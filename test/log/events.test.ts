import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { actionTable } from '../../gateway/log/entries/actions.js';
import {
  administrationBody,
  completedBody,
  complianceBody,
  EVENT_TYPES,
  type EventType,
  eventTable,
  gapBody,
  includedBody,
  lookedBody,
  refusalCounter,
  releasedSubjectJson,
  releasedTemplate,
  signedInBody,
} from '../../gateway/log/entries/events.js';

/** Fields that are missing though required, or not declared. */
function misfit(type: EventType, json: string): string[] {
  const body = JSON.parse(json) as Record<string, unknown>;
  const declared = new Set(eventTable[type].fields.map(({ name }) => name));
  const missing = eventTable[type].fields
    .filter(({ name, required }) => required && !(name in body))
    .map(({ name }) => `missing ${name}`);
  return [
    ...missing,
    ...Object.keys(body)
      .filter((name) => !declared.has(name))
      .map((name) => `undeclared ${name}`),
    ...(body['type'] === type ? [] : ['type']),
  ];
}

t.test('the documentation lists each field of each event, and no other', (t) => {
  const text = readFileSync(new URL('../../../docs/audit-events.md', import.meta.url), 'utf8');
  const sections = text.split('\n## ').slice(1);
  t.same(
    sections.map((section) => section.slice(0, section.indexOf('\n'))),
    EVENT_TYPES,
  );
  sections.forEach((section, i) => {
    const type = EVENT_TYPES[i];
    if (type === undefined) return;
    const rows = section.split('\n').filter((line) => line.startsWith('| `'));
    t.same(
      rows,
      eventTable[type].fields.map(
        ({ name, type, required, describe }) => `| \`${name}\` | ${type} | ${required ? 'yes' : 'no'} | ${describe} |`,
      ),
    );
  });
  t.end();
});

t.test('the documentation says of each act what its entry holds, and of no other', (t) => {
  const text = readFileSync(new URL('../../../docs/audit-events.md', import.meta.url), 'utf8');
  const section = text.slice(text.indexOf('\n## administration\n'), text.indexOf('\n## journal_gap\n'));
  t.same(
    section.split('\n').filter((line) => line.startsWith('- ')),
    Object.entries(actionTable).map(([name, { detail }]) => `- \`${name}\`: ${detail}`),
  );
  t.end();
});

t.test('a `released` entry says who, why and which fields, whatever stands in the request', (t) => {
  const text = fc.string({ unit: 'binary', maxLength: 20 });
  const texts = fc.array(text, { maxLength: 3 });
  const asked = fc.record(
    {
      dataset: text,
      effect: fc.constantFrom('allow' as const, 'deny' as const),
      fields: texts,
      asked: texts,
      forms: fc.constant({ name: 'masked' }),
      rows: text,
    },
    { requiredKeys: ['dataset', 'effect', 'fields'] },
  );
  fc.assert(
    fc.property(
      text,
      text,
      text,
      fc.option(text, { nil: undefined }),
      fc.array(asked, { maxLength: 4 }),
      fc.nat(),
      (client, requestId, time, item, datasets, bytes) => {
        const template = releasedTemplate({
          client,
          authority: 'tax',
          purpose: 'p',
          policyVersion: 'v1',
          stated: ['item'],
          datasets,
        });
        const json = template({
          time,
          requestId,
          traceparent: item,
          records: datasets.map((_, n) => n),
          bodySha256: 'abc',
          bytes,
          ...(bytes % 2 === 0 ? { dryRun: true, subjects: bytes } : {}),
        });
        const body = JSON.parse(json) as Record<string, unknown> & { datasets: unknown[] };
        return (
          misfit('released', json).length === 0 &&
          body['client'] === client &&
          body['requestId'] === requestId &&
          body['time'] === time &&
          body['traceparent'] === item &&
          body['bytes'] === bytes &&
          JSON.stringify(body.datasets) ===
            JSON.stringify(
              datasets.map(({ dataset, asked, effect, fields, forms, rows }, n) => ({
                dataset,
                asked,
                effect,
                fields,
                forms,
                rows,
                records: n,
              })),
            )
        );
      },
    ),
  );
  t.same(JSON.parse(releasedSubjectJson({ item: 'i"', caseId: '办件"1', actor: 'x', recordIds: ['r-1'] })), {
    item: 'i"',
    caseId: '办件"1',
    actor: 'x',
    recordIds: ['r-1'],
  });
  t.equal(releasedSubjectJson({}), '{}');
  t.end();
});

t.test('the other events have exactly the fields that are declared', (t) => {
  const time = '2026-11-24T00:00:00.000Z';
  t.same(
    misfit(
      'included',
      includedBody({ time, requestId: 'r', client: 'c', authority: 'a', purpose: 'p', chunk: 0, datasets: [] }),
    ),
    [],
  );
  t.same(
    misfit(
      'completed',
      completedBody({
        time,
        client: 'c',
        answers: [{ requestId: 'r', status: 200, bytes: 1, microseconds: 2, aborted: false }],
      }),
    ),
    [],
  );
  t.same(
    misfit('administration', administrationBody({ time, action: 'restored', by: 'gateway', target: 'x', detail: {} })),
    [],
  );
  t.same(misfit('journal_gap', gapBody({ time: 0, journal: 'w1-00000000', from: 1, to: 2, why: 'missing' })), []);
  t.same(
    misfit(
      'signed_in',
      signedInBody({ time, outcome: 'signed_in', roles: ['auditor'], authority: 'tax', reason: 'x' }),
    ),
    [],
  );
  t.same(
    misfit(
      'looked',
      lookedBody({ time, requestId: 'r', action: 'search', role: 'auditor', authority: 'tax', detail: {}, results: 1 }),
    ),
    [],
  );
  t.same(
    misfit(
      'compliance_code',
      complianceBody({
        time,
        requestId: 'r',
        step: 'answered',
        code: 'c',
        by: 'bank',
        authority: 'finance',
        report: 'credit',
        domains: ['food'],
        from: '2024-11-26',
        to: '2026-11-26',
        bodySha256: 'x',
      }),
    ),
    [],
  );
  const counter = refusalCounter(2);
  counter.count('192.0.2.1', 'certificate_required', 0);
  counter.count('192.0.2.1', 'certificate_required', 59_999);
  counter.count('192.0.2.2', 'certificate_required', 1);
  counter.count('192.0.2.3', 'certificate_required', 1);
  counter.count('192.0.2.1', 'certificate_required', 60_000);
  const bodies = counter.drain(60_001);
  t.same(
    bodies.map((body) => misfit('refused_before_identity', body)),
    [[], [], []],
  );
  t.same(
    bodies
      .map((body) => JSON.parse(body) as { source: string; count: number })
      .map(({ source, count }) => [source, count]),
    [
      ['192.0.2.1', 2],
      ['192.0.2.2', 1],
      ['others', 1],
    ],
  );
  t.equal(counter.drain(60_001, true).length, 1);
  t.end();
});
