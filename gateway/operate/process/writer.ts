/** The one writer of a replica: bus → view, and the log's sequencer beside it. */

import { join } from 'node:path';
import { openBus, spoolOf } from '../../../connectors/bus/open.js';
import { type Bus, controlSpec, dataTopic, type Producer } from '../../../connectors/bus/port.js';
import { forwardSpool, Spool } from '../../../connectors/spool/index.js';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import type { Workspace } from '../../../contracts/types.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { loadStill } from '../../answer/inforce/loading.js';
import { followNames } from '../../documents/names/follow.js';
import { readSettings, type Settings } from '../../ground/config/index.js';
import type { Family } from '../../ground/counts/families.js';
import { inWords, wordsOf } from '../../ground/logging/words.js';
import type { State } from '../../ground/state/port.js';
import type { Tracing } from '../../ground/tracing/port.js';
import { type Pruning, startPruning } from '../../log/sequencer/prune.js';
import { loadRules, type Rules, readThresholds } from '../../procedures/watch/rule.js';
import { holdLittle } from '../children/frugal.js';
import { type ProcessArguments, runChild, starting, type ToChild, tell } from '../children/messages.js';
import { answerForMetrics } from '../metrics/answer.js';
import { calendarFigures } from '../metrics/calendars.js';
import { partFigures } from '../metrics/parts.js';
import { spanFigures } from '../metrics/spans.js';
import { type StoreSizes, storeSizes } from '../metrics/stores.js';
import { type HeldCounts, heldCounts, viewFigures } from '../metrics/view.js';
import { takeStoresOver } from './adopt.js';
import type { CaseTerms } from './case-terms.js';
import { type CaseTopics, startCaseTopics } from './case-topics.js';
import { type Housekeeping, startHousekeeping } from './housekeeping.js';
import { dropIdleUploadsOf, dropOverdueUseOf } from './idle-uploads.js';
import { letGoFirst } from './let-go-first.js';
import { LogWatching } from './log-watching.js';
import { openFirst } from './new-folder.js';
import { type FollowedWorkspace, followWorkspace } from './reading.js';
import { carryOutErasuresOfAll, type ErasuresOfAll, erasureFigures } from './shared-erasures.js';
import { sweepState } from './shared-state.js';
import { childTracing } from './tracing.js';
import { witnessSetup } from './witnesses.js';
import { type WriterHealth, writerHealth } from './writer-health.js';
import { type AmongReplicas, type AuditLog, endLog, joinReplicas, openAuditLog } from './writer-log.js';
import { startTasks, type WriterTasks } from './writer-tasks.js';

/** ms between two messages on how far the log and the tasks are. */
const TELL_EVERY = 500;
/** ms between two looks at how full the stores are. */
const LOOK_AT_SIZES = 10_000;
/** What the writer was started with, as it stands on disk. */
interface Content {
  readonly workspace: Workspace;
  readonly settings: Settings;
  readonly rules: Rules;
  /** Of the watching rules that are on. */
  readonly thresholds: ReadonlyMap<string, Readonly<Record<string, number>>>;
  readonly witnesses: Awaited<ReturnType<typeof witnessSetup>>;
}

/** What says itself when it came forward last. */
interface Tasks extends Pick<FigureParts, 'erasing' | 'tasks'> {
  readonly sweeping: ReturnType<typeof sweepState> | undefined;
  readonly caseTopics: CaseTopics | undefined;
}

interface FigureParts {
  readonly housekeeping: Housekeeping;
  readonly sizes: StoreSizes;
  readonly erasing: ErasuresOfAll | undefined;
  readonly tasks: WriterTasks;
}

const alert = (message: string): void => tell({ kind: 'alert', message });
const alertOf = (error: unknown): void => alert(inWords(error));

class WriterProcess {
  readonly #args: ProcessArguments;
  /** Told to stop. */
  readonly #signal: AbortSignal;
  readonly #onMessage: (listener: (message: ToChild) => void) => void;
  readonly #health: WriterHealth;
  #reading: FollowedWorkspace | undefined;
  /** Whether a record of an unknown schema is waited with. */
  #hold = false;
  /**
   * By task, ms since 1970 when it came forward last; how long ago that is, the supervisor says: so one that died is
   * seen, and a writer that hangs too.
   */
  readonly #passes: Record<string, number> = {};
  /** The newest health of the log that was told, as JSON. */
  #toldHealth = '';

