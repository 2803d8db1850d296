import { existsSync } from 'node:fs';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { readJson } from '../../../contracts/files.js';
import { connect, connectionOf, GatewayError, receiptId } from '../../client/index.js';
import {
  announce,
  dataDir,
  dataOption,
  packageRoot,
  program,
  runningFor,
  text,
  type UpFile,
  workspaceDir,
  workspaceOption,
} from '../../ground/files/places.js';
import { busOf } from '../../operate/bus.js';
import { startUp } from '../../operate/process/start.js';
import type { Command, Invocation } from '../command.js';
import { loadedRows } from '../loaded.js';
import { keepOffer, offerOf } from '../region-offer.js';

/** What both sides decide of each other, as the workspace of the second region brings it. */
interface Agreement {
  readonly there: object;
  readonly here: object;
  readonly grants: Readonly<Record<string, object>>;
}

const OFFICE = 'data-bureau';
const ALL = { purposes: [], datasets: [] };
const QUESTION = {
  purpose: 'transfer-real-estate',
  subject: 'uscc:91990102MA00001692',
  datasets: [{ id: 'natural-resources.titles' }],
};
const CLIENT = 'one-stop-counter';

/** A workspace of its own, made once of the one that comes with the program. */
async function makeWorkspace(dir: string): Promise<void> {
  if (existsSync(join(dir, 'yitong.json'))) return;
  const root = packageRoot();
  const shipped = join(root, 'gateway', 'cli', 'neighbour');
  await mkdir(dir, { recursive: true });
  await cp(shipped, dir, { recursive: true });
  const settings = (await readJson(join(dir, 'yitong.json'), 'bad_workspace')) as object;
  const built = { ...settings, extends: relative(dir, root) };
  await writeFile(join(dir, 'yitong.json'), `${JSON.stringify(built, null, 2)}\n`);
}

/** Asks the second region through the first, until what was exchanged is in force there. */
async function askThrough(first: UpFile, region: string, call: Invocation): Promise<string> {
  const gateway = connect(await connectionOf(first.api, first.pki, CLIENT));
  try {
    for (;;) {
      try {
        const { answer, receipt } = await gateway.queryRegion(region, QUESTION);
        const records = answer.datasets.flatMap((dataset) => dataset.records);
        call.say(`   answered: ${String(records.length)} titles, ${answer.datasets[0]?.status ?? ''}`);
        for (const { record } of records) call.say(`   ${String(record?.['certificateNumber'])}`);
        call.say(`   on record there as ${receiptId(answer.receipt)}, here as ${receiptId(receipt)}`);
        return receiptId(receipt);
      } catch (error) {
        if (!(error instanceof GatewayError) || call.signal.aborted) throw error;
        // within five seconds a file is in force
        await new Promise((done) => setTimeout(done, 250));
      }
    }
  } finally {
    gateway.close();
  }
}

const command: Command = {
  summary: 'a second region beside the city that runs, on free ports, with both files exchanged',
  zh: '在已运行的城市旁启动第二个地区，并完成互信',
  group: 'running',
  usage: '[DIR] [--workspace D] [--data D] [--json]',
  takes: 1,
  examples: ['yitong region up'],
  options: { workspace: workspaceOption, data: dataOption },
  async run(call) {
    const workspace = workspaceDir(text(call.values['workspace']));
    const first = runningFor(call.values);
    if (first === undefined)
      throw new YitongError('bad_request', `no city runs here; start it with \`${program()} up\`, in another shell`);
    const dir = resolve(call.positionals[0] ?? join(workspace, '.yitong', 'regions', 'wanghai'));
    await makeWorkspace(dir);
    const agreement = (await readJson(join(dir, 'agreement.json'), 'bad_policy')) as Agreement;
    // grants name the client of a region, which is there once its file is
    await keepOffer(dir, await offerOf({ workspace, data: first.data }, first, ALL), OFFICE, agreement.here);
    await mkdir(join(dir, 'policies', 'grants'), { recursive: true });
    for (const [id, grant] of Object.entries(agreement.grants))
      await writeFile(join(dir, 'policies', 'grants', `${id}.json`), `${JSON.stringify(grant, null, 2)}\n`);
    const data = dataDir(undefined, dir);
    const second = await startUp({
      workspace: dir,
      data,
      bus: await busOf(undefined, dir, data),
      flags: { port: 0, peoplePort: 0, healthPort: 0 },
      options: {},
      signal: call.signal,
    });
    const retract = announce(dir, data, process.pid);
    try {
      const offer = await offerOf({ workspace: dir, data }, second, ALL);
      await keepOffer(workspace, offer, OFFICE, agreement.there);
      call.say("the second region runs; both have each other's file, and each has decided what the other may");
      call.say(`  API (mTLS)       ${second.api}`);
      call.say(`  people           ${second.people}`);
      call.say(`  loaded           ${String(loadedRows(second.reports))} rows`);
      call.say(`  workspace        ${dir}`);
      call.say('');
      call.say(`${CLIENT} of the first asks the second, for ${QUESTION.purpose}:`);
      const receipt = await askThrough(first, offer.region, call);
      call.json({
        ready: true,
        region: offer.region,
        api: second.api,
        people: second.people,
        data,
        workspace: dir,
        receipt,
      });
      call.say('');
      call.say(
        `What it still has to provide: ${program()} contracts check --workspace ${relative(process.cwd(), dir)}`,
      );
      call.say('Ctrl-C stops it; the first goes on.');
      if (!call.signal.aborted)
        await new Promise<void>((done) => call.signal.addEventListener('abort', () => done(), { once: true }));
    } finally {
      retract();
      await second.stop();
    }
    return 0;
  },
};
export default command;
