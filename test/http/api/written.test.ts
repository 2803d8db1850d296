/** What a caller writes freely names nobody once a subject is erased: it stands under a key, or is not repeated. */

import { createHash } from 'node:crypto';
import t from 'tap';
import { holdsKey, isFilledKey } from '../../../contracts/keys.js';
import cnId from '../../../contracts/subjects/cn-id.js';
import cnpj from '../../../contracts/subjects/cnpj.js';
import siret from '../../../contracts/subjects/siret.js';
import uscc from '../../../contracts/subjects/uscc.js';
import { exampleOf, faces } from './faces.js';
import { company, grant, KEYS, subjectOf, world } from './world.js';

const KEY = KEYS[0] ?? '';
const PERSON = cnId.make(7);
const schemes = [uscc, cnId, siret];
/** A person's and a company's key that can stand in hex. */
const NUMERIC = Array.from({ length: 60 }, (_, n) => cnId.make(n)).find((key) => /^\d{18}$/.test(key)) ?? '';
const HEX =
  Array.from(
    { length: 16_000 },
    (_, n) => `91990102${String(n >> 4).padStart(9, '0')}${(n & 15).toString(16).toUpperCase()}`,
  ).find((key) => key.endsWith('A') && uscc.parse(key).ok) ?? '';
/** Hex as a tracer draws it, the same in each run. */
const drawn = (n: number): string =>
  createHash('sha256')
    .update(`trace ${String(n)}`)
    .digest('hex');

t.test('a text that holds a key of a scheme is told from one that does not', (t) => {
  for (const text of [
    KEY,
    PERSON,
    `uscc:${KEY}`,
    `req-${KEY}`,
    `${KEY}-17`,
    `a.${PERSON}.b`,
    `desk_${KEY}_2`,
    `id${KEY}`,
    `${PERSON.slice(0, 17)}${PERSON.slice(17).toLowerCase()}`,
    `${'0'.repeat(32 - PERSON.length)}${PERSON}`,
    siret.make(3),
  ]) {
    t.equal(holdsKey(text, schemes), true, text);
  }
  for (const text of [
    '',
    'a',
    'Case-17.b_2',
    '4f1c2d3e-5b6a-4798-8899-aabbccddeeff',
    'x'.repeat(64),
    `${KEY.slice(0, 17)}${KEY.endsWith('A') ? 'B' : 'A'}`,
  ])
    t.equal(holdsKey(text, schemes), false, text);
  t.equal(
    holdsKey('Case-17', [{ ...uscc, id: 'any', parse: (key) => ({ ok: true, key, changed: false }) }]),
    false,
    'a scheme that takes any word tells nothing',
  );
  t.end();
});

t.test(
  'an id of hex is told from a key that was filled up to its length, and is none because a scheme takes a part of it',
  (t) => {
    for (const [key, length] of [
      [cnpj.make(3), 16],
      [NUMERIC, 32],
      [siret.make(3), 32],
    ] as const) {
      for (const filling of ['0', '7', 'a'])
        for (const id of [key.padStart(length, filling), key.padEnd(length, filling)])
          t.equal(isFilledKey(id, [...schemes, cnpj]), true, id);
    }
    t.equal(isFilledKey(`f${cnpj.make(3)}f`, [cnpj]), true, 'filled up on both sides');
    t.equal(
      isFilledKey(HEX.toLowerCase().padStart(32, '0'), schemes),
      true,
      'also one with letters, where much is filled up',
    );
    const taken = Array.from({ length: 40_000 }, (_, n) => drawn(n)).filter((hex) =>
      [hex.slice(0, 32), hex.slice(32, 48)].some((id) => isFilledKey(id, [...schemes, cnpj])),
    );
    t.strictSame(taken, [], 'of 40,000 trace contexts');
    t.end();
  },
);

t.test("a caller's trace goes on though a scheme takes a part of its ids", async (t) => {
  const here = await faces(t);
  const asked = {
    purpose: 'open-restaurant',
    subject: 'uscc:91990102MA00001692',
    datasets: [{ id: 'samr.company-register' }],
    case: { item: 'i', caseId: 'c', actor: 'a' },
  };
  const contexts = Array.from({ length: 10_000 }, (_, n) => drawn(n))
    .map((hex) => `00-${hex.slice(0, 32)}-${hex.slice(32, 48)}-01`)
    .filter((context) => holdsKey(context, [cnpj, siret]));
  t.ok(contexts.length >= 5, `${String(contexts.length)} that hold what a scheme takes`);
  for (const traceparent of contexts) {
    await here.ask({ method: 'POST', path: '/v1/query', body: asked, headers: { traceparent } }, 'one-stop-counter');
    t.match(here.entries.at(-1)?.body, { type: 'released', traceparent });
  }
});