  constructor(args: ProcessArguments, signal: AbortSignal, onMessage: (listener: (message: ToChild) => void) => void) {
    this.#args = args;
    this.#signal = signal;
    this.#onMessage = onMessage;
    this.#health = writerHealth({
      filled: () => this.#reading?.current().writer.identity() !== undefined,
      tell,
    });
  }

  async run(): Promise<void> {
    starting('loads the workspace');
    const content = await this.#loadContent();
    starting('opens the state');
    const state = await openFirst(content.settings.state, this.#args);
    starting('opens the audit log');
    const log = await openAuditLog({ ...content, args: this.#args, state, alert });
    // answers come from the view: a bus that is away is waited for
    starting('opens the bus');
    const bus = await openBus(this.#args.bus, { mayBeAway: true, onWarning: alert });
    const tracing = await childTracing(content.settings.tracing, 'writer', this.#args);
    starting('opens the view');
    const sizes = this.#sizesOf(content);
    const lookAtSizes = (): void => this.#health.stores(sizes.warnings());
    const taking = state === undefined ? undefined : takeStoresOver(state, this.#args.data, alert);
    // who asks first finds what is taken over; one that has to wait for the state is not waited for
    await taking?.tried;
    const erasing = state === undefined ? undefined : this.#eraseForAll(content, log, state);
    // before a worker makes the first key of a subject, where the state answers
    await erasing?.tried;
    const reading = await this.#followBus(content, bus, { tracing, state }, lookAtSizes);
    lookAtSizes();
    const looking = setInterval(lookAtSizes, LOOK_AT_SIZES);
    const among = await joinReplicas(log, { ...content, args: this.#args, onProblems: this.#health.replicas });
    starting('opens spool, search index and alerts');
    const spool = this.#openSpool();
    const forwarding = spool === undefined ? undefined : this.#forward(spool, bus, reading);
    for (const task of ['watching', 'searching', 'names', 'view-look']) this.#passed(task);
    const watching = this.#watchLog(content, log, reading);
    const names = this.#followNames(bus, reading);
    const pruning = this.#startPruning(content, log, among);
    const { tasks, caseTerms } = this.#startTasks(content, log, bus, { reading, state });
    const kept = { journals: pruning, cases: caseTerms };
    const housekeeping = this.#startHousekeeping(content, kept, watching, { reading, state });
    const sweeping = state === undefined ? undefined : sweepState(state);
    const caseTopics = this.#startCaseTopics(content, log, bus, state, reading);
    const looked = { sweeping, erasing, caseTopics, tasks };
    const telling = setInterval(() => this.#tellPasses(log, reading, looked), TELL_EVERY);
    this.#hear(bus, reading);
    const heldBack = heldCounts(this.#args.data);
    this.#answerForMetrics(reading, { housekeeping, sizes, erasing, tasks }, heldBack, tracing);
    tell({ kind: 'ready' });
    // while it is far behind, looking for garbage more often costs a second core what reading could have
    this.#health.caughtUp.then(holdLittle).catch(alertOf);

    await reading.ended;
    clearInterval(looking);
    await names;
    await tracing?.stop();
    await forwarding;
    await caseTopics?.stop();
    watching.stopTimers();
    await housekeeping.stop();
    for (const task of tasks.values()) await task.stop();
    await sweeping?.close();
    await erasing?.stop();
    await pruning?.stop();
    // before the last run of the sequencer, so that the alerts' entries are in the log too
    await watching.stop();
    await endLog(log, among, { ...content, alert }, () => {
      clearInterval(telling);
      watching.stopIndexing();
    });
    await watching.close();
    await log.keys.close();
    await reading.current().close();
    await taking?.stop();
    await state?.close();
    await bus.close();
    await spool?.close();
    await heldBack.close();
  }

  async #loadContent(): Promise<Content> {
    const { workspace: dir, flags } = this.#args;
    const workspace = await loadWorkspace(dir);
    const place = { file: join(dir, 'yitong.json') };
    const settings = readSettings(workspace.settings, place, process.env, flags);
    const rules = await loadRules();
    const thresholds = readThresholds(rules, settings.audit.watch, place);
    const witnesses = await witnessSetup(settings.audit, dir, place);
    return { workspace, settings, rules, thresholds, witnesses };
  }

  async #followBus(
    { workspace, settings }: Content,
    bus: Bus,
    { tracing, state }: { readonly tracing: Tracing | undefined; readonly state: State | undefined },
    onFull: () => void,
  ): Promise<FollowedWorkspace> {
    const reading = await followWorkspace(
      workspace,
      {
        dataDir: this.#args.data,
        workspaceDir: this.#args.workspace,
        view: settings.view,
        bus,
        alert,
        hold: () => this.#hold,
        viewMaxBytes: settings.gateway.viewMaxBytes,
        onFull,
        health: this.#health,
        ...present({ tracer: tracing?.tracer, state }),
      },
      this.#signal,
    );
    this.#reading = reading;
    reading.start();
    return reading;
  }

  #eraseForAll({ settings: { audit } }: Content, log: AuditLog, state: State): ErasuresOfAll {
    return carryOutErasuresOfAll({
      ...log,
      state,
      dataDir: this.#args.data,
      audit,
      alert,
      onProblems: this.#health.erasures,
    });
  }

  /** Pushed records that wait for the bus; undefined where the settings have them refused then. */
  #openSpool(): Spool | undefined {
    const spooling = spoolOf(this.#args.bus);
    if (spooling === undefined) return undefined;
    return Spool.open({ dataDir: this.#args.data, maxBytes: spooling.maxBytes, now: Date.now });
  }

  #forward(spool: Spool, bus: Bus, reading: FollowedWorkspace): Promise<void> {
    return forwardSpool({
      spool,
      signal: this.#signal,
      open: (dataset) => producerOf(bus, reading.current().workspace, dataset),
      onState: this.#health.spool,
    });
  }

  #watchLog(
    { settings: { audit }, rules, thresholds }: Content,
    { signer, keys }: AuditLog,
    reading: FollowedWorkspace,
  ): LogWatching {
    return new LogWatching({
      dataDir: this.#args.data,
      rules,
      thresholds,
      signer,
      audit,
      keys,
      tickets: () => reading.current().tickets,
      signal: this.#signal,
      tell,
      passed: (task) => this.#passed(task),
    });
  }

  #followNames(bus: Bus, reading: FollowedWorkspace): Promise<void> {
    let failure = '';
    const following = followNames({
      bus,
      dataDir: this.#args.data,
      workspace: () => reading.current().workspace,
      signal: this.#signal,
      onPass: () => {
        failure = '';
        this.#passed('names');
      },
      // tried again each second, and told once; how long it has not come forward is seen from outside
      onError: (error) => {
        const why = inWords(error);
        if (why !== failure) alert(`names of companies: ${why}`);
        failure = why;
      },
    });
    // what is not awaited before the end would be a failure that nobody sees
    following.catch(alertOf);
    return following;
  }

  /** Undefined where nobody could say which entries are in the log. */
  #startPruning(
    { settings: { keep } }: Content,
    { sequencer, elected, fence }: AuditLog,
    { replicas }: AmongReplicas,
  ): Pruning | undefined {
    if (sequencer === undefined && replicas === undefined) return undefined;
    return startPruning({
      dataDir: this.#args.data,
      keep: keep.journals,
      now: Date.now,
      onKept: alert,
      onError: alertOf,
      // also one that lost its place to another goes by what that one has
      followed: () =>
        elected !== undefined || (sequencer !== undefined && fence?.fenced === undefined)
          ? undefined
          : (replicas?.integrated() ?? new Map<string, number>()),
    });
  }

  #startHousekeeping(
    { settings }: Content,
    { journals, cases }: { readonly journals: Pruning | undefined; readonly cases: CaseTerms },
    { watcher }: LogWatching,
    { reading, state }: { readonly reading: FollowedWorkspace; readonly state: State | undefined },
  ): Housekeeping {
    const dataDir = this.#args.data;
    return startHousekeeping({
      dataDir,
      keep: settings.keep,
      journals,
      cases,
      alerts: watcher,
      now: Date.now,
      onProblems: this.#health.housekeeping,
      onGone: alert,
      workspace: () => reading.current().workspace,
      tickets: () => reading.current().tickets,
      uploads: () => dropIdleUploadsOf({ dataDir, settings, state }),
      use: () => dropOverdueUseOf({ dataDir, settings, state }),
    });
  }

  #startTasks(
    { settings }: Content,
    { keys }: AuditLog,
    bus: Bus,
    around: { readonly reading: FollowedWorkspace; readonly state: State | undefined },
  ): ReturnType<typeof startTasks> {
    return startTasks({
      ...around,
      dataDir: this.#args.data,
      settings,
      keys,
      bus,
      alert,
      health: this.#health,
      filesWanted: () => tell({ kind: 'files' }),
    });
  }

  #startCaseTopics(
    { settings }: Content,
    { signer }: AuditLog,
    bus: Bus,
    state: State | undefined,
    reading: FollowedWorkspace,
  ): CaseTopics | undefined {
    const workspace = (): Workspace => reading.current().workspace;
    return startCaseTopics({ dataDir: this.#args.data, settings, workspace, bus, state, signer, alert });
  }

  #sizesOf({ settings }: Content): StoreSizes {
    const { data: dataDir, bus } = this.#args;
    return storeSizes({ dataDir, bus, viewMaxBytes: settings.gateway.viewMaxBytes });
  }

  #passed(task: string): void {
    this.#passes[task] = Date.now();
  }

  #tellPasses(log: AuditLog, reading: FollowedWorkspace, { sweeping, erasing, caseTopics, tasks }: Tasks): void {
    if (log.elected !== undefined) this.#passes['sequencer-lease'] = log.elected.heldAt();
    if (sweeping !== undefined) this.#passes['state-sweep'] = sweeping.passedAt();
    if (erasing !== undefined) this.#passes['erasures'] = erasing.passedAt();
    Object.assign(this.#passes, caseTopics?.passes());
    for (const [name, task] of tasks) this.#passes[name] = task.passedAt();
    if (reading.open()?.looked() === true) this.#passed('view-look');
    this.#tellHowFar(log);
  }

  #tellHowFar({ sequencer }: AuditLog): void {
    tell({ kind: 'passes', at: this.#passes });
    if (sequencer === undefined) return;
    const health = sequencer.health();
    const text = JSON.stringify(health);
    if (text !== this.#toldHealth) tell({ kind: 'log', health });
    this.#toldHealth = text;
  }

  #hear(bus: Bus, reading: FollowedWorkspace): void {
    this.#onMessage((message) => {
      switch (message.kind) {
        case 'drain':
          this.#drain(bus, reading).catch(alertOf);
          break;
        case 'started':
          // nobody waits for the view or the log as an answer waits for its worker: where cores are short, answers go
          // first. A start is waited for
          letGoFirst();
          break;
        case 'hold':
          this.#hold = message.on;
          break;
        case 'damaged':
          reading.damaged(message.file).catch(alertOf);
          break;
        case 'take':
          this.#take(reading, message.contracts).then(
            () => tell({ kind: 'taken' }),
            (error: unknown) => tell({ kind: 'taken', why: wordsOf(error, this.#args.workspace) }),
          );
          break;
        default:
          break;
      }
    });
  }

  /** Says when the view holds what is on the bus now; of a bus that is away nobody can say what the view lacks. */
  async #drain(bus: Bus, reading: FollowedWorkspace): Promise<void> {
    const { topics, writer } = reading.current();
    const ends = await Promise.all(topics.map(async (topic) => ({ topic, state: await bus.topicState(topic) }))).catch(
      () => [],
    );
    const behind = (): boolean =>
      ends.some(
        ({ topic, state }) =>
          state?.partitions.some(({ high }, partition) => writer.nextOffset(topic, partition) < high) === true,
      );
    while (behind() && !this.#signal.aborted) await new Promise((resolve) => setTimeout(resolve, 10));
    tell({ kind: 'drained' });
  }

  /**
   * Reads by what is on disk.
   * @param contracts the version that the workers know: what they do not know must not be let in
   * @throws YitongError `bad_workspace` if it is another version by now; whatever is wrong with the workspace
   */
  async #take(reading: FollowedWorkspace, contracts: string): Promise<void> {
    this.#health.again();
    const { workspace, version } = await loadStill(this.#args.workspace);
    if (version.contracts !== contracts) throw new YitongError('bad_workspace', 'the files changed again meanwhile');
    await reading.take(workspace);
  }

  #answerForMetrics(
    reading: FollowedWorkspace,
    { housekeeping, sizes, erasing, tasks }: FigureParts,
    heldBack: HeldCounts,
    tracing: Tracing | undefined,
  ): void {
    const { data: dataDir } = this.#args;
    const parts = partFigures(dataDir);
    const ofView = async (): Promise<Family[]> => {
      const open = reading.open();
      if (open === undefined) return [];
      const { workspace, writer } = open;
      return await viewFigures({ workspace, writer, dataDir, heldBack, busUp: this.#health.busUp });
    };
    answerForMetrics('writer', async () => [
      ...(await ofView()),
      ...housekeeping.figures(),
      ...erasureFigures(erasing),
      ...[...tasks.values()].flatMap((task) => task.figures?.() ?? []),
      ...sizes.figures(),
      ...(await parts()),
      ...calendarFigures(reading.current().calendars, Date.now()),
      ...spanFigures('writer', tracing),
    ]);
  }
}

/** A producer for what was spooled of a dataset, once its topics are there. */
async function producerOf(bus: Bus, workspace: Workspace, dataset: string): Promise<Producer> {
  const contract = [...workspace.contracts.values()].find(({ id }) => id === dataset);
  if (contract === undefined)
    throw new YitongError('bad_contract', 'records wait for the bus, and the workspace no longer has their contract');
  await bus.ensureTopics([
    { topic: dataTopic(workspace.prefix, contract.id), partitions: contract.partitions, history: contract.history },
    controlSpec(workspace.prefix, contract.authority),
  ]);
  return await bus.producer();
}

// last, once all of the file is there
runChild('writer', (args, signal, onMessage) => new WriterProcess(args, signal, onMessage).run());
