/** One worker: the mTLS port and the people's port, on a view that it only reads and a journal of its own. */

import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pino, { type Logger } from 'pino';
import { openBus, spoolOf } from '../../../connectors/bus/open.js';
import type { Bus } from '../../../connectors/bus/port.js';
import { Spool } from '../../../connectors/spool/index.js';
import { present } from '../../../contracts/present.js';
import type { Workspace } from '../../../contracts/types.js';
import { appliedDir } from '../../answer/inforce/applied-grants.js';
import {
  type CertificateFiles,
  type FollowedCertificates,
  followCertificates,
} from '../../answer/inforce/certificates.js';
import type { ContentVersion } from '../../answer/inforce/content.js';
import { type Following, followInForce } from '../../answer/inforce/follow.js';
import type { AppliedFollowing } from '../../answer/inforce/follow-applied.js';
import { loadStill } from '../../answer/inforce/loading.js';
import { suspensionsDir } from '../../answer/inforce/suspensions.js';
import type { ViewReader } from '../../answer/view/port.js';
import { peopleAddress } from '../../documents/address.js';
import type { WorkerContext } from '../../documents/context.js';
import { openReports } from '../../documents/reports/index.js';
import { seedAuthorisations } from '../../documents/reports/seed.js';
import { readSettings, type Settings, signerNames } from '../../ground/config/index.js';
import { passedChecks } from '../../ground/files/passed.js';
import { makeIdentifier } from '../../ground/identity/identify.js';
import { asText, defaultLog, type LogSettings } from '../../ground/logging/log.js';
import { errorInLog } from '../../ground/logging/words.js';
import type { Tracing } from '../../ground/tracing/port.js';
import { builtServices } from '../../http/app.js';
import {
  certificateFigures,
  countGroup,
  inForceFigures,
  watchSpool,
  workerFigures,
} from '../../http/plugins/metrics.js';
import { volumeFigures } from '../../http/plugins/volumes.js';
import { openSubjectKeys, refuseLostKeys, type SubjectKeys } from '../../log/entries/keys.js';
import { auditLayout } from '../../log/entries/layout.js';
import type { Journal } from '../../log/entries/port.js';
import { beginJournal, type OpenJournal } from '../../log/journal/journal.js';
import { openRegister } from '../../log/replicas/epoch.js';
import { type ReplicaSetup, replicaSetup } from '../../log/replicas/peers.js';
import { type SecondCopies, withSecondCopy } from '../../log/replicas/second-copy.js';
import { type SequencerClient, sequencerClient } from '../../log/replicas/sequencer-client.js';
import { receiptFor } from '../../log/store/receipts.js';
import { openReplicaSigner } from '../../log/store/signer.js';
import { type ProcessArguments, runChild, starting, type ToChild, tell } from '../children/messages.js';
import { fixedSettings } from '../children/settings.js';
import { answerForMetrics } from '../metrics/answer.js';
import { spanFigures } from '../metrics/spans.js';
import { regionUnder } from '../pki/region.js';
import { appliedFigures, followAppliedGrants } from './applied.js';
import { followedDocuments, followedReplica, followedServer } from './certificates.js';
import { configuredProvider } from './configured-provider.js';
import { configuredTokens } from './configured-tokens.js';
import { leaving } from './leaving.js';
import { selfService } from './self-service.js';
import { openSharedState, type SharedState, stateFigures } from './shared-state.js';
import { childTracing } from './tracing.js';
import { openViewReader } from './view-reader.js';
import { serverFiles, WorkerPorts } from './worker-ports.js';
import { RecordedActs, WorkerStanding } from './worker-standing.js';

/** Ms that answers under way have once the worker stops; a stream is told a little before. */
const FINISH_WITHIN = 10_000;
/** ms that a start waits for what applications granted and ended meanwhile. */
const FRESH_WITHIN = 2000;
const ENDS_STREAMS = 7_000;
/** The same of a worker whose place another has taken: nobody waits for it. */
const LEAVES_WITHIN = 60_000;
/**
 * Ms in which each connection of such a worker has an answer, and with it is told to close; those without a request are
 * closed then.
 */
