/** One worker: the mTLS port and the people's port, on a view that it only reads and a journal of its own. */

import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TlsOptions, Server as TlsServer } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import pino from 'pino';
import { openBus, spoolOf } from '../../../connectors/bus/open.js';
import type { Bus } from '../../../connectors/bus/port.js';
import { Spool } from '../../../connectors/spool/index.js';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { type CertificateAct, followCertificates, readPair } from '../../answer/inforce/certificates.js';
import { type Act, followInForce } from '../../answer/inforce/follow.js';
import { loadStill } from '../../answer/inforce/loading.js';
import { suspensionsDir } from '../../answer/inforce/suspensions.js';
import { openLmdbViewReader } from '../../answer/view/lmdb/index.js';
import { peopleAddress } from '../../documents/address.js';
import type { WorkerContext } from '../../documents/context.js';
import { openReports } from '../../documents/reports/index.js';
import { seedAuthorisations } from '../../documents/reports/seed.js';
import { type PeopleSettings, readSettings, signerNames } from '../../ground/config/index.js';
import { countCut } from '../../ground/counts/counts.js';
import { makeIdentifier } from '../../ground/identity/identify.js';
import type { Provider } from '../../ground/identity/provider.js';
import { SAFE_TLS, serverTlsOptions } from '../../ground/identity/tls.js';
import { asText, defaultLog } from '../../ground/logging/log.js';
import { errorInLog } from '../../ground/logging/words.js';
import { descriptorLimit } from '../../ground/sockets/descriptors.js';
import { gate } from '../../ground/sockets/gate.js';
import { gateLimits, ofEach } from '../../ground/sockets/limits.js';
import { buildApp, builtServices } from '../../http/app.js';
import {
  certificateFigures,
  countGroup,
  countRequests,
  inForceFigures,
  watchSpool,
  workerFigures,
} from '../../http/plugins/metrics.js';
import { administrationBody } from '../../log/entries/events.js';
import { openSubjectKeys, refuseLostKeys } from '../../log/entries/keys.js';
import { auditLayout } from '../../log/entries/layout.js';
import { openJournal } from '../../log/journal/journal.js';
import { openRegister } from '../../log/replicas/epoch.js';
import { replicaSetup } from '../../log/replicas/peers.js';
import { withSecondCopy } from '../../log/replicas/second-copy.js';
import { sequencerClient } from '../../log/replicas/sequencer-client.js';
import { receiptFor } from '../../log/store/receipts.js';
import { openReplicaSigner } from '../../log/store/signer.js';
import { type ProcessArguments, runChild, starting, tell } from '../children/messages.js';
import { fixedSettings } from '../children/settings.js';
import { answerForMetrics } from '../metrics/answer.js';
import { spanFigures } from '../metrics/spans.js';
import { followedDocuments, followedReplica, followedServer } from './certificates.js';
import { leaving } from './leaving.js';
import { PROVIDER_SECRET } from './provider-secret.js';
import { childTracing } from './tracing.js';

/** Ms that answers under way have once the worker stops; a stream is told a little before. */
const FINISH_WITHIN = 10_000;
const ENDS_STREAMS = 7_000;
/** The same of a worker whose place another has taken: nobody waits for it. */
const LEAVES_WITHIN = 60_000;
/**
 * Ms in which each connection of such a worker has an answer, and with it is told to close; those without a request are
 * closed then.
 */
const LINGER = 10_000;

