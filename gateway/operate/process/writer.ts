/** The one writer of a replica: bus → view, and the log's sequencer beside it. */

import { mkdirSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { dirname, join } from 'node:path';
import { openBus, spoolOf } from '../../../connectors/bus/open.js';
import { type Bus, controlSpec, dataTopic, type Producer } from '../../../connectors/bus/port.js';
import { forwardSpool, Spool } from '../../../connectors/spool/index.js';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import type { Workspace } from '../../../contracts/types.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { followCertificates } from '../../answer/inforce/certificates.js';
import { loadStill } from '../../answer/inforce/loading.js';
import { followNames } from '../../documents/names/follow.js';
import { readSettings, signerNames } from '../../ground/config/index.js';
import { type Lock, tryLock } from '../../ground/files/lock.js';
import { inWords, wordsOf } from '../../ground/logging/words.js';
import { openSubjectKeys, refuseLostKeys } from '../../log/entries/keys.js';
import { auditLayout } from '../../log/entries/layout.js';
import { openRegister } from '../../log/replicas/epoch.js';
import { replicaSetup } from '../../log/replicas/peers.js';
import { openSearch } from '../../log/search/index.js';
import { startPruning } from '../../log/sequencer/prune.js';
import { type Sequencer, type SequencerAlert, startSequencer } from '../../log/sequencer/sequencer.js';
import { openAuditSigners, openReplicaSigner } from '../../log/store/signer.js';
import { replicaKeys } from '../../log/verify/verify.js';
import { OVERDUE, overdueAlerts } from '../../procedures/lifecycles/overdue.js';
import { alertRecorder } from '../../procedures/watch/alert-entry.js';
import { startWatching } from '../../procedures/watch/follow.js';
import { loadRules, readThresholds } from '../../procedures/watch/rule.js';
import { DAMAGED_KEY, damagedKeyAlerts } from '../../procedures/watch/subject-key-check.js';
import { runChild, starting, tell } from '../children/messages.js';
import { answerForMetrics } from '../metrics/answer.js';
import { calendarFigures } from '../metrics/calendars.js';
import { partFigures } from '../metrics/parts.js';
import { spanFigures } from '../metrics/spans.js';
import { heldCounts, viewFigures } from '../metrics/view.js';
import { followedReplica } from './certificates.js';
import { startHousekeeping } from './housekeeping.js';
import { followWorkspace } from './reading.js';
import { fenceOf, startReplicas } from './replicas.js';
import { childTracing } from './tracing.js';
import { witnessSetup } from './witnesses.js';
import { type WriterHealth, writerHealth } from './writer-health.js';

/** ms between two looks for blocks of the search index that are missing. */
const INDEX_EVERY = 5_000;
/** ms between two looks of the watching rules at the log. */
const WATCH_EVERY = 1000;
/** ms between two looks through the keys of subjects. */
const KEYS_EVERY = 24 * 3_600_000;
/** ms between two looks for clocks of tickets that have run out. */
const CLOCKS_EVERY = 2000;
/**
 * How long the witnesses have, at the end, to cosign what the last run added; well within what the supervisor waits.
 */
const SETTLE_MS = 3000;

runChild('writer', async (args, signal, onMessage) => {
  starting('loads the workspace');
  const workspace = await loadWorkspace(args.workspace);
  const place = { file: join(args.workspace, 'yitong.json') };
  const settings = readSettings(workspace.settings, place, process.env, args.flags);
  const rules = await loadRules();
  const thresholds = readThresholds(rules, settings.audit.watch, place);
  const witnesses = await witnessSetup(settings.audit, args.workspace, place);
  starting('opens the audit log');
  // its lock is that of the whole process: before the view is touched, the writer that was here must be gone, or both
  // would apply the same records
  const setup = await replicaSetup(settings.audit, args.workspace, place);
  const names = signerNames(settings.audit.origin);
  refuseLostKeys(auditLayout(args.data));
  const keys = openSubjectKeys({ dir: auditLayout(args.data).subjectKeys, cache: 100 });
  const signer = openReplicaSigner(args.data, names.replica);
  const register = openRegister(args.data);
  const fence = settings.audit.sequencer ? fenceOf(register, settings.audit) : undefined;
  const sequencer: Sequencer | undefined = settings.audit.sequencer
    ? startSequencer({
        dataDir: args.data,
        signer: openAuditSigners(args.data, names).log,
        origin: settings.audit.origin,
        now: Date.now,
        ...present({ witnesses, fence }),
        interval: 500,
        onAlert: (alert) => tell({ kind: 'alert', message: describeAlert(alert) }),
      })
    : undefined;
  const lock = sequencer === undefined ? holdWriter(args.data) : undefined;
  // answers come from the view: a bus that is away is waited for
  const alert = (message: string): void => tell({ kind: 'alert', message });
  starting('opens the bus');
  const bus = await openBus(args.bus, { mayBeAway: true, onWarning: alert });
  const tracing = await childTracing(settings.tracing, 'writer', args);
  starting('opens the view');
  let hold = false;
  const health: WriterHealth = writerHealth({ filled: () => reading.current().writer.identity() !== undefined, tell });
  const reading = await followWorkspace(
    workspace,
    {
      dataDir: args.data,
      bus,
      alert,
      hold: () => hold,
      health,
      ...(tracing === undefined ? {} : { tracer: tracing.tracer }),
    },
    signal,
  );
  reading.start();
  const replicas =
    setup === undefined
      ? undefined
      : await startReplicas({
          dataDir: args.data,
          setup,
          durability: settings.audit.durability,
          register,
          fence,
          vkeys: () => replicaKeys(auditLayout(args.data).log),
          tell,
          onProblems: health.replicas,
        });
  const certificates =
    replicas === undefined
      ? undefined
      : // the workers follow it too, and say what is wrong with it
        await followCertificates({
          certificates: followedReplica(setup, settings.audit, args.workspace, () => replicas.renew()),
          now: Date.now,
          log: () => undefined,
        });
  certificates?.start();
  starting('opens spool, search index and alerts');
  const spooling = spoolOf(args.bus);
  const spool =
    spooling === undefined ? undefined : Spool.open({ dataDir: args.data, maxBytes: spooling.maxBytes, now: Date.now });
  const forwarding =
    spool === undefined
      ? undefined
      : forwardSpool({
          spool,
          signal,
          open: (dataset) => producerOf(bus, reading.current().workspace, dataset),
          onState: health.spool,
        });

  // Each says when it came forward; how long ago that is, the supervisor says: so one that died is seen, and a writer
  // that hangs too.
  const passes: Record<string, number> = {};
  const passed = (task: string): void => void (passes[task] = Date.now());
  for (const task of ['watching', 'searching', 'names']) passed(task);
  const search = openSearch(args.data);
  const raised = alertRecorder({ dataDir: args.data, signer, audit: settings.audit, now: Date.now });
  const watcher = startWatching({
    dataDir: args.data,
    rules,
    thresholds,
    index: search.feed(),
    now: Date.now,
    record: raised.record,
    interval: WATCH_EVERY,
    onAlert: ({ rule, id }) => {
      tell({ kind: 'alert', message: `watching found ${rule}, alert ${id}; see \`yitong audit alerts\`` });
      tell({ kind: 'alerts', counts: watcher.counts() });
    },
    onError: (error) => tell({ kind: 'alert', message: inWords(error) }),
    onPass: () => passed('watching'),
  });
  tell({ kind: 'alerts', counts: watcher.counts() });
  const watchClocks = (): void => {
    try {
      passed('clocks');
      watcher.raise(overdueAlerts(reading.current().tickets, Date.now()));
    } catch (error) {
      alert(inWords(error));
    }
  };
  const clocks = thresholds.has(OVERDUE) ? setInterval(watchClocks, CLOCKS_EVERY) : undefined;
  // whatever it finds is told, and nothing waits for it
  const lookAtKeys = async (): Promise<void> => {
    try {
      const found = await damagedKeyAlerts(keys, Date.now(), signal);
      if (found.length > 0 && !signal.aborted) watcher.raise(found);
    } catch (error) {
      alert(inWords(error));
    }
  };
  const keyLooks = thresholds.has(DAMAGED_KEY)
    ? [setTimeout(() => void lookAtKeys(), WATCH_EVERY), setInterval(() => void lookAtKeys(), KEYS_EVERY)]
    : [];
  // blocks behind the watcher that have no file: those of an erased subject, or of a folder that had no index
  const indexing = setInterval(
    () =>
      void search
        .catchUp(watcher.position())
        .then(() => passed('searching'))
        .catch((error: unknown) => alert(inWords(error))),
    INDEX_EVERY,
  );

  let namesFailed = '';
  const following = followNames({
    bus,
    dataDir: args.data,
    workspace: () => reading.current().workspace,
    signal,
    onPass: () => {
      namesFailed = '';
      passed('names');
    },
    // tried again each second, and told once; how long it has not come forward is seen from outside
    onError: (error) => {
      const why = inWords(error);
      if (why !== namesFailed) alert(`names of companies: ${why}`);
      namesFailed = why;
    },
  });
  // what is not awaited before the end would be a failure that nobody sees
  following.catch((error: unknown) => alert(inWords(error)));

  const { keep } = settings;
  const pruning =
    sequencer === undefined && replicas === undefined
      ? undefined
      : startPruning({
          dataDir: args.data,
          keep: keep.journals,
          now: Date.now,
          onKept: alert,
          onError: (error) => alert(inWords(error)),
          // also one that lost its place to another goes by what that one has
          followed: () =>
            sequencer !== undefined && fence?.fenced === undefined
              ? undefined
              : (replicas?.integrated() ?? new Map<string, number>()),
        });
  const housekeeping = startHousekeeping({
    dataDir: args.data,
    keep,
    journals: pruning,
    alerts: watcher,
    now: Date.now,
    onProblems: health.housekeeping,
    onGone: alert,
    workspace: () => reading.current().workspace,
    tickets: () => reading.current().tickets,
  });

  let told = '';
  const tellLog = setInterval(() => {
    tell({ kind: 'passes', at: passes });
    if (sequencer === undefined) return;
    const health = sequencer.health();
    const text = JSON.stringify(health);
    if (text !== told) tell({ kind: 'log', health });
    told = text;
  }, 500);

  const drain = async (): Promise<void> => {
    const { topics, writer } = reading.current();
    // of a bus that is away nobody can say what the view lacks: it serves what it has
    const ends = await Promise.all(topics.map(async (topic) => ({ topic, state: await bus.topicState(topic) }))).catch(
      () => [],
    );
    const behind = (): boolean =>
      ends.some(
        ({ topic, state }) =>
          state?.partitions.some(({ high }, partition) => writer.nextOffset(topic, partition) < high) === true,
      );
    while (behind() && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, 10));
    tell({ kind: 'drained' });
  };
  onMessage((message) => {
    if (message.kind === 'drain') drain().catch((error: unknown) => alert(inWords(error)));
    // nobody waits for the view or the log as an answer waits for its worker: where cores are short, answers go first.
    // A start is waited for
    if (message.kind === 'started') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
    if (message.kind === 'hold') hold = message.on;
    if (message.kind === 'damaged') reading.damaged(message.file).catch((error: unknown) => alert(inWords(error)));
    if (message.kind === 'take') {
      health.again();
      loadStill(args.workspace)
        .then(({ workspace: next, version }) => {
          // what the workers do not know must not be let in
          if (version.contracts !== message.contracts)
            throw new YitongError('bad_workspace', 'the files changed again meanwhile');
          return reading.take(next);
        })
        .then(
          () => tell({ kind: 'taken' }),
          (error: unknown) => tell({ kind: 'taken', why: wordsOf(error, args.workspace) }),
        );
    }
  });
  const parts = partFigures(args.data);
  const heldBack = heldCounts(args.data);
  answerForMetrics('writer', async () => {
    const now = reading.open();
    return [
      ...(now === undefined
        ? []
        : await viewFigures({
            workspace: now.workspace,
            writer: now.writer,
            dataDir: args.data,
            heldBack,
            busUp: health.busUp,
          })),
      ...housekeeping.figures(),
      ...(await parts()),
      ...calendarFigures(reading.current().calendars, Date.now()),
      ...spanFigures('writer', tracing),
    ];
  });
  tell({ kind: 'ready' });

  await reading.ended;
  await following;
  await tracing?.stop();
  await forwarding;
  clearInterval(clocks);
  for (const timer of keyLooks) clearInterval(timer);
  await housekeeping.stop();
  await pruning?.stop();
  // before the last run of the sequencer, so that the alerts' entries are in the log too
  await watcher.stop();
  await raised.close();
  // the workers have closed their journals by now: what they promised is in the log, however long this replica stays
  // down
  await certificates?.stop();
  await replicas?.once();
  await sequencer?.runOnce().catch((error: unknown) => tell({ kind: 'alert', message: inWords(error) }));
  clearInterval(tellLog);
  clearInterval(indexing);
  await replicas?.stop();
  await sequencer?.stop(witnesses === undefined ? 0 : SETTLE_MS);
  lock?.release();
  await search.close();
  await keys.close();
  await reading.current().close();
  await bus.close();
  await spool?.close();
  await heldBack.close();
});

/** One writer a data folder, also where another replica sequences. @throws YitongError `audit_unavailable` */
function holdWriter(dataDir: string): Lock {
  const { lock: file } = auditLayout(dataDir);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const lock = tryLock(file);
  if (lock === undefined)
    throw new YitongError('audit_unavailable', 'another process is the writer of this data folder');
  return lock;
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

/** An alert of the sequencer, in one line for the operator. */
function describeAlert(alert: SequencerAlert): string {
  return Object.entries(alert)
    .map(([key, value]) => `${key} ${String(value)}`)
    .join(', ');
}
