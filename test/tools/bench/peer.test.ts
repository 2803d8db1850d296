/**
 * The peer of `query-peer` is compared with the gateway, so it must do what the gateway does: answer the same, and let
 * nothing leave before its audit row is committed.
 */
import { readFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { city } from '../../e2e/city.js';
import { companies, stories } from '../../e2e/stories.js';
import { postgresForTest, type TestPostgres } from '../../support/servers/postgres.js';
import { type Asker, askerOf, differing, PEER_DATASETS, sampleQuestions } from './peer/same.js';
import type { PeerOptions } from './peer/server.js';
import { fillPeer } from './peer/store.js';
import { startPeer } from './peer.js';
import { question } from './question.js';

t.setTimeout(180_000);

const VARIANTS = ['tuned', 'plain'] as const satisfies readonly PeerOptions['variant'][];

interface Rig {
  readonly postgres: TestPostgres;
  readonly gateway: string;
  readonly pki: string;
  readonly subjects: readonly string[];
  /** Addresses of a peer of each variant, on one database. */
  readonly peers: Readonly<Record<(typeof VARIANTS)[number], string>>;
}

async function rigOf(t: Test): Promise<Rig | undefined> {
  const postgres = await postgresForTest(t);
  if (postgres === undefined) return undefined;
  const running = await city(t, { args: ['--companies', '60'] });
  const subjects = await companies(running.data);
  const records = await fillPeer(
    postgres.url,
    await loadWorkspace(packageRoot()),
    running.data,
    PEER_DATASETS,
    subjects,
  );
  t.ok(records > subjects.length, `${records} records of ${subjects.length} companies`);
  const started = async (variant: PeerOptions['variant']): Promise<string> => {
    const peer = await startPeer({
      workspace: packageRoot(),
      pki: running.pki,
      url: postgres.url,
      variant,
      connections: 4,
    });
    t.teardown(() => peer.stop());
    return `https://127.0.0.1:${peer.line}`;
  };
  return {
    postgres,
    gateway: running.api,
    pki: running.pki,
    subjects,
    peers: { tuned: await started('tuned'), plain: await started('plain') },
  };
}

const { client } = stories.allowed;
type Variant = (typeof VARIANTS)[number];

async function asked({ pki, peers }: Rig, variant: Variant, work: (asker: Asker) => Promise<void>): Promise<void> {
  const asker = askerOf(peers[variant], pki, client);
  try {
    await work(asker);
  } finally {
    asker.close();
  }
}

async function same(t: Test, rig: Rig, variant: Variant): Promise<void> {
  const { postgres, gateway, pki, subjects } = rig;
  const [subject = ''] = subjects;
  const api = rig.peers[variant];
  t.equal(await differing(gateway, api, pki, sampleQuestions(subjects, 20)), undefined);
  // and an answer that is not the same is seen
  const { rows } = await postgres.sql(
    `UPDATE record SET body = replace(body, '"name":"', '"name":"x') WHERE subject = $1 RETURNING dataset`,
    [subject],
  );
  t.ok(rows.length > 0);
  t.match(await differing(gateway, api, pki, sampleQuestions([subject], 1)), /the gateway says/);
  await postgres.sql(`UPDATE record SET body = replace(body, '"name":"x', '"name":"') WHERE subject = $1`, [subject]);
}

const audited = (t: Test, rig: Rig, variant: Variant): Promise<void> =>
  asked(rig, variant, async (asker) => {
    const {
      postgres,
      subjects: [subject = ''],
    } = rig;
    const rowOf = async (requestId: unknown): Promise<Record<string, unknown> | undefined> =>
      (await postgres.sql('SELECT * FROM audit WHERE request_id = $1', [requestId])).rows[0];
    const body = question(subject);
    const { status, answer } = await asker.ask(body);
    t.equal(status, 200);
    const datasets = answer['datasets'] as { readonly records: readonly unknown[] }[];
    const row = await rowOf(answer['requestId']);
    t.match(row, { client, purpose: body.purpose, subject });
    t.equal(
      row?.['records'],
      datasets.reduce((sum, { records }) => sum + records.length, 0),
    );
    t.same(
      (JSON.parse(String(row?.['decisions'])) as { readonly dataset: string }[]).map(({ dataset }) => dataset),
      body.datasets.map(({ id }) => id),
    );
    const denied = await asker.ask({ purpose: 'no-such-purpose', subject, datasets: body.datasets });
    t.equal(denied.status, 403);
    t.match(await rowOf(denied.answer['requestId']), { subject, records: 0 });
  });

const waits = (t: Test, rig: Rig, variant: Variant): Promise<void> =>
  asked(rig, variant, async (asker) => {
    const {
      postgres,
      subjects: [subject = ''],
    } = rig;
    await postgres.sql('BEGIN');
    await postgres.sql('LOCK TABLE audit IN SHARE MODE');
    let answered = false;
    const answer = asker.ask(question(subject)).finally(() => (answered = true));
    // the peer's statement waits for the lock
    const waiting =
      "SELECT count(*)::int AS n FROM pg_locks WHERE relation = 'audit'::regclass AND NOT granted AND " +
      'database = (SELECT oid FROM pg_database WHERE datname = current_database())';
    while ((await postgres.sql(waiting)).rows[0]?.['n'] !== 1) await wait(10);
    t.notOk(answered);
    await postgres.sql('COMMIT');
    t.equal((await answer).status, 200);
  });

const refused = (t: Test, rig: Rig, variant: Variant): Promise<void> =>
  asked(rig, variant, async (asker) => {
    const {
      postgres,
      subjects: [subject = ''],
    } = rig;
    await postgres.sql(
      "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'the disk is full'; END $$",
    );
    await postgres.sql(
      'CREATE CONSTRAINT TRIGGER refused AFTER INSERT ON audit DEFERRABLE INITIALLY DEFERRED ' +
        'FOR EACH ROW EXECUTE FUNCTION refuse()',
    );
    t.same(await asker.ask(question(subject)), { status: 503, answer: { code: 'audit_unavailable' } });
    await postgres.sql('DROP FUNCTION refuse CASCADE');
    t.equal((await asker.ask(question(subject))).status, 200, 'and goes on when rows are taken again');
  });

const nobody = (t: Test, rig: Rig): Promise<void> =>
  asked(rig, 'tuned', async (asker) => {
    const {
      pki,
      peers,
      subjects: [subject = ''],
    } = rig;
    t.equal((await asker.ask({ ...question(subject), subject: `${subject}0` })).status, 400);
    const unnamed = new Promise((resolve, reject) =>
      get(`${peers.tuned}/v1/query`, { ca: readFileSync(join(pki, 'ca.pem')), servername: 'localhost' }, resolve).once(
        'error',
        reject,
      ),
    );
    await t.rejects(unnamed, { code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' });
  });

t.test('the peer does what the gateway does', async (t) => {
  const rig = await rigOf(t);
  if (rig === undefined) return;
  for (const variant of VARIANTS) {
    await t.test(`${variant}: it answers every kind of question as the gateway does`, (t) => same(t, rig, variant));
    await t.test(`${variant}: each answer and each denial has its row`, (t) => audited(t, rig, variant));
    await t.test(`${variant}: no byte leaves while its row cannot be written`, (t) => waits(t, rig, variant));
    await t.test(`${variant}: a row refused when it is committed answers nothing`, (t) => refused(t, rig, variant));
  }
  await t.test('who shows no certificate, or asks about no valid subject, is not answered', (t) => nobody(t, rig));
});
