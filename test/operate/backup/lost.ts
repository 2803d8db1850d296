/**
 * A city is backed up while it answers, lost, and restored: it answers as before, its log verifies, and nothing that
 * was gone comes back.
 */
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { changeSuspensions, suspensionsDir } from '../../../gateway/answer/inforce/suspensions.js';
import { openStore, VIEW_FILE } from '../../../gateway/answer/view/lmdb/store.js';
import { readDataset, readNumbers } from '../../../gateway/answer/view/packed/state.js';
import type { Client } from '../../../gateway/client/index.js';
import { type ReportBody, receiptId } from '../../../gateway/client/index.js';
import { dayIn } from '../../../gateway/documents/compute/index.js';
import { runningUp } from '../../../gateway/ground/files/places.js';
import { openEmbeddedState } from '../../../gateway/ground/state/lmdb/state.js';
import { openSessions, sessionsIn } from '../../../gateway/http/people/sessions.js';
import { ask, until } from '../../e2e/ask.js';
import { city } from '../../e2e/city.js';
import { entries, run } from '../../e2e/command.js';
import { BUREAU, bureauCity, decide, penalty } from '../../e2e/penalties.js';
import { companies, stories } from '../../e2e/stories.js';
import { answersOf, isKnown, load, questionsOf, whatDiffers } from './city.js';

const median = (of: readonly number[]): number => [...of].sort((a, b) => a - b)[Math.floor(of.length / 2)] ?? 0;
const p99 = (of: readonly number[]): number => [...of].sort((a, b) => a - b)[Math.floor(of.length * 0.99)] ?? 0;

/** Current records of each dataset, as the view in the folder counts them. */
async function recordsIn(data: string): Promise<Record<string, number>> {
  const store = openStore(join(data, 'view'), true);
  const counts = [...Object.entries(readNumbers(store))].map(
    ([dataset, number]) => [dataset, readDataset(store, number).records] as const,
  );
  await store.close();
  return Object.fromEntries(counts);
}

/**
 * @param more settings of the workspace
 * @param every of the questions, each so-manyth is asked
 * @param withView whether the view is in the backup as well
 */
