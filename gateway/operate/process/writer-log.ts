/** The writer's part in the log: who sequences it, and how this replica stands among the others. */

import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { type FollowedCertificates, followCertificates } from '../../answer/inforce/certificates.js';
import { type Settings, signerNames } from '../../ground/config/index.js';
import { type Lock, tryLock } from '../../ground/files/lock.js';
import { inWords } from '../../ground/logging/words.js';
import type { State } from '../../ground/state/port.js';
import { openSubjectKeys, refuseLostKeys, type SubjectKeys } from '../../log/entries/keys.js';
import { auditLayout } from '../../log/entries/layout.js';
import { type Fence, openRegister, type Register } from '../../log/replicas/epoch.js';
import { type ReplicaSetup, replicaSetup } from '../../log/replicas/peers.js';
import { ElectedLog } from '../../log/sequencer/elected.js';
import { type Sequencer, type SequencerAlert, startSequencer } from '../../log/sequencer/sequencer.js';
import { openAuditSigners, openReplicaSigner, type Signer } from '../../log/store/signer.js';
import { replicaKeys } from '../../log/verify/verify.js';
import { type ProcessArguments, tell } from '../children/messages.js';
import { followedReplica } from './certificates.js';
import { fenceOf, type Replicas, startReplicas } from './replicas.js';
import type { witnessSetup } from './witnesses.js';

/** ms that witnesses have, at the end, to cosign what the last run added; well within what the supervisor waits. */
const SETTLE_MS = 3000;

/** What the writer asks of the log, whether it is sequenced here or a copy of it is kept. */
interface WriterLog extends Pick<Sequencer, 'health' | 'stop'> {
  runOnce(): Promise<unknown>;
}

export interface AuditLog {
  readonly keys: SubjectKeys;
  /** Of this replica. */
  readonly signer: Signer;
  /** Undefined of a log with one replica. */
  readonly setup: ReplicaSetup | undefined;
  readonly register: Register;
  readonly fence: Fence | undefined;
  /** Undefined where another replica sequences, and this one keeps nothing of the log. */
  readonly sequencer: WriterLog | undefined;
  /** The same, where replicas elect who sequences. */
  readonly elected: ElectedLog | undefined;
  /** Where no sequencer holds it. */
  readonly lock: Lock | undefined;
}

/** Its part in a log of several replicas; both undefined of a log with one. */
export interface AmongReplicas {
  readonly replicas: Replicas | undefined;
  readonly certificates: FollowedCertificates | undefined;
}

interface LogParts {
  readonly args: ProcessArguments;
  readonly settings: Settings;
  readonly witnesses: Awaited<ReturnType<typeof witnessSetup>>;
  /** That replicas share. */
  readonly state: State | undefined;
  readonly alert: (message: string) => void;
}

/**
 * The lock of the log is that of the whole process: before the view is touched, the writer that was here must be gone,
 * or both would apply the same records.
 * @throws YitongError `audit_unavailable` where another process has it
 */
export async function openAuditLog(parts: LogParts): Promise<AuditLog> {
  const { args, settings, witnesses, state, alert } = parts;
  const { audit } = settings;
  const { workspace: dir, data } = args;
  const setup = await replicaSetup(audit, dir, { file: join(dir, 'yitong.json') });
  const names = signerNames(audit.origin);
  const layout = auditLayout(data);
  refuseLostKeys(layout);
  const keys = openSubjectKeys({ dir: layout.subjectKeys, cache: 100 });
  const signer = openReplicaSigner(data, names.replica);
  const register = openRegister(data);
  const common = { keys, signer, setup, register, elected: undefined };
  const onAlert = (found: SequencerAlert): void => alert(describeAlert(found));
  if (audit.takeover === 'automatic' && state !== undefined && setup !== undefined) {
    const lock = holdWriter(data);
    const elected = new ElectedLog({
      dataDir: data,
      state,
      setup,
      register,
      names,
      origin: audit.origin,
      lock,
      now: Date.now,
      ...present({ witnesses }),
      onAlert,
      onNews: alert,
    });
    return { ...common, elected, fence: elected.fence, sequencer: elected, lock };
  }
  if (!audit.sequencer) return { ...common, fence: undefined, sequencer: undefined, lock: holdWriter(data) };
  const fence = fenceOf(register, audit);
  const sequencer = startSequencer({
    dataDir: data,
    signer: openAuditSigners(data, names).log,
    origin: audit.origin,
    now: Date.now,
    ...present({ witnesses, fence }),
    interval: 500,
    onAlert,
  });
  return { ...common, fence, sequencer, lock: undefined };
}

/** One writer a data folder, also where another replica sequences. @throws YitongError `audit_unavailable` */
function holdWriter(dataDir: string): Lock {
  const { lock: file } = auditLayout(dataDir);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const lock = tryLock(file);
  if (lock === undefined)
    throw new YitongError('audit_unavailable', 'another process is the writer of this data folder');
  return lock;
}

/** An alert of the sequencer, in one line for the operator. */
function describeAlert(found: SequencerAlert): string {
  return Object.entries(found)
    .map(([key, value]) => `${key} ${String(value)}`)
    .join(', ');
}

/** @param onProblems what is wrong between this replica and the others */
export async function joinReplicas(
  { setup, register, fence, elected }: AuditLog,
  {
    args: { workspace, data },
    settings: { audit },
    onProblems,
  }: Pick<LogParts, 'args' | 'settings'> & { readonly onProblems: (problems: readonly string[]) => void },
): Promise<AmongReplicas> {
  if (setup === undefined) return { replicas: undefined, certificates: undefined };
  const replicas = await startReplicas({
    dataDir: data,
    setup,
    durability: audit.durability,
    register,
    fence,
    elected,
    vkeys: () => replicaKeys(auditLayout(data).log),
    tell,
    onProblems,
  });
  // others can send it what it lacks from here on
  elected?.start();
  const certificates = await followCertificates({
    certificates: followedReplica(setup, audit, workspace, () => replicas.renew()),
    now: Date.now,
    // the workers follow it too, and say what is wrong with it
    log: () => undefined,
  });
  certificates.start();
  return { replicas, certificates };
}

/**
 * The workers have closed their journals by now: what they promised is in the log, however long this replica stays
 * down.
 * @param caughtUp called when it is, before the log is closed
 */
export async function endLog(
  { sequencer, lock }: AuditLog,
  { replicas, certificates }: AmongReplicas,
  { witnesses, alert }: Pick<LogParts, 'witnesses' | 'alert'>,
  caughtUp: () => void,
): Promise<void> {
  await certificates?.stop();
  await replicas?.once();
  await sequencer?.runOnce().catch((error: unknown) => alert(inWords(error)));
  caughtUp();
  await replicas?.stop();
  await sequencer?.stop(witnesses === undefined ? 0 : SETTLE_MS);
  lock?.release();
}
