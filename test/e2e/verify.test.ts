/**
 * A bank's counter on a whole city: it may compare a company's particulars and see how large it is, and see none of
 * them.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { GatewayError } from '../../gateway/client/index.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { sharedText } from '../support/servers/city-state.js';
import { city, cli } from './city.js';
import { companies, stories } from './stories.js';

t.setTimeout(120_000);

const DATASET = 'samr.company-register';

function put(file: string, content: object): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(content));
}

function addClient(workspace: string, client: string, grant: object): void {
  put(join(workspace, `policies/clients/${client}.json`), {
    authority: 'samr',
    name: { zh: client, en: client },
    identity: { spiffe: `spiffe://yunzhou.example/client/${client}` },
    status: 'active',
  });
  put(join(workspace, `policies/grants/${client}-register.json`), {
    client,
    dataset: DATASET,
    rows: { all: true },
    purposes: ['change-company'],
    from: '2026-01-01',
    until: '2099-12-31',
    legalBasis: ['test'],
    requires: [],
    subjectNotice: { mode: 'immediate' },
    status: 'active',
    ...grant,
  });
}

t.test(
  'a counter that may only compare learns what it is told and nothing more, over all workers and in every file',
  async (t) => {
    const workspace = join(t.testdir(), 'bank');
    execFileSync(process.execPath, [cli, 'init', workspace, '--extends', packageRoot()]);
    const settings = (dir: string) =>
      JSON.parse(readFileSync(join(dir, 'yitong.json'), 'utf8')) as { readonly synthetic?: object };
    put(join(workspace, 'yitong.json'), { ...settings(workspace), synthetic: settings(packageRoot()).synthetic });
    addClient(workspace, 'bank-reader', {
      fields: ['uscc', 'name', 'businessScope', 'registeredOn', 'representative'],
      delivery: ['query', 'batch'],
      batchLimit: 60,
    });
    addClient(workspace, 'bank-counter', {
      fields: [
        { path: 'name', as: 'masked' },
        { path: 'businessScope', as: 'match' },
        { path: 'registeredOn', as: 'match' },
        { path: 'representative', as: 'match' },
        { path: 'shareholders', as: 'count' },
        { path: 'capital.amount', as: 'band', bands: ['<100', '100–1000', '≥1000'] },
      ],
      delivery: ['query', 'verify'],
    });
    const running = await city(t, { workspace, args: ['--companies', '60'], env: { YITONG_GATEWAY_WORKERS: '2' } });
    const subjects = await companies(running.data);
    const [subject = ''] = subjects;
    const asked = { purpose: 'change-company', subject };

    const reader = await running.as('bank-reader');
    const truth = (await reader.query({ ...asked, datasets: [{ id: DATASET }] })).datasets[0]?.records[0]?.record as {
      name: string;
      businessScope: string;
      registeredOn: string;
      representative: string;
    };
    const counter = await running.as('bank-counter');
    const claim = (field: string, value: string) => ({ dataset: DATASET, field, value });

    const shown = await counter.query({ ...asked, datasets: [{ id: DATASET }] });
    const record = shown.datasets[0]?.records[0]?.record ?? {};
    t.same(Object.keys(record).sort(), ['capital', 'name', 'shareholders']);
    t.same(record['name'], { masked: `${[...truth.name][0] ?? ''}**` });
    t.same(
      shown.datasets[0]?.withheld.map(({ reason }) => reason),
      Array(3).fill('not_released_as_value'),
    );

    const verified = await counter.verify({
      ...asked,
      claims: [
        claim('representative', truth.representative),
        claim('representative', '某某某'),
        claim('registeredOn', truth.registeredOn),
      ],
    });
    t.same(
      verified.claims.map(({ result, status }) => [result, status]),
      [
        ['match', 'current'],
        ['mismatch', 'current'],
        ['match', 'current'],
      ],
    );
    t.type(verified.receipt.seq, 'number');
    const nobody = await counter.verify({
      ...asked,
      subject: stories.missing,
      claims: [claim('representative', '某某某')],
    });
    t.equal(nobody.claims[0]?.result, 'no_record');

    // ten different values a day, whichever worker is asked
    const guess = async (value: string) => {
      const another = await running.as('bank-counter');
      try {
        const [first] = (await another.verify({ ...asked, claims: [claim('businessScope', value)] })).claims;
        return first?.reason ?? first?.result;
      } finally {
        another.close();
      }
    };
    const guesses: (string | undefined)[] = [];
    for (let n = 0; n < 12; n++) guesses.push(await guess(`scope ${String(n)}`));
    t.same(guesses, [...Array<string>(10).fill('mismatch'), 'guess_limit', 'guess_limit']);
    t.equal(await guess(truth.businessScope), 'guess_limit');

    await t.rejects(
      reader.verify({ ...asked, claims: [claim('name', truth.name)] }),
      GatewayError,
      'a grant without the delivery compares nothing',
    );
    const dry = await counter.dryRun({
      ...asked,
      datasets: [{ id: DATASET, fields: ['name', 'representative', 'contactPhone'] }],
    });
    t.match(dry.datasets, [
      {
        effect: 'allow',
        fields: [{ field: 'name', as: 'masked' }],
        withheld: [
          { field: 'contactPhone', reason: 'field_not_granted' },
          { field: 'representative', reason: 'not_released_as_value' },
        ],
      },
    ]);

    const found: string[] = [];
    for await (const line of reader.batch({
      purpose: asked.purpose,
      subjects: subjects.slice(0, 60),
      datasets: [{ id: DATASET, fields: ['uscc'] }],
    }))
      if (line.datasets[0]?.records.length === 1) found.push(line.subject);
    t.same(found, subjects.slice(0, 60));
    await t.rejects(
      async () => {
        for await (const line of counter.batch({
          purpose: asked.purpose,
          subjects: [subject],
          datasets: [{ id: DATASET }],
        }))
          t.fail(line.subject);
      },
      { code: 'denied' },
    );

    const described = (await counter.get('/v1/openapi.json')) as { paths: Record<string, unknown> };
    for (const path of ['/v1/query', '/v1/query/batch', '/v1/verify']) t.ok(path in described.paths, path);

    await running.stop();
    // the guesses name neither a subject nor a value
    const shared = await sharedText(running.data);
    const texts: readonly (readonly [string, Buffer])[] =
      shared === undefined
        ? readdirSync(join(running.data, 'state')).map((file) => [
            file,
            readFileSync(join(running.data, 'state', file)),
          ])
        : [['what is shared', shared]];
    t.ok(texts.some(([, bytes]) => bytes.length > 0));
    for (const [file, bytes] of texts) {
      for (const word of [subject, subject.slice(subject.indexOf(':') + 1), 'scope 3', truth.businessScope])
        t.notOk(bytes.includes(word), file);
    }
    execFileSync(process.execPath, [cli, 'audit', 'verify', '--data', running.data]);
    const search = (...more: string[]) =>
      execFileSync(process.execPath, [cli, 'audit', 'search', '--data', running.data, '--json', ...more], {
        encoding: 'utf8',
      });
    t.notMatch(search(), 'scope 3');
    t.match(
      search('--subject', subjects[5] ?? '', '--type', 'included'),
      /"chunk":0/,
      'a company finds that it was part of a batch',
    );
  },
);
