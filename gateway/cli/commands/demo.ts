import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { loadTour, type TourStep } from '../../../policies/tour.js';
import {
  connect,
  connectionOf,
  type DatasetAnswer,
  GatewayError,
  type QueryAnswer,
  receiptId,
} from '../../client/index.js';
import { folders, workspaceOption } from '../../ground/files/places.js';
import { auditLayout } from '../../log/entries/layout.js';
import { lookupReceipt } from '../../log/store/receipts.js';
import { verifyLog } from '../../log/verify/verify.js';
import { startUp } from '../../operate/process/start.js';
import type { Command, Invocation } from '../command.js';
import { loadedRows } from '../loaded.js';
import { progressBar } from '../progress.js';

/** One line a dataset: what came, and what did not, and why. */
function summary(answer: DatasetAnswer): string {
  const first = answer.records[0]?.record;
  const shown =
    first === undefined
      ? ''
      : `: ${Object.entries(first)
          .slice(0, 4)
          .map(([key, value]) => `${key} ${JSON.stringify(value)}`)
          .join(', ')} …`;
  const withheld =
    answer.withheld.length === 0
      ? ''
      : `; withheld: ${answer.withheld
          .slice(0, 4)
          .map(({ field, reason }) => `${field} (${reason})`)
          .join(', ')}${answer.withheld.length > 4 ? ' …' : ''}`;
  if (answer.status === 'denied') return `    ${answer.id}: denied, ${answer.reason ?? ''}`;
  const records =
    answer.records.length === 0
      ? 'none on record'
      : `${answer.records.length} record${answer.records.length === 1 ? '' : 's'}`;
  return `    ${answer.id}: ${answer.status}, ${records}${shown}${withheld}`;
}

async function ask(
  step: TourStep,
  api: string,
  pki: string,
): Promise<{ status: number; answer: Pick<QueryAnswer, 'datasets' | 'receipt'> }> {
  const gateway = connect(await connectionOf(api, pki, step.client));
  try {
    const answer = await gateway.query({
      purpose: step.purpose,
      subject: step.subject,
      datasets: step.datasets.map((id) => ({ id })),
      ...present({ case: step.case }),
    });
    return { status: 200, answer };
  } catch (error) {
    if (!(error instanceof GatewayError) || error.denial === undefined) throw error;
    return { status: error.status, answer: error.denial };
  } finally {
    gateway.close();
  }
}

/** The sequencer takes what is durable into the log within a second. */
async function logged(
  data: string,
  id: string,
): Promise<Extract<ReturnType<typeof lookupReceipt>, { kind: 'logged' }>> {
  for (let tries = 0; tries < 200; tries++) {
    const found = lookupReceipt(data, id);
    if (found.kind === 'logged') return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new YitongError('log_invalid', `the entry \`${id}\` did not come into the log within 10 s`);
}

interface AskedStep {
  readonly title: TourStep['title'];
  readonly status: number;
  readonly datasets: readonly { readonly id: string; readonly status: string; readonly reason?: string }[];
  readonly receipt: string;
}

async function tour(
  steps: readonly TourStep[],
  data: string,
  api: string,
  pki: string,
  call: Invocation,
): Promise<AskedStep[]> {
  const asked: AskedStep[] = [];
  for (const [i, step] of steps.entries()) {
    call.say(`${i + 1}. ${step.title.en}  ${step.title.zh}`);
    call.say(`   ${step.client} asks for purpose ${step.purpose}`);
    const { status, answer } = await ask(step, api, pki);
    call.say(`   HTTP ${status}`);
    for (const dataset of answer.datasets) call.say(summary(dataset));
    const id = receiptId(answer.receipt);
    const entry = await logged(data, id);
    call.say(`   on record as ${id}, entry ${entry.index} of the log:`);
    call.say(`     ${entry.body}`);
    call.say('');
    asked.push({
      title: step.title,
      status,
      datasets: answer.datasets.map(({ id: dataset, status: state, reason }) => ({
        id: dataset,
        status: state,
        ...present({ reason }),
      })),
      receipt: id,
    });
  }
  return asked;
}

const command: Command = {
  summary: 'a tour in a temporary folder: publishes, asks, shows the audit entries, verifies the log',
  zh: '在临时目录中演示：发布、查询、查看日志条目、校验日志',
  usage: '[--workspace D] [--json]',
  wanting: 'where the log does not verify, or the terms of the grants are over',
  examples: ['yitong demo'],
  options: { workspace: workspaceOption },
  async run(call) {
    const dir = folders(call.values).workspace;
    const steps = await loadTour(await loadWorkspace(dir));
    if (steps.length === 0)
      throw new YitongError('bad_workspace', 'the workspace has no `policies/tour.json`, so there is nothing to show');
    const data = await mkdtemp(join(tmpdir(), 'yitong-demo-'));
    try {
      call.say('starting the city in a temporary folder …');
      const bar = progressBar('publishing', call.asJson ? { shown: false } : {});
      const up = await startUp({
        workspace: dir,
        data,
        bus: { driver: 'embedded', dir: join(data, 'bus') },
        flags: { port: 0, peoplePort: 0, healthPort: 0 },
        options: {},
        quiet: true,
        onProgress: ({ done, total }) => bar.to(done, total),
        signal: call.signal,
      }).finally(bar.end);
      call.say(
        `published ${loadedRows(up.reports).toLocaleString('en')} rows of ${up.reports.length} datasets; all ` +
          'are in the view\n',
      );
      let asked: AskedStep[];
      try {
        asked = await tour(steps, data, up.api, up.pki, call);
      } finally {
        await up.stop();
      }
      call.say('now from the files alone:');
      const verified = await verifyLog({ logDir: auditLayout(data).log, dataDir: data });
      call.json({ steps: asked, log: verified });
      if (verified.ok) {
        call.say(`   the log verifies: ${verified.size} entries, root ${verified.root}`);
        call.say(
          `   ${verified.bodies} bodies match their commitments, ${verified.journalEntries} journal entries ` +
            `are in it, ${verified.signatures} group signatures hold`,
        );
      } else call.say(`   the log does NOT verify: ${verified.fault ?? ''}`);
      const ended = [
        ...new Set(
          asked.flatMap(({ datasets }) =>
            datasets.flatMap(({ id, reason }) => (reason === 'grant_expired' ? [id] : [])),
          ),
        ),
      ];
      if (ended.length > 0)
        call.say(
          `\nthis tour shows nothing of ${ended.join(', ')}: the terms of the grants are over; \`yitong ` +
            `doctor\` names them`,
        );
      return verified.ok && ended.length === 0 ? 0 : 1;
    } finally {
      await rm(data, { recursive: true, force: true });
    }
  },
};
export default command;