interface ContractsAct {
  readonly action: 'contracts_in_force';
  /** SHA-256 of what `contracts/` declares. */
  readonly target: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

const slot = process.env['YITONG_SLOT'] ?? '1';
const name = `worker-${slot}`;

runChild(name, async (args, signal, onMessage) => {
  const { format, level } = args.log ?? defaultLog();
  // no bodies, no headers, no URLs: only what a request was, by route, and where errors arose
  const log = pino(
    {
      level,
      base: { process: name },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (error: unknown) => errorInLog(error) },
    },
    format === 'json' ? pino.destination(2) : asText(),
  );
  const now = Date.now;
  const begun = new Promise<void>((resolve) => {
    onMessage((message) => {
      if (message.kind === 'begin') resolve();
    });
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (signal.aborted) resolve();
  });
  starting('loads the workspace');
  const { workspace, version } = await loadStill(args.workspace);
  const settings = readSettings(
    workspace.settings,
    { file: join(args.workspace, 'yitong.json') },
    process.env,
    args.flags,
  );
  const { gateway, audit } = settings;
  /** By what they are about. */
  const warnings = new Map<string, readonly string[]>();
  const warn = (about: string, found: readonly string[]): void => {
    warnings.set(about, found);
    tell({ kind: 'warnings', warnings: [...warnings.values()].flat() });
  };
  /** Why it cannot serve, by what it is about. */
  const reasons = new Map<string, readonly string[]>();
  const cannot = (about: string, found: readonly string[]): void => {
    reasons.set(about, found);
    const all = [...reasons.values()].flat();
    tell({ kind: 'health', ready: all.length === 0, reasons: all });
  };
  /** All workers follow the same files: one of a replica puts it on record. */
  let records = process.env['YITONG_RECORDS'] === 'true';
  /** Before the journal is open. */
  const early: string[] = [];
  let note = (clear: string): void => void early.push(clear);
  const onAct = (act: Act | CertificateAct | ContractsAct): void => {
    if (records) note(administrationBody({ time: new Date(now()).toISOString(), by: 'gateway', ...act }));
  };
  const toLog = (level: 'info' | 'warn' | 'error', message: string, detail: object = {}): void =>
    log[level](detail, message);
  let onAnchors: (() => void) | undefined;
  const following = await followInForce({
    workspace,
    developmentPki: args.developmentPki,
    suspensions: suspensionsDir(args.data),
    now,
    log: toLog,
    onWarnings: (found) => warn('policies', found),
    onReasons: (found) => cannot('anchors', found),
    onChange: (next, before) => {
      if (next.anchors !== before.anchors) onAnchors?.();
    },
    onAct,
    figures: inForceFigures,
  });
  starting('loads its services');
  await builtServices();
  starting('waits for the writer');
  tell({ kind: 'loaded' });
  await begun;
  if (signal.aborted) {
    await following.stop();
    return;
  }

  starting('opens its journal');
  const layout = auditLayout(args.data);
  const setup = await replicaSetup(audit, args.workspace, { file: join(args.workspace, 'yitong.json') });
  const signer = openReplicaSigner(args.data, signerNames(audit.origin).replica);
  refuseLostKeys(layout);
  const keys = openSubjectKeys({ dir: layout.subjectKeys });
  const own = await openJournal({
    dir: layout.journals,
    name: `w${slot}`,
    keys,
    signer,
    now,
    mergeDelay: audit.mergeWithinSeconds * 1000,
    segmentBytes: audit.segmentBytes,
    onGroup: countGroup,
    onHealth: (healthy, reason) => {
      cannot('journal', healthy ? [] : [`the audit journal cannot be written: ${reason}`]);
      log[healthy ? 'info' : 'error']({ healthy, reason }, 'journal');
    },
  });
  const firstSeq = own.lastSeq;
  const copied = audit.durability === 'replicated' ? withSecondCopy(own, audit.replicationTimeoutMs) : undefined;
  const journal = copied ?? own;
  note = (clear) => journal.note({ clear });
  for (const clear of early) note(clear);
  onMessage((message) => {
    if (message.kind === 'confirmed') copied?.confirmed(message.journals[own.id] ?? 0);
  });
  const proofs = setup === undefined ? undefined : sequencerClient(setup, openRegister(args.data));
  starting('opens the view');
  const view = openLmdbViewReader({
    dir: join(args.data, 'view'),
    workspace,
    onDamaged: (file) => tell({ kind: 'damaged', file }),
  });

  const inForce = following.current;
  const identify = makeIdentifier({ inForce, now });
  let bus: Promise<Bus> | undefined;
  const tracing = await childTracing(settings.tracing, `worker-${slot}`, args);
  const provider = providerOf(settings.people, args);
  const spooling = spoolOf(args.bus);
  const spool =
    spooling === undefined
      ? undefined
      : { store: Spool.open({ dataDir: args.data, maxBytes: spooling.maxBytes, now }), afterMs: spooling.afterMs };
  if (spool !== undefined && spooling !== undefined) watchSpool(spool.store, spooling.maxBytes);
  const pki = args.developmentPki;
  const leave = leaving();
  let ending = false;
  /** 0 until it is open. */
  let peoplePort = 0;
  const context: WorkerContext = {
    workspace,
    // under `up` the development CA vouches for documents
    settings:
      pki === undefined
        ? settings
        : { ...settings, gateway: { ...gateway, documents: join(pki, 'documents'), documentCa: join(pki, 'ca.pem') } },
    view,
    journal,
    inForce,
    identify,
    // one that is away says so when it is used, and is used again when it is back
    bus: () => {
      if (bus === undefined) {
        bus = openBus(args.bus, { mayBeAway: true });
        // one that cannot be opened now is tried again by whoever needs it next
        bus.catch(() => (bus = undefined));
      }
      return bus;
    },
    ...present({ spool }),
    dataDir: args.data,
    // one that sequenced before another took over has the older ones itself
    receipts: async (id, client) => {
      const here = receiptFor(args.data, id, client);
      return here.state === 'logged' || proofs === undefined ? here : await proofs.receiptFor(id, client);
    },
    peopleAddress: () => peopleAddress(gateway.peopleHost, peoplePort),
    ...present({ provider }),
    ending: () => ending,
    now,
    ...(tracing === undefined ? {} : { tracer: tracing.tracer }),
  };

  const files =
    pki === undefined
      ? { cert: gateway.serverCert, key: gateway.serverKey }
      : { cert: join(pki, 'server', 'cert.pem'), key: join(pki, 'server', 'key.pem') };
  if (files.cert === '' || files.key === '')
    throw new YitongError('bad_config', '`gateway.serverCert` and `gateway.serverKey` must name PEM files');
  let pair = await readPair(files);
  const limits = gateLimits(gateway, descriptorLimit());
  if (limits.open < ofEach(gateway.maxConnections, gateway.workers))
    log.warn(
      { connections: limits.open },
      'fewer connections than `gateway.maxConnections` are taken on each port: this process may not open more ' +
        'files (`ulimit -n`)',
    );
  const tls = (): TlsOptions => serverTlsOptions({ cert: pair.cert, key: pair.key, anchors: inForce().anchors });
  const peopleTls = (): TlsOptions => ({ ...SAFE_TLS, cert: pair.cert, key: pair.key });
  starting('prepares its routes');
  const api = await buildApp('api', context, {
    logger: log,
    https: { ...tls(), ServerResponse: leave.ServerResponse },
  });
  const people = await buildApp('people', context, {
    logger: log,
    https: { ...peopleTls(), ServerResponse: leave.ServerResponse },
  });
  answerForMetrics(name, async () => [...(await workerFigures(name, own, firstSeq)), ...spanFigures(name, tracing)]);
  countRequests(api, 'api');
  countRequests(people, 'people');
  for (const [port, { server }] of [
    ['api', api],
    ['people', people],
  ] as const) {
    gate(server, limits, (why) => countCut(port, why));
    leave.watch(server);
  }
  starting('opens its ports');
  await listenOn(api, gateway.host, gateway.port);
  await listenOn(people, gateway.peopleHost, gateway.peoplePort);
  peoplePort = (people.server.address() as AddressInfo).port;
  // new connections; on those that are open the identifier asks for the anchor at each request
  const renewed = (server: unknown, options: TlsOptions): void => {
    if (server instanceof TlsServer) server.setSecureContext(options);
  };
  onAnchors = () => renewed(api.server, tls());
  const certificates = await followCertificates({
    certificates: [
      followedServer(files, (next) => {
        pair = next;
        renewed(api.server, tls());
        renewed(people.server, peopleTls());
      }),
      ...followedDocuments(context.settings.gateway.documents),
      ...followedReplica(setup, audit, args.workspace),
    ],
    now,
    log: toLog,
    onAct,
    onWarnings: (found) => warn('certificates', found),
    figures: certificateFigures,
  });
  certificates.start();
  const cut = new AbortController();
  const leaves = new AbortController();
  let left = false;
  onMessage((message) => {
    if (message.kind === 'hurry') cut.abort();
    if (message.kind !== 'leave') return;
    leave.begin();
    if (message.listening) return;
    left = true;
    leave.stopListening();
    records = false;
    leave.empty(LINGER).then(
      () => leaves.abort(),
      () => leaves.abort(),
    );
  });
  onMessage((message) => {
    if (message.kind !== 'records') return;
    records = true;
    onAct({ action: 'contracts_in_force', target: message.target, detail: message.detail });
  });
  following.start();
  if (records && pki !== undefined) {
    // what an invented city knows before anybody comes, so that whoever is told that it is ready finds it
    const reports = await openReports(context);
    await seedAuthorisations(workspace, reports, now()).finally(() => reports.close());
  }
  const { host, port, peopleHost } = gateway;
  tell({
    kind: 'ready',
    api: (api.server.address() as AddressInfo).port,
    people: peoplePort,
    opened: {
      given: { host, port, peopleHost, peoplePort: gateway.peoplePort },
      version,
      layers: workspace.layers,
      fixed: fixedSettings(workspace, settings),
    },
  });
  if (records)
    onAct({
      action: 'contracts_in_force',
      target: version.contracts,
      detail: { feeds: version.feeds, settings: version.settings, start: true },
    });

  await new Promise<void>((resolve) => {
    const over = AbortSignal.any([signal, leaves.signal]);
    if (over.aborted) resolve();
    else over.addEventListener('abort', () => resolve(), { once: true });
  });
  // those under way are answered under what is in force meanwhile, then what answers need is closed
  const finish = left && !signal.aborted ? LEAVES_WITHIN : FINISH_WITHIN;
  const endsStreams = setTimeout(() => (ending = true), finish - FINISH_WITHIN + ENDS_STREAMS);
  const bound = setTimeout(() => cut.abort(), finish);
  // told to stop after all
  signal.addEventListener('abort', () => setTimeout(() => cut.abort(), FINISH_WITHIN).unref(), { once: true });
  await leave.finish(cut.signal);
  clearTimeout(endsStreams);
  clearTimeout(bound);
  await Promise.all([following.stop(), certificates.stop()]);
  await Promise.all([api.close(), people.close()]);
  await tracing?.stop();
  proofs?.close();
  await journal.close();
  await keys.close();
  await view.close();
  await (await bus?.catch(() => undefined))?.close();
  await spool?.store.close();
});