const LINGER = 10_000;

const slot = process.env['YITONG_SLOT'] ?? '1';
const name = `worker-${slot}`;

/** What the worker was started with, as it stands on disk, and what of it is in force. */
interface Content {
  readonly workspace: Workspace;
  readonly version: ContentVersion;
  readonly settings: Settings;
  readonly following: Following;
}

/** Where it puts its answers on record. */
interface AuditLog {
  /** Its own journal; what is written to `journal` waits for a second copy where the settings ask for one. */
  readonly own: OpenJournal;
  readonly journal: Journal & Pick<OpenJournal, 'close'>;
  /** Once its thread is there, which what it is given before waits for: the newest entry that it began with. */
  readonly firstSeq: Promise<number>;
  readonly keys: SubjectKeys;
  readonly setup: ReplicaSetup | undefined;
  /** Asks the replica that sequences; undefined where the log has one replica. */
  readonly proofs: SequencerClient | undefined;
}

/** What it reads and writes beside the log. */
interface Stores {
  readonly shared: SharedState | undefined;
  readonly applied: AppliedFollowing;
  readonly view: ViewReader;
  readonly tracing: Tracing | undefined;
  readonly spool: NonNullable<WorkerContext['spool']> | undefined;
}

class WorkerProcess {
  readonly #args: ProcessArguments;
  /** Told to stop. */
  readonly #signal: AbortSignal;
  readonly #onMessage: (listener: (message: ToChild) => void) => void;
  readonly #log: Logger;
  readonly #standing = new WorkerStanding(tell);
  readonly #acts = new RecordedActs(process.env['YITONG_RECORDS'] === 'true', Date.now);
  readonly #leave = leaving();
  /** Aborted once no answer is waited for any more. */
  readonly #cut = new AbortController();
  /** Aborted once another has its place, and its connections are gone. */
  readonly #left = new AbortController();
  /** Whether another has its place. */
  #replaced = false;
  /** Whether long streams should end. */
  #ending = false;
  /** 0 until they are open. */
  #peoplePort = 0;
  #apiPort = 0;
  #bus: Promise<Bus> | undefined;
  /** The trust anchors in force are others. */
  #onAnchors: (() => void) | undefined;

  constructor(args: ProcessArguments, signal: AbortSignal, onMessage: (listener: (message: ToChild) => void) => void) {
    this.#args = args;
    this.#signal = signal;
    this.#onMessage = onMessage;
    this.#log = requestLog(args.log ?? defaultLog());
  }