t.test(
  'the item of a case stands under the key of its subject, as case and handler do, in every way of asking',
  async (t) => {
    const stated = { item: `${KEY}-张三`, caseId: 'c-1', actor: 'Zhou' };
    const here = await world(t, {
      records: [company(0), company(1)],
      grants: [grant('one', ['name'], { delivery: ['query', 'verify', 'batch'], batchLimit: 10, requires: ['item'] })],
    });
    const datasets = [{ id: 'tax.debts' }];
    await here.post('/v1/query', { purpose: 'credit', subject: subjectOf(0), case: stated, datasets });
    await here.post('/v1/query', {
      purpose: 'credit',
      subject: subjectOf(0),
      case: stated,
      datasets: [{ id: 'court.cases' }],
    });
    await here.post('/v1/query', { purpose: 'credit', subject: subjectOf(0), case: stated, datasets, dryRun: true });
    await here.post('/v1/verify', {
      purpose: 'credit',
      subject: subjectOf(0),
      case: stated,
      claims: [{ dataset: 'tax.debts', field: 'name', value: 'x' }],
    });
    await here.post('/v1/query/batch', {
      purpose: 'credit',
      subjects: [subjectOf(0), subjectOf(1)],
      case: stated,
      datasets,
    });
    await here.post('/v1/query/batch', {
      purpose: 'credit',
      subjects: [subjectOf(0)],
      case: stated,
      datasets: [{ id: 'court.cases' }],
    });
    t.ok(here.entries.length >= 8, `${String(here.entries.length)} entries`);
    for (const { draft } of here.entries) {
      t.notMatch(draft.clear, /张三|c-1|Zhou/);
      t.notOk(draft.clear.includes(KEY));
      if (draft.subject !== undefined) t.match(JSON.parse(draft.subject.json), stated);
    }
    t.equal(
      here.entries.filter(({ draft }) => draft.subject !== undefined).length,
      6,
      'of a batch, with each of its subjects',
    );
  },
);

t.test("a request id or a trace context that is somebody's key is replaced", async (t) => {
  const here = await faces(t);
  const asked = {
    purpose: 'open-restaurant',
    subject: 'uscc:91990102MA00001692',
    datasets: [{ id: 'samr.company-register' }],
    case: { item: 'i', caseId: 'c', actor: 'a' },
  };
  const traces = [
    `00-${'0'.repeat(14)}${PERSON.slice(0, 17)}0-${'1'.repeat(16)}-01`,
    `00-${'0'.repeat(32 - 18)}${cnId.make(11).replace('X', '0')}-${'1'.repeat(16)}-01`,
  ];
  traces.push(`00-${'0'.repeat(14)}${NUMERIC}-${'1'.repeat(16)}-01`);
  for (const given of ['91990102MA00001692', `req-${PERSON}`, `desk.${KEY}.1`]) {
    for (const request of [
      { method: 'POST', path: '/v1/query', body: asked },
      { method: 'POST', path: '/v1/datasets/samr.company-register/records', body: exampleOf('publish').request },
      { path: '/v1/catalogue' },
      { path: '/v1/nothing' },
    ]) {
      const { headers } = await here.ask(
        { ...request, headers: { 'x-request-id': given, traceparent: traces.at(-1) ?? '' } },
        'one-stop-counter',
      );
      t.not(headers['x-request-id'], given);
    }
    const page = await here.visit(
      { path: '/console/grants', headers: { 'x-request-id': given } },
      { roles: ['subject'], subjects: ['uscc:91990102MA00001692'] },
    );
    t.not(page.headers['x-request-id'], given);
  }
  const good = await here.ask(
    {
      method: 'POST',
      path: '/v1/query',
      body: asked,
      headers: { 'x-request-id': 'Case-17.b_2', traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01` },
    },
    'one-stop-counter',
  );
  t.equal(good.headers['x-request-id'], 'Case-17.b_2');
  t.match(here.entries.at(-1)?.body, {
    requestId: 'Case-17.b_2',
    traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`,
  });
  const everything =
    here.entries.map(({ draft }) => draft.clear).join('\n') + here.log.join('\n') + JSON.stringify(here.notes);
  for (const key of [KEY, PERSON, NUMERIC, '91990102MA00001692']) t.notOk(everything.includes(key), key);
});

t.test(
  'what people type into a search or a filter stands under their own key, but for names of the workspace',
  async (t) => {
    const here = await faces(t);
    const auditor = { roles: ['auditor'] as const };
    const authority = { roles: ['sharing-authority'] as const };
    const typed = {
      item: KEY,
      request: KEY,
      client: KEY,
      authority: '张三',
      provider: KEY,
      dataset: KEY,
      grant: KEY,
      purpose: '张三',
      action: KEY,
      type: '张三',
    };
    const sent = await here.visit(
      { method: 'POST', path: '/console/search', body: { ...typed, csrf: await here.csrf(auditor) } },
      auditor,
    );
    t.equal(sent.status, 303);
    t.equal((await here.visit({ path: String(sent.headers['location']) }, auditor)).status, 200);
    t.equal(
      (
        await here.visit(
          {
            method: 'POST',
            path: '/console/export',
            body: { ...typed, format: 'csv', csrf: await here.csrf(auditor) },
          },
          auditor,
        )
      ).status,
      200,
    );
    t.equal((await here.visit({ path: `/console/grants?q=${KEY}` }, authority)).status, 200);
    t.equal(
      (
        await here.visit(
          { path: '/console/search?client=one-stop-counter&dataset=samr.company-register&purpose=open-restaurant' },
          auditor,
        )
      ).status,
      200,
    );
    const looks = here.entries.filter(({ body }) => body['type'] === 'looked');
    t.equal(looks.length, 4);
    for (const { draft } of looks) t.notMatch(draft.clear, new RegExp(`${KEY}|张三`, 'i'));
    t.equal(
      looks.filter(({ draft }) => draft.subject?.json.toUpperCase().includes(KEY) === true).length,
      3,
      'and can be read by whoever may open it',
    );
    t.match(looks.at(-1)?.body, {
      detail: { client: 'one-stop-counter', dataset: 'samr.company-register', purpose: 'open-restaurant' },
    });
  },
);
