/**
 * A bidding authority verifies the documents that it was handed, all at once, and is told within seconds when one of
 * them has changed.
 */
import t from 'tap';
import { GatewayError, type ReportBody } from '../../gateway/client/index.js';
import { dayIn } from '../../gateway/documents/compute/index.js';
import { ask, until } from './ask.js';
import { city } from './city.js';
import { entries } from './command.js';
import { BUREAU, bureauCity, decide, penalty } from './penalties.js';
import { companies } from './stories.js';

t.setTimeout(300_000);
const NOBODYS = '0000-0000-0000-0000-0000-0000-0000';

void t.test(
  'many documents are verified at once, and whoever watches them is told of a new penalty within five seconds',
  async (t) => {
    const running = await city(t, {
      workspace: bureauCity(t.testdir()),
      args: ['--companies', '60'],
      env: { YITONG_GATEWAY_WORKERS: '2', YITONG_GATEWAY_UNKNOWN_CODES_PER_MINUTE: '5' },
    });
    const [centre, bidding, counter, bureau] = await Promise.all(
      ['credit-report-centre', 'bidding-centre', 'one-stop-counter', BUREAU].map((client) => running.as(client)),
    );
    if (centre === undefined || bidding === undefined || counter === undefined || bureau === undefined)
      throw new Error('not all of them are here');
    const [company = '', other = '', third = ''] = await companies(running.data);
    await decide(bureau, [penalty(third, 1)], true);
    const today = dayIn(Date.now());
    const body = (of: string): ReportBody => ({
      report: 'credit',
      as: of,
      subjects: [of],
      from: '2020-01-01',
      to: today,
      purpose: 'bidding',
      bearer: '云州市招标办',
    });
    await until(
      'a report that every department answers',
      async () => (await centre.previewReport(body(company))).model,
      (model) => model?.sections.every(({ missing }) => missing.length === 0) === true,
    );
    const [own, others] = [await centre.issueReport(body(company)), await centre.issueReport(body(other))];

    // the ports were drawn by lot, and nothing says what the address is: it is the one that is open
    const credential = await ask(running.api, running.pki, 'credit-report-centre', {
      path: `/v1/reports/${own.id}`,
      headers: { accept: 'application/dc+sd-jwt', 'yitong-subject': company, 'yitong-code': own.code },
    });
    t.equal(credential.status, 200, credential.text.slice(0, 200));
    t.match(
      JSON.parse(Buffer.from(credential.text.split('.')[1] ?? '', 'base64url').toString()),
      { iss: running.people, status: { status_list: { uri: `${running.people}/status/0` } } },
      'a credential names it',
    );

    const seen = await bidding.verifyDocuments({
      codes: [others.code, NOBODYS, own.code.toLowerCase().replaceAll('-', ''), 'no code at all'],
      watch: 'P30D',
      case: { caseId: 'B-2026-17' },
    });
    t.strictSame(
      seen.results.map(({ outcome, document }) => [outcome, document]),
      [
        ['genuine', others.document],
        ['unknown', undefined],
        ['genuine', own.document],
        ['unknown', undefined],
      ],
      'in the order of the codes',
    );
    const result = seen.results[2];
    t.match(result, {
      report: 'credit',
      purpose: 'bidding',
      issuedAt: own.model.issuedAt,
      range: { from: '2020-01-01', to: today },
      whom: [{ name: own.model.subjects[0]?.name, key: /^9199\*+.{4}$/ }],
      sections: [],
    });
    const left = (Date.parse(result?.watchedUntil ?? '') - Date.now()) / 86_400_000;
    t.ok(left > 29.9 && left <= 30);
    t.notMatch(
      JSON.stringify(seen),
      new RegExp(`${company.slice(5)}|云州市招标办|facts|${own.code}`),
      'neither codes nor what a document says',
    );

    let after = seen.after ?? -1;
    t.strictSame(await bidding.documentChanges(after), { changes: [], after }, 'nothing has changed');
    const waiting = bidding.documentChanges(after, 25);
    await decide(bureau, [penalty(company, 2)]);
    const acknowledged = Date.now();
    const first = await waiting;
    t.ok(
      Date.now() - acknowledged < 5000,
      `told ${String(Date.now() - acknowledged)} ms after the bus had the penalty`,
    );
    t.match(first.changes, [
      {
        number: 1,
        document: own.document,
        report: 'credit',
        outcome: 'changed',
        sections: [{ subject: 0, domain: 'transport', changes: ['added'] }],
      },
    ]);
    t.notMatch(JSON.stringify(first), /超限|〔2026〕/, 'and not what for');
    after = first.after;
    await decide(bureau, [penalty(other, 3)]);
    t.match(await bidding.documentChanges(after, 25), {
      changes: [{ number: 2, document: others.document }],
      after: 2,
    });
    t.equal((await bidding.documentChanges()).changes.length, 2, 'all of them, for whoever begins anew');
    t.strictSame(await counter.documentChanges(), { changes: [], after: 0 }, 'nobody else is told');
    t.match((await counter.verifyDocuments({ codes: [own.code] })).results, [
      { outcome: 'changed', watchedUntil: undefined, sections: [{ domain: 'transport', changes: ['added'] }] },
    ]);

    const log = await until(
      'the entries',
      () => entries<Record<string, string>>(running.data, '--type', 'verified', '--subject', company),
      (found) => found.length >= 3,
    );
    // each worker keeps a journal of its own, and the log takes them in as they come
    const told = log.map(({ by, outcome, document }) => `${by ?? ''} ${outcome ?? ''} ${document ?? ''}`).sort();
    t.strictSame(
      told,
      [
        `bidding-centre changed ${own.document}`,
        `bidding-centre genuine ${own.document}`,
        `one-stop-counter changed ${own.document}`,
      ],
      'each answer, and what a watch told, is on record',
    );

    // five a minute: of four times three, two fall into one minute
    let refused: unknown;
    for (let turn = 0; turn < 4; turn++)
      refused ??= await bidding.verifyDocuments({ codes: [NOBODYS, own.code, NOBODYS, NOBODYS] }).then(
        () => undefined,
        (error: unknown) => error,
      );
    t.match(refused, { code: 'rate_limited', status: 429 }, 'who guesses is stopped');
    t.ok(refused instanceof GatewayError && !JSON.stringify(refused.problem).includes(own.code));
    t.match(
      await bidding.verifyDocuments({ codes: [own.code] }),
      { results: [{ outcome: 'changed' }] },
      'and codes that are known are still answered',
    );
    for (const [wrong, code] of [
      [{ codes: [] }, 'bad_request'],
      [{ codes: Array.from({ length: 1001 }, () => own.code) }, 'bad_request'],
      [{ codes: [own.code], watch: 'P1Y' }, 'bad_request'],
    ] as const)
      await t.rejects(bidding.verifyDocuments(wrong), { code });
    await t.rejects(bidding.documentChanges(3), { code: 'bad_request' }, 'a number that was never given');
    await t.rejects(bidding.documentChanges(0, 26), { code: 'bad_request' });

    const metrics = await (await fetch(`${running.health}/metrics`)).text();
    const figure = (name: string): number =>
      Number(new RegExp(`^${name.replace(/[{}]/g, '\\$&')} (\\d+)$`, 'm').exec(metrics)?.[1]);
    t.strictSame([figure('yitong_reports_issued'), figure('yitong_certificates_replaced')], [2, 82]);
    t.notMatch(
      running.said() + metrics,
      new RegExp([own.code, own.code.replaceAll('-', ''), others.code, company.slice(5)].join('|'), 'i'),
      'no code and no company in what processes say and count',
    );
  },
);