  async run(): Promise<void> {
    const begun = this.#toldToBegin();
    starting('loads the workspace');
    const content = await this.#loadContent();
    starting('loads its services');
    await builtServices();
    starting('waits for the writer');
    tell({ kind: 'loaded' });
    await begun;
    if (this.#signal.aborted) return await content.following.stop();

    starting('opens its journal');
    const audit = await this.#beginLog(content);
    starting('opens the view');
    const stores = await this.#openStores(content);
    const context = this.#context(content, audit, stores);
    const { gateway } = content.settings;
    const files = serverFiles(gateway, this.#args.developmentPki);
    const anchors = (): ReturnType<Following['current']>['anchors'] => content.following.current().anchors;
    starting('prepares its routes');
    const ports = await WorkerPorts.prepare({ context, gateway, files, anchors, leave: this.#leave, log: this.#log });
    starting('waits for its journal');
    const firstSeq = await audit.firstSeq;
    answerForMetrics(name, async () => [
      ...(await workerFigures(name, audit.own, firstSeq)),
      ...stateFigures(name, stores.shared),
      ...appliedFigures(name, stores.applied),
      ...spanFigures(name, stores.tracing),
      ...volumeFigures(),
    ]);
    this.#onAnchors = () => ports.renewAnchors();
    starting('opens its ports');
    const opened = await ports.open(starting);
    this.#peoplePort = opened.people;
    this.#apiPort = opened.api;
    const certificates = await this.#followCertificates(context, audit, files, ports);
    this.#hearOfItsEnd();
    this.#hearOfRecords();
    content.following.start();
    await this.#seedDevelopmentCity(context);
    this.#sayReady(content, opened);

    await this.#toldToEnd();
    await this.#finishAnswers();
    await Promise.all([content.following.stop(), certificates.stop()]);
    await ports.close();
    await this.#close(audit, stores);
  }

  #toldToBegin(): Promise<void> {
    return new Promise<void>((resolve) => {
      this.#onMessage((message) => {
        if (message.kind === 'begin') resolve();
      });
      whenAborted(this.#signal, resolve);
    });
  }

  /** Loads the workspace and begins with what of it is in force. @throws YitongError whatever is wrong with it */
  async #loadContent(): Promise<Content> {
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
      log: this.#say,
      onWarnings: (warnings) => this.#standing.warn('policies', warnings),
      onReasons: (reasons) => this.#standing.cannotServe('anchors', reasons),
      onChange: (next, before) => {
        if (next.anchors !== before.anchors) this.#onAnchors?.();
      },
      onAct: (act) => this.#acts.put(act),
      figures: inForceFigures,
    });
    return { workspace, version, settings, following };
  }

  async #beginLog({ settings: { audit } }: Content): Promise<AuditLog> {
    const { workspace: dir, data } = this.#args;
    const layout = auditLayout(data);
    const setup = await replicaSetup(audit, dir, { file: join(dir, 'yitong.json') });
    const signer = openReplicaSigner(data, signerNames(audit.origin).replica);
    refuseLostKeys(layout);
    const keys = openSubjectKeys({ dir: layout.subjectKeys });
    const { journal: own, opened } = beginJournal({
      dir: layout.journals,
      name: `w${slot}`,
      keys,
      signer,
      now: Date.now,
      mergeDelay: audit.mergeWithinSeconds * 1000,
      segmentBytes: audit.segmentBytes,
      onGroup: countGroup,
      onHealth: (healthy, reason) => {
        this.#standing.cannotServe('journal', healthy ? [] : [`the audit journal cannot be written: ${reason}`]);
        this.#log[healthy ? 'info' : 'error']({ healthy, reason }, 'journal');
      },
    });
    const copied = audit.durability === 'replicated' ? withSecondCopy(own, audit.replicationTimeoutMs) : undefined;
    const journal = copied ?? own;
    const firstSeq = opened.then(() => own.lastSeq);
    // a failure is heard where it is awaited
    firstSeq.catch(() => undefined);
    this.#acts.opened(journal);
    if (copied !== undefined) this.#hearOfCopies(own.id, copied);
    const proofs = setup === undefined ? undefined : sequencerClient(setup, openRegister(data));
    return { own, journal, firstSeq, keys, setup, proofs };
  }

  #hearOfCopies(journal: string, copies: SecondCopies): void {
    this.#onMessage((message) => {
      if (message.kind === 'confirmed') copies.confirmed(message.journals[journal] ?? 0);
    });
  }

  async #openStores({ workspace, settings, following }: Content): Promise<Stores> {
    const { data, bus } = this.#args;
    const shared = await openSharedState(settings.state, this.#args, (warnings) =>
      this.#standing.warn('state', warnings),
    );
    const applied = followAppliedGrants({
      settings: settings.state,
      workspace: this.#args.workspace,
      data,
      shared: shared?.state,
      onWarnings: (warnings) => this.#standing.warn('applications', warnings),
    });
    if (shared !== undefined) {
      starting('waits for the state, since it never knew what is suspended');
      await Promise.race([
        Promise.all([shared.suspensions.known, applied.known]),
        new Promise<void>((resolve) => whenAborted(this.#signal, resolve)),
      ]);
    }
    // what ended while it was down is not answered by it again; a store that is away holds up no start
    await Promise.race([applied.current, pause(FRESH_WITHIN, undefined, { ref: false, signal: this.#signal })]).catch(
      () => undefined,
    );
    await following.look();
    const view = openViewReader(settings, this.#args, workspace, (message) => this.#say('warn', message));
    const tracing = await childTracing(settings.tracing, name, this.#args);
    const spooling = spoolOf(bus);
    if (spooling === undefined) return { shared, applied, view, tracing, spool: undefined };
    const store = Spool.open({ dataDir: data, maxBytes: spooling.maxBytes, now: Date.now });
    watchSpool(store, spooling.maxBytes);
    return { shared, applied, view, tracing, spool: { store, afterMs: spooling.afterMs } };
  }

  /** What services work with. */
  #context({ workspace, settings, following }: Content, { journal, proofs }: AuditLog, stores: Stores): WorkerContext {
    const { developmentPki, data } = this.#args;
    const { gateway, people } = settings;
    const inForce = following.current;
    return {
      workspace,
      settings: developmentPki === undefined ? settings : vouchedByDevelopmentCa(settings, developmentPki),
      view: stores.view,
      journal,
      inForce,
      identify: makeIdentifier({ inForce, now: Date.now }),
      bus: () => this.#openBus(),
      dataDir: data,
      // one that sequenced before another took over has the older ones itself
      receipts: async (id, client) => {
        const here = receiptFor(data, id, client);
        return here.state === 'logged' || proofs === undefined ? here : await proofs.receiptFor(id, client);
      },
      peopleAddress: () =>
        peopleAddress(gateway.peopleHost, this.#peoplePort === 0 ? gateway.peoplePort : this.#peoplePort),
      ending: () => this.#ending,
      filesWanted: () => tell({ kind: 'files' }),
      now: Date.now,
      ...present({
        spool: stores.spool,
        state: stores.shared?.state,
        suspensions: stores.shared?.suspensions,
        provider: configuredProvider(people, this.#args),
        tokens: configuredTokens(gateway, this.#args),
        tracer: stores.tracing?.tracer,
        certificates: selfService(this.#args, () =>
          this.#apiPort === 0 ? undefined : `https://127.0.0.1:${String(this.#apiPort)}`,
        ),
      }),
    };
  }

  /** One that is away says so when it is used, and is used again when it is back. */
  #openBus(): Promise<Bus> {
    if (this.#bus === undefined) {
      this.#bus = openBus(this.#args.bus, { mayBeAway: true });
      // one that cannot be opened now is tried again by whoever needs it next
      this.#bus.catch(() => (this.#bus = undefined));
    }
    return this.#bus;
  }

  async #followCertificates(
    { settings }: WorkerContext,
    { setup }: AuditLog,
    files: CertificateFiles,
    ports: WorkerPorts,
  ): Promise<FollowedCertificates> {
    const certificates = await followCertificates({
      certificates: [
        followedServer(files, (pair) => ports.useCertificate(pair)),
        ...followedDocuments(settings.gateway.documents),
        ...followedReplica(setup, settings.audit, this.#args.workspace),
      ],
      now: Date.now,
      log: this.#say,
      onAct: (act) => this.#acts.put(act),
      onWarnings: (warnings) => this.#standing.warn('certificates', warnings),
      figures: certificateFigures,
    });
    certificates.start();
    return certificates;
  }

  #hearOfItsEnd(): void {
    this.#onMessage((message) => {
      if (message.kind === 'hurry') this.#cut.abort();
      if (message.kind === 'leave') this.#beginToLeave(message.listening);
    });
  }

  /** @param listening new connections are taken until it is stopped; else another has its place */
  #beginToLeave(listening: boolean): void {
    this.#leave.begin();
    if (listening) return;
    this.#replaced = true;
    this.#leave.stopListening();
    this.#acts.records = false;
    const left = (): void => this.#left.abort();
    this.#leave.empty(LINGER).then(left, left);
  }

  #hearOfRecords(): void {
    this.#onMessage((message) => {
      if (message.kind !== 'records') return;
      this.#acts.records = true;
      this.#acts.put({ action: 'contracts_in_force', target: message.target, detail: message.detail });
    });
  }

  /** What an invented city knows before anybody comes, so that whoever is told that it is ready finds it. */
  async #seedDevelopmentCity(context: WorkerContext): Promise<void> {
    if (!this.#acts.records || this.#args.developmentPki === undefined) return;
    const reports = await openReports(context);
    await seedAuthorisations(context.workspace, reports, Date.now()).finally(() => reports.close());
  }

  #sayReady(
    { workspace, version, settings }: Content,
    opened: { readonly api: number; readonly people: number },
  ): void {
    const { host, port, peopleHost, peoplePort } = settings.gateway;
    tell({
      kind: 'ready',
      ...opened,
      opened: {
        given: { host, port, peopleHost, peoplePort },
        version,
        layers: workspace.layers,
        fixed: fixedSettings(workspace, settings),
      },
    });
    this.#acts.put({
      action: 'contracts_in_force',
      target: version.contracts,
      detail: { feeds: version.feeds, settings: version.settings, start: true },
    });
  }

  #toldToEnd(): Promise<void> {
    return new Promise<void>((resolve) => whenAborted(AbortSignal.any([this.#signal, this.#left.signal]), resolve));
  }

  /** Answers under way are given under what is in force meanwhile; before anything that they need is closed. */
  async #finishAnswers(): Promise<void> {
    const finish = this.#replaced && !this.#signal.aborted ? LEAVES_WITHIN : FINISH_WITHIN;
    const endsStreams = setTimeout(() => (this.#ending = true), finish - FINISH_WITHIN + ENDS_STREAMS);
    const bound = setTimeout(() => this.#cut.abort(), finish);
    // one that leaves may be told to stop after all
    const stopped = (): void => void setTimeout(() => this.#cut.abort(), FINISH_WITHIN).unref();
    this.#signal.addEventListener('abort', stopped, { once: true });
    await this.#leave.finish(this.#cut.signal);
    clearTimeout(endsStreams);
    clearTimeout(bound);
  }

  async #close({ proofs, journal, keys }: AuditLog, { shared, applied, tracing, view, spool }: Stores): Promise<void> {
    await tracing?.stop();
    proofs?.close();
    await journal.close();
    await keys.close();
    await view.close();
    await applied.stop();
    await shared?.close();
    await (await this.#bus?.catch(() => undefined))?.close();
    await spool?.store.close();
  }

  readonly #say = (level: 'info' | 'warn' | 'error', message: string, detail: object = {}): void =>
    this.#log[level](detail, message);
}

/** Now, where it is aborted already. */
function whenAborted(signal: AbortSignal, then: () => void): void {
  if (signal.aborted) then();
  else signal.addEventListener('abort', () => then(), { once: true });
}

/** No bodies, no headers, no URLs: only what a request was, by route, and where errors arose. */
const requestLog = ({ format, level }: LogSettings): Logger =>
  pino(
    {
      level,
      base: { process: name },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (error: unknown) => errorInLog(error) },
    },
    format === 'json' ? pino.destination(2) : asText(),
  );

/** Under `up` the development CA vouches for documents. */
const vouchedByDevelopmentCa = (settings: Settings, pki: string): Settings => ({
  ...settings,
  gateway: { ...settings.gateway, documents: join(pki, 'documents'), documentCa: join(pki, 'ca.pem') },
  region: regionUnder(settings.region, pki),
});

// last, once all of the file is there
runChild(name, (args, signal, onMessage) => new WorkerProcess(args, signal, onMessage).run());
