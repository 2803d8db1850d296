/**
 * The maker of files: a process beside those that answer, started when something is ordered and gone again a while
 * after all is made. It reads the view, decides, and writes a journal, as a worker does; and where cores are short,
 * answers go first.
 */
import { join } from 'node:path';
import { present } from '../../../contracts/present.js';
import type { Workspace } from '../../../contracts/types.js';
import { appliedDir } from '../../answer/inforce/applied-grants.js';
import type { ContentVersion } from '../../answer/inforce/content.js';
import { type Following, followInForce } from '../../answer/inforce/follow.js';
import { loadStill } from '../../answer/inforce/loading.js';
import { suspensionsDir } from '../../answer/inforce/suspensions.js';
import { readSettings, replicaName, type Settings, signerNames } from '../../ground/config/index.js';
import { passedChecks } from '../../ground/files/passed.js';
import { defaultLog, openLog } from '../../ground/logging/log.js';
import { openSubjectKeys, refuseLostKeys } from '../../log/entries/keys.js';
import { auditLayout } from '../../log/entries/layout.js';
import type { Journal } from '../../log/entries/port.js';
import { type OpenJournal, openJournal } from '../../log/journal/journal.js';
import { withSecondCopy } from '../../log/replicas/second-copy.js';
import { openReplicaSigner } from '../../log/store/signer.js';
import { FileMaker } from '../../procedures/files/maker.js';
import { openFiles } from '../../procedures/files/opened.js';
import { openTickets } from '../../procedures/lifecycles/tickets.js';
import { correctionMarksOf } from '../../procedures/sharing/marks.js';
import { holdLittle } from '../children/frugal.js';
import { type ProcessArguments, runChild, type ToChild, tell } from '../children/messages.js';
import { answerForMetrics } from '../metrics/answer.js';
import { letGoFirst } from './let-go-first.js';
import { openSharedState } from './shared-state.js';
import { openViewReader } from './view-reader.js';

const NAME = 'files';
/** ms after which it ends where nothing is to be made. */
const IDLE = 30_000;
/** Subjects whose keys are kept in memory. */
const KEYS = 4000;

type Hear = (listener: (message: ToChild) => void) => void;

interface Content {
  readonly workspace: Workspace;
  readonly version: ContentVersion;
  readonly settings: Settings;
  readonly following: Following;
}

/** What is on disk may not be what is in force: it is made under that, or not at all so far. */
const isInForce = ({ version }: Content): boolean => {
  const expected = process.env['YITONG_CONTRACTS'];
  return expected === undefined || expected === '' || expected === version.contracts;
};

class FilesProcess {
  readonly #args: ProcessArguments;
  readonly #signal: AbortSignal;
  readonly #hear: Hear;
  readonly #log: ReturnType<typeof openLog>;

  constructor(args: ProcessArguments, signal: AbortSignal, hear: Hear) {
    this.#args = args;
    this.#signal = signal;
    this.#hear = hear;
    this.#log = openLog(NAME, args.log ?? defaultLog());
  }

  async run(): Promise<void> {
    letGoFirst();
    const content = await this.#load();
    try {
      if (isInForce(content)) await this.#work(content);
      else this.#log('info', 'contracts on disk are not those in force; files wait for them');
    } finally {
      await content.following.stop();
    }
  }

  async #load(): Promise<Content> {
    const { workspace: dir, flags, developmentPki, data } = this.#args;
    const { workspace, version } = await loadStill(dir);
    const settings = readSettings(workspace.settings, { file: join(dir, 'yitong.json') }, process.env, flags);
    const following = await followInForce({
      workspace,
      developmentPki,
      suspensions: suspensionsDir(data),
      applied: appliedDir(data),
      passed: passedChecks(data),
      now: Date.now,
      log: (level, message, detail) => this.#log(level, message, { ...detail }),
      // workers say the same of the same files
      onWarnings: () => undefined,
      onReasons: () => undefined,
      onChange: () => undefined,
      onAct: () => undefined,
    });
    return { workspace, version, settings, following };
  }

  async #work({ workspace, settings, following }: Content): Promise<void> {
    const { data } = this.#args;
    const shared = await openSharedState(settings.state, this.#args, () => undefined);
    if (shared !== undefined) {
      await Promise.race([shared.suspensions.known, aborted(this.#signal)]);
      await following.look();
    }
    following.start();
    const view = openViewReader(settings, this.#args, workspace, (message) => this.#log('warn', message));
    const layout = auditLayout(data);
    refuseLostKeys(layout);
    const keys = openSubjectKeys({ dir: layout.subjectKeys, cache: KEYS });
    const { own, journal } = await this.#openJournal(settings, keys);
    const state = present({ state: shared?.state });
    const tickets = await openTickets({ dataDir: data, workspace, now: Date.now, ...state });
    const desk = await openFiles({ settings, dataDir: data, now: Date.now, ...state });
    answerForMetrics(NAME, async () => []);
    const marks = correctionMarksOf({ settings, dataDir: data, now: Date.now, ...state });
    await marks.ready();
    const maker = new FileMaker({
      marked: (dataset, subject, recordId) => marks.marked(dataset, subject, recordId),
      ground: { workspace, view, journal, inForce: following.current, now: Date.now },
      desk,
      closing: { hidden: (record) => tickets.effects.hidden(record), now: Date.now },
      namesOf: (subjects) => keys.names(subjects),
      name: replicaName(settings.audit),
      keptFor: settings.gateway.fileHours * 3_600_000,
      onTrouble: (err) => this.#log('error', 'a file could not be made', { err }),
    });
    tell({ kind: 'ready' });
    holdLittle();
    await maker.run(this.#signal, IDLE);
    await tickets.close();
    await marks.close();
    await desk.close();
    await journal.close();
    if (journal !== own) await own.close();
    await keys.close();
    await view.close();
    await shared?.close();
  }

  async #openJournal(
    { audit }: Settings,
    keys: ReturnType<typeof openSubjectKeys>,
  ): Promise<{ readonly own: OpenJournal; readonly journal: Journal }> {
    const own = await openJournal({
      dir: auditLayout(this.#args.data).journals,
      name: NAME,
      // those of all subjects are looked at when they are named
      keys: { dir: keys.dir },
      // each subject comes once
      keysCache: KEYS,
      signer: openReplicaSigner(this.#args.data, signerNames(audit.origin).replica),
      now: Date.now,
      mergeDelay: audit.mergeWithinSeconds * 1000,
      segmentBytes: audit.segmentBytes,
      onHealth: (healthy, reason) => this.#log(healthy ? 'info' : 'error', 'journal', { healthy, reason }),
    });
    if (audit.durability !== 'replicated') return { own, journal: own };
    const copied = withSecondCopy(own, audit.replicationTimeoutMs);
    this.#hear((message) => {
      if (message.kind === 'confirmed') copied.confirmed(message.journals[own.id] ?? 0);
    });
    return { own, journal: copied };
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

// last, once all of the file is there
runChild(NAME, (args, signal, hear) => new FilesProcess(args, signal, hear).run());
