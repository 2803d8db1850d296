/**
 * The image's own start command in a container: without root, on a read-only root, with a workspace and a certificate
 * authority of its own. Two replicas stand behind a load balancer; one is told to end in the middle of 10,000 requests,
 * as in a rolling update.
 */
import { chmodSync, chownSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import uscc from '../../contracts/subjects/uscc.js';
import { connect, connectionOf } from '../../gateway/client/index.js';
import { lookupReceipt } from '../../gateway/log/store/receipts.js';
import { until } from '../e2e/ask.js';
import { missingHere } from '../support/missing.js';
import { freePorts } from '../support/servers/ports.js';
import { DATASETS, makeWorkspace, PURPOSE } from '../tools/faults/workspace.js';
import { balance, type Replica } from './balancer.js';
import {
  type Contained,
  type ContainOptions,
  NONROOT,
  notContained,
  runContained,
  startContained,
} from './contained.js';
import { command } from './dockerfile.js';
import { filesBelow, makeRoot, temporary } from './root.js';

t.setTimeout(340_000);

const TOTAL = 10_000;
const SUBJECT = uscc.make(7);

interface Standing extends Replica {
  readonly container: Contained;
  readonly options: ContainOptions;
}

/** Starts a replica by the image's own command and gives it one record to tell. */
async function replica(t: Test, name: string, root: string, workspace: string, dir: string): Promise<Standing> {
  const [api = 0, people = 0, health = 0] = await freePorts(3);
  const options: ContainOptions = {
    root,
    workspace,
    data: join(dir, `data-${name}`),
    env: {
      YITONG_GATEWAY_PORT: String(api),
      YITONG_GATEWAY_PEOPLE_PORT: String(people),
      YITONG_GATEWAY_HEALTH_PORT: String(health),
      // inside, where the volume stands
      YITONG_GATEWAY_SERVER_CERT: '/workspace/pki/server/cert.pem',
      YITONG_GATEWAY_SERVER_KEY: '/workspace/pki/server/key.pem',
      YITONG_GATEWAY_DRAIN_SECONDS: '5',
    },
  };
  const container = startContained(t, options, command());
  const address = `http://127.0.0.1:${health}`;
  let over = false;
  void container.ended.then(() => (over = true));
  await until(
    `${name} ready`,
    async () => ({
      over,
      status: await fetch(`${address}/health/ready`).then(
        ({ status }) => status,
        () => 0,
      ),
      said: container.said().slice(-1500),
    }),
    (seen) => {
      if (seen.over) throw new Error(`${name} ended: ${seen.said}`);
      return seen.status === 200;
    },
    60_000,
  );

  const url = `https://127.0.0.1:${api}`;
  const publisher = connect(await connectionOf(url, join(workspace, 'pki'), 'publisher'));
  const { results } = await publisher.publish(DATASETS.pushed, {
    sourceTime: new Date().toISOString(),
    records: [{ position: '1', value: { uscc: SUBJECT, number: '1', state: 'open', amount: 1, note: null } }],
  });
  publisher.close();
  t.match(results, [{ status: 'published' }], `${name} took a record`);
  const connection = await connectionOf(url, join(workspace, 'pki'), 'asker');
  const asker = connect(connection);
  await until(
    'the record',
    () => asker.query(BODY),
    ({ datasets }) => datasets[0]?.records.length === 1,
  );
  asker.close();
  return { name, connection, health: address, container, options };
}

const BODY = { purpose: PURPOSE, subject: `uscc:${SUBJECT}`, datasets: [{ id: DATASETS.pushed }] };

void t.test(
  'a replica that is told to end while 10,000 requests are under way fails none of them, exits 0, and its log verifies',
  async (t) => {
    const missing = notContained();
    if (missing !== undefined) return missingHere(t, missing);
    const root = makeRoot(t);
    const dir = temporary(t);
    // another account must get to the volumes
    chmodSync(dir, 0o711);
    const workspace = join(dir, 'workspace');
    await makeWorkspace({
      dir: workspace,
      prefix: 'image',
      ports: { api: 0, people: 0, health: 0 },
      apiUrl: 'http://127.0.0.1:9',
    });
    for (const file of filesBelow(workspace)) chownSync(file, NONROOT, NONROOT);

    const leaving = await replica(t, 'leaving', root, workspace, dir);
    const staying = await replica(t, 'staying', root, workspace, dir);
    let told = false;
    let exit: { readonly code: number | null; readonly at: number } | undefined;
    let count = 0;
    const tally = await balance({
      replicas: [leaving, staying],
      body: BODY,
      total: TOTAL,
      clients: 12,
      every: 100,
      onAnswer: (all) => {
        count = all;
        if (told || all < TOTAL / 2) return;
        told = true;
        leaving.container.terminate();
        void leaving.container.ended.then((code) => (exit = { code, at: count }));
      },
    });
    t.strictSame(tally.failures, [], 'every request that was started got its whole answer');
    t.equal(await leaving.container.ended, 0, 'it ended in good order');
    const [of, other] = [tally.answered.get('leaving') ?? 0, tally.answered.get('staying') ?? 0];
    t.equal(of + other, TOTAL);
    t.ok(
      of > TOTAL / 5 && other > TOTAL / 2,
      `both had their share: ${of} and ${other}; it was gone after ${exit?.at ?? 'all'} answers`,
    );
    t.strictSame([...(tally.reasons.get('leaving') ?? [])], ['draining'], 'its readiness said why, and nothing else');
    t.ok((tally.closed.get('leaving') ?? 0) > 0, 'it told its connections to close');

    staying.container.terminate();
    t.equal(await staying.container.ended, 0);
    for (const { name, options } of [leaving, staying]) {
      const verified = runContained(options, command(['audit', 'verify', '--data', '/data']));
      t.match(
        verified,
        { code: 0, stdout: /verifies/ },
        `the log of ${name} verifies in a container too: ${verified.stderr}`,
      );
      const lost = tally.receipts.filter(
        (receipt) => receipt.replica === name && lookupReceipt(options.data, receipt.id).kind !== 'logged',
      );
      t.strictSame(lost, [], `each answer of ${name} is in its log`);
    }
  },
);