export async function lostAndRestored(t: Test, more: object, every = 1, withView = false): Promise<void> {
  const dir = t.testdir();
  const workspace = bureauCity(dir);
  const settings = join(workspace, 'yitong.json');
  writeFileSync(settings, JSON.stringify({ ...(JSON.parse(readFileSync(settings, 'utf8')) as object), ...more }));
  const data = join(dir, 'data');
  const env = { YITONG_GATEWAY_WORKERS: '2', YITONG_GATEWAY_RATE_PER_MINUTE: '1000000' };
  const args = ['--companies', '60'];
  const running = await city(t, { workspace, data, args, env });
  const [centre, bureau] = await Promise.all(['credit-report-centre', BUREAU].map((client) => running.as(client)));
  if (centre === undefined || bureau === undefined) throw new Error('not all of them are here');
  const subjects = await companies(data);
  const [company = '', gone = '', other = ''] = subjects;
  await decide(bureau, [penalty(company, 1), penalty(other, 2)], true);
  const today = dayIn(Date.now());
  const body: ReportBody = {
    report: 'credit',
    as: company,
    subjects: [company],
    from: '2020-01-01',
    to: today,
    purpose: 'bidding',
    bearer: '云州市招标办',
  };
  await until(
    'a report that every department answers',
    async () => (await centre.previewReport(body)).model,
    (model) => model?.sections.every(({ missing }) => missing.length === 0) === true,
  );

  // reports: one that stands, one that is revoked; documents that somebody watches; a ticket; a suspended grant;
  // somebody signed in
  const [kept, revoked] = [
    await centre.issueReport(body),
    await centre.issueReport({ ...body, domains: ['taxation'] }),
  ];
  await centre.revokeReport(revoked.id, 'issued by mistake');
  const bidding = await running.as('bidding-centre');
  const seen = await bidding.verifyDocuments({ codes: [kept.code, revoked.code], watch: 'P30D' });
  t.strictSame(
    seen.results.map(({ outcome }) => outcome),
    ['genuine', 'revoked'],
  );
  const recordId = String(penalty(company, 1)['decisionNumber']);
  const opened = await ask(running.api, running.pki, BUREAU, {
    method: 'POST',
    path: '/v1/objections',
    body: {
      lifecycle: 'repair',
      dataset: 'transport.penalties',
      subject: company,
      recordId,
      act: 'tell-repaired',
      fields: { certificate: '云信修〔2026〕2号' },
    },
  });
  t.equal(opened.status, 201, opened.text);
  const entry = receiptId(kept.receipt);
  changeSuspensions(suspensionsDir(data), (grants) =>
    grants.set('counter-fire-checks', {
      at: new Date().toISOString(),
      by: 'sharing-officer',
      reason: 'use beyond the grant',
      entry,
    }),
  );
  const state = openEmbeddedState({ dir: join(data, 'state') });
  const sessions = openSessions({ map: sessionsIn(state), now: Date.now, idleMs: 3_600_000, maxMs: 3_600_000 });
  const { token } = await sessions.create({ key: 'u1', name: 'Qian', roles: ['auditor'] } as unknown as Parameters<
    typeof sessions.create
  >[0]);
  t.ok(await sessions.find(token));
  await sessions.close();
  await state.close();

  const all = await questionsOf(workspace, subjects, today);
  const [some] = all;
  const counter = await running.as('one-stop-counter');
  const firing = {
    purpose: 'open-restaurant',
    subject: company,
    datasets: [{ id: 'fire.fire-checks' }, { id: 'samr.business-licence' }],
    returnCut: true,
  };
  await until(
    'the suspension',
    () => counter.query(firing),
    ({ datasets }) => datasets[0]?.status === 'denied',
  );
  const { cut } = await counter.query(firing);
  const asOf = new Date(Date.now() - 1).toISOString();
  if (cut === undefined || some === undefined) throw new Error('no cut came');
  // withdrawn since the cut, so that the past and the present differ
  await bureau.publish('transport.penalties', {
    sourceTime: new Date().toISOString(),
    records: [
      {
        position: 'w1',
        withdraw: { subject: other, recordId: String(penalty(other, 2)['decisionNumber']) },
        reason: 'decided in error',
      },
    ],
  });
  const known = [
    ...all,
    ...all.slice(0, 200).map(({ client, body: question }) => ({ client, body: { ...question, asOf } })),
    ...subjects.flatMap((subject) =>
      [1, 2].map((limit) => ({
        client: 'one-stop-counter',
        body: { purpose: 'open-restaurant', subject, cut, datasets: [{ id: 'samr.business-licence', limit }] },
      })),
    ),
    ...subjects.map((subject) => ({
      client: 'one-stop-counter',
      body: {
        purpose: 'open-restaurant',
        subject,
        datasets: [{ id: 'samr.food-inspections', fields: ['result', 'inspectors'] }],
      },
    })),
    ...subjects.slice(0, 20).map((subject) => ({
      client: stories.denied.client,
      body: { purpose: stories.denied.purpose, subject, datasets: stories.denied.datasets.map((id) => ({ id })) },
    })),
  ];
  t.ok(known.length >= 1000, `${known.length} questions`);
  const questions = known.filter((_, at) => at % every === 0);

  // reports read some of the datasets: of the others, too, the first rows are there, and the past can be answered for
  await until(
    'every dataset that is not pushed later, and the past',
    () =>
      answersOf(
        running,
        known.filter(({ body }) => body.subject === company || 'asOf' in body || 'cut' in body),
      ),
    (answers) => answers.every(({ text }) => isKnown(text)),
    120_000,
  );

  // one subject is erased before the backup, one after it
  const erase = async (subject: string): Promise<void> => {
    const { code, stderr } = await run(
      'audit',
      'erase',
      subject,
      '--reason',
      'a court said so',
      '--legal-basis',
      'PIPL Art.47',
      '--data',
      data,
      '--workspace',
      workspace,
      '--json',
    );
    t.equal(code, 0, stderr);
  };
  await counter.query({ purpose: 'open-restaurant', subject: gone, datasets: [{ id: 'samr.business-licence' }] });
  await erase(gone);

  const before = await answersOf(running, questions);
  const old = (await counter.query(firing)).receipt;
  const look = async (running: { api: string; pki: string }, id: string) =>
    JSON.parse((await ask(running.api, running.pki, 'one-stop-counter', { path: `/v1/receipts/${id}` })).text) as {
      readonly state: string;
      readonly proof?: string;
      readonly index?: number;
    };
  const proof = await until(
    'the receipt',
    () => look(running, receiptId(old)),
    ({ state }) => state === 'logged',
  );

  // what an answer takes alone, and while it is copied
  const busy = all.filter(({ client }) => client === 'company-life-service');
  const alone = load(t, running, busy);
  await until(
    'answers',
    () => Promise.resolve(alone.taken.length),
    (count) => count > 300,
    60_000,
  );
  await alone.stop();
  const copied = load(t, running, busy);
  const to = join(dir, 'backup');
  const asked = withView ? ['--with-view'] : [];
  const done = await run('backup', to, '--data', data, '--workspace', workspace, ...asked, '--json');
  await copied.stop();
  t.equal(done.code, 0, done.stdout + done.stderr);
  const report = JSON.parse(done.stdout) as {
    readonly files: number;
    readonly bytes: number;
    readonly seconds: number;
    readonly unknown: readonly string[];
    readonly log: { readonly size: number };
    readonly datasets: Record<string, number>;
  };
  t.strictSame(report.unknown, [], 'a city that used everything has no file that nobody knows');
  t.ok(report.log.size > (proof.index ?? Infinity));
  t.ok((report.datasets['samr.company-register'] ?? 0) >= 40);
  t.comment(
    `${report.files} files, ${(report.bytes / 2 ** 20).toFixed(1)} MiB, ${report.seconds} s; answers alone ` +
      `${median(alone.taken).toFixed(2)} ms (p99 ${p99(alone.taken).toFixed(2)}), while copied ` +
      `${median(copied.taken).toFixed(2)} ms (p99 ${p99(copied.taken).toFixed(2)}, ${copied.taken.length} of ` +
      'them)',
  );

  // what comes after it is lost, and not silently
  await erase(other);
  const lostReceipts = await Promise.all([1, 2, 3].map(async () => receiptId((await counter.query(firing)).receipt)));
  await until(
    'the newest in the log',
    () => look(running, lostReceipts.at(-1) ?? ''),
    ({ state }) => state === 'logged',
  );
  const newest = join(dir, 'newest');
  writeFileSync(newest, readFileSync(join(data, 'log', 'checkpoint')));
  const erasures = join(dir, 'erased');
  const erasedNow = JSON.parse(readFileSync(join(data, 'audit', 'erasures'), 'utf8')) as {
    erased: Record<string, number>;
  };
  writeFileSync(erasures, Object.keys(erasedNow.erased).join('\n'));
  t.equal(Object.keys(erasedNow.erased).length, 2);
  await running.stop();
  const journalsBefore = new Set((JSON.parse(JSON.stringify(lostReceipts)) as string[]).map((id) => id.split(':')[0]));
  rmSync(data, { recursive: true, force: true });

  const restored = await run('restore', to, '--data', data, '--checkpoint', newest, '--erasures', erasures, '--json');
  t.equal(restored.code, 0, restored.stderr);
  const back = JSON.parse(restored.stdout) as {
    readonly log: { readonly origin: string; readonly renamed: boolean; readonly lost: number; readonly size: number };
    readonly erased: number;
    readonly seconds: number;
  };
  t.match(back, { erased: 1, log: { renamed: true, size: report.log.size } });
  t.ok(back.log.lost >= 3, `${back.log.lost} entries are known to be lost`);
  t.comment(`restored in ${back.seconds} s`);
  t.equal((await run('audit', 'verify', '--data', data)).code, 0, 'the log verifies before anybody starts it');
  t.notOk(existsSync(join(data, 'people', 'sessions')));
  const view = join(data, 'view', VIEW_FILE);
  t.equal(existsSync(view), withView, 'the view is there before anybody starts it where it was asked for');
  if (withView) t.strictSame(await recordsIn(data), report.datasets, 'with all that it had');
  const file = withView ? statSync(view).ino : undefined;

  const wrong = await run('up', '--data', data, '--workspace', workspace, '--port', '0');
  t.equal(wrong.code, 2);
  t.match(wrong.stderr, /audit\.origin/, 'it does not start under the name that the log had');
  t.equal(runningUp(data), undefined);

  const again = await city(t, { workspace, data, args, env: { ...env, YITONG_AUDIT_ORIGIN: back.log.origin } });
  // a view that was made again answers for the past once it has looked at the end of each topic
  const past = questions.filter(({ body }) => 'asOf' in body || 'cut' in body);
  await until(
    'the past',
    () => answersOf(again, past),
    (answers) => answers.every(({ text }) => isKnown(text)),
    60_000,
  );
  if (withView) t.equal(statSync(view).ino, file, 'it is gone on with, not built anew');
  const after = await answersOf(again, questions);
  const differing = before.flatMap(({ text }, at) => (text === after[at]?.text ? [] : [at]));
  t.strictSame(
    differing.slice(0, 3).map((at) => [questions[at], before[at]?.text, after[at]?.text]),
    [],
    `${differing.length} of ${questions.length} answers differ: ${whatDiffers(before, after)}`,
  );
  t.ok(
    before.every(({ seen }, at) => seen.every((time, dataset) => (after[at]?.seen[dataset] ?? '') >= time)),
    'no source is said to have been seen for less long than before',
  );
  const kinds = before.map(({ text }) => text);
  for (const [kind, has] of [
    ['withheld', '"withheld":[{'],
    ['denied', '{"status":403'],
    ['denied in part', '"status":"denied"'],
    ['with records', '"records":[{'],
  ] as const)
    t.ok(
      kinds.some((text) => text.includes(has)),
      `some are ${kind}`,
    );

  const ends: Client[] = await Promise.all(
    ['bidding-centre', 'credit-report-centre', 'one-stop-counter', BUREAU].map((client) => again.as(client)),
  );
  const [bidding2, centre2, counter2, bureau2] = ends as [Client, Client, Client, Client];
  t.strictSame(
    (await bidding2.verifyDocuments({ codes: [kept.code, revoked.code] })).results.map(({ outcome }) => outcome),
    seen.results.map(({ outcome }) => outcome),
    'codes lead to the same documents',
  );
  t.strictSame((await centre2.showReport(kept.id, company)).document, kept.document);
  t.match(await bidding2.documentChanges(seen.after ?? 0, 0), { after: Number });
  const tickets = JSON.parse((await ask(again.api, again.pki, BUREAU, { path: '/v1/objections?show=open' })).text) as {
    readonly tickets: readonly { readonly id: string }[];
  };
  t.strictSame(
    tickets.tickets.map(({ id }) => id),
    [(JSON.parse(opened.text) as { id: string }).id],
    'the ticket stands',
  );
  t.equal((await counter2.query(firing)).datasets[0]?.status, 'denied', 'a grant that was suspended stays suspended');
  const state2 = openEmbeddedState({ dir: join(data, 'state') });
  const sessions2 = openSessions({ map: sessionsIn(state2), now: Date.now, idleMs: 3_600_000, maxMs: 3_600_000 });
  t.equal(await sessions2.find(token), undefined, 'nobody is signed in by a backup');
  await sessions2.close();
  await state2.close();

  const proved = await until(
    'the old receipt under the new name',
    () => look(again, receiptId(old)),
    ({ state }) => state === 'logged',
  );
  t.equal(proved.index, proof.index);
  t.match(proved.proof, new RegExp(back.log.origin));
  for (const id of lostReceipts)
    t.equal((await look(again, id)).state, 'not_yet', 'of what was lost nothing is claimed');
  const fresh = (await counter2.query(firing)).receipt;
  t.notOk(journalsBefore.has(fresh.journal), 'no receipt id comes twice');
  const journalOf = async (subject: string): Promise<readonly string[]> =>
    (await entries<{ readonly subject: { readonly pseudonym: string } }>(data, '--subject', subject)).map(
      (one) => one.subject.pseudonym,
    );
  const pseudonyms = Object.keys(erasedNow.erased);
  for (const subject of [gone, other])
    t.strictSame(
      (await journalOf(subject)).filter((pseudonym) => pseudonyms.includes(pseudonym)),
      [],
      'what was erased stays erased, also what was erased after the backup',
    );
  const marks = await entries<{
    readonly target: string;
    readonly detail: { readonly lost: number; readonly newestSize: number };
  }>(data, '--action', 'restored');
  t.match(
    marks,
    [{ target: 'yitong.example/log', detail: { lost: back.log.lost, newestSize: back.log.lost + report.log.size } }],
    'the log says where it comes from and what is missing',
  );

  // a connector goes on where it was: what it pushes again is known
  const repeated = await bureau2.publish('transport.penalties', {
    sourceTime: new Date().toISOString(),
    records: [{ position: String(penalty(company, 1)['decisionNumber']), value: penalty(company, 1) }],
  });
  t.match(repeated.results, [{ status: 'unchanged' }], 'nothing is published anew');
  for (const one of ends) one.close();
  await again.stop();
  const verified = await run('audit', 'verify', '--data', data, '--json');
  t.match(JSON.parse(verified.stdout), { ok: true, newer: 0 }, verified.stdout);
}