const TRIES = 5;

/**
 * Opens a port. Of a free one (0) the system may give the same to two programs that have not listened on it yet, since
 * both let it be used again; the later one finds it taken, and asks for another. A port that was named is asked for
 * once.
 */
async function listenOn(app: FastifyInstance, host: string, port: number): Promise<void> {
  for (let tried = 1; ; tried++) {
    try {
      await app.listen({ host, port });
      return;
    } catch (error) {
      if (port !== 0 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || tried === TRIES) throw error;
    }
  }
}

/** The provider of yitong.json, or under `up` the development one. @throws YitongError `bad_config` */
function providerOf(
  people: PeopleSettings,
  { developmentPki, developmentIssuer }: ProcessArguments,
): Provider | undefined {
  const { issuer, clientId, clientSecretFile, rolesClaim, authorityClaim, subjectsClaim } = people;
  const claims = { roles: rolesClaim, authority: authorityClaim, subjects: subjectsClaim };
  if (issuer === '') {
    if (developmentPki === undefined || developmentIssuer === undefined) return undefined;
    return {
      issuer: developmentIssuer,
      clientId,
      clientSecret: readFileSync(join(developmentPki, PROVIDER_SECRET), 'utf8'),
      claims,
      insecure: true,
    };
  }
  if (!issuer.startsWith('https://')) throw new YitongError('bad_config', '`people.issuer` must be an https address');
  if (clientSecretFile === '')
    throw new YitongError('bad_config', '`people.clientSecretFile` must name the file of the client secret');
  return { issuer, clientId, clientSecret: readFileSync(clientSecretFile, 'utf8').trim(), claims, insecure: false };
}
