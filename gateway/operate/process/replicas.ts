/** The writer's part in a log of several replicas: the replica port, the fence, and copies of the others' journals. */

import { present } from '../../../contracts/present.js';
import type { AuditSettings } from '../../ground/config/index.js';
import type { Verifier } from '../../log/proof/note.js';
import { integratedText } from '../../log/replicas/client.js';
import { type Fence, openFence, type Register } from '../../log/replicas/epoch.js';
import { type Following, followReplicas, type ReplicaAlert } from '../../log/replicas/follow.js';
import type { ReplicaSetup } from '../../log/replicas/peers.js';
import { serveReplicaPort } from '../../log/replicas/serve.js';
import type { ElectedLog } from '../../log/sequencer/elected.js';
import { integratedSeqs } from '../../log/sequencer/prune.js';
import type { FromChild } from '../children/messages.js';
import { type ReplicasReport, replicaWarnings } from '../children/replicas-health.js';

export type { ReplicasReport } from '../children/replicas-health.js';

/**
 * ms between two looks at the own journals while another replica waits: where answers wait for it, and where they do
 * not.
 */
const LOOK = { replicated: 3, local: 50 } as const;
const TELL_EVERY = 500;
/** ms for which is not looked again at what is in the log. */
const INTEGRATED_EVERY = 5000;

/** The fence of a replica that is configured to sequence; undefined of a log that never had another replica. */
export function fenceOf(
  register: Register,
  audit: Pick<AuditSettings, 'replica' | 'replicas' | 'epoch'>,
): Fence | undefined {
  const others = Object.keys(audit.replicas);
  return others.length === 0 && register.current() === undefined
    ? undefined
    : openFence(register, { name: audit.replica, epoch: audit.epoch, others });
}

interface ReplicasOptions {
  readonly dataDir: string;
  readonly setup: ReplicaSetup;
  readonly durability: AuditSettings['durability'];
  /** The one that the fence uses too. */
  readonly register: Register;
  readonly fence: Fence | undefined;
  /** Where replicas elect who sequences: this one's part in it. */
  readonly elected: ElectedLog | undefined;
  /** Of this replica. */
  readonly vkeys: () => readonly Verifier[];
  readonly tell: (message: FromChild) => void;
  readonly onProblems: (problems: readonly string[]) => void;
}

export interface Replicas {
  /** Where another replica sequences: what it said last that is in its log; empty before. */
  integrated(): ReadonlyMap<string, number>;
  readonly port: number;
  /** `setup.tls` is another. */
  renew(): void;
  /** One look at every other replica now. */
  once(): Promise<void>;
  stop(): Promise<void>;
}

/** An alert in one line for the operator. */
function describe(alert: ReplicaAlert): string {
  if (alert.kind === 'replica') return `replica ${alert.replica} is ${alert.state}: ${alert.reason}`;
  return alert.why === 'taken'
    ? `replica ${alert.replica} has a journal ${alert.journal}, which is another's here; was a data folder ` +
        'copied? It is not taken'
    : `the journal ${alert.journal} of replica ${alert.replica} is ${alert.why.replace('_', ' ')}`;
}

export async function startReplicas({
  dataDir,
  setup,
  durability,
  register,
  fence,
  elected,
  vkeys,
  tell,
  onProblems,
}: ReplicasOptions): Promise<Replicas> {
  const startedAt = Date.now();
  let askedAt: number | undefined;
  let integrated: ReadonlyMap<string, number> = new Map();
  let mine = { at: -Infinity, text: '' };
  const ofMine = (): string => {
    if (Date.now() - mine.at > INTEGRATED_EVERY)
      mine = { at: Date.now(), text: integratedText(integratedSeqs(dataDir)) };
    return mine.text;
  };
  let confirmed = new Map<string, number>();
  const alert = (message: string): void => tell({ kind: 'alert', message });
  const port = await serveReplicaPort({
    dataDir,
    setup,
    register,
    vkeys,
    look: LOOK[durability],
    onIntegrated: (found) => (integrated = found),
    onHeard(_peer, sequencer, has) {
      if (sequencer) askedAt = Date.now();
      if (durability !== 'replicated') return;
      const more = [...has].filter(([id, lastSeq]) => lastSeq > (confirmed.get(id) ?? 0));
      if (more.length === 0) return;
      confirmed = new Map([...confirmed, ...more]);
      tell({ kind: 'confirmed', journals: Object.fromEntries(more) });
    },
    ...(elected === undefined ? {} : { onRun: (run) => elected.take(run) }),
    onError: alert,
  });
  const following: Following | undefined =
    fence === undefined && durability === 'local'
      ? undefined
      : followReplicas({
          dataDir,
          setup,
          ...present({ fence }),
          copies: durability === 'replicated' || elected !== undefined,
          now: Date.now,
          integrated: ofMine,
          onAlert: (raised) => alert(describe(raised)),
        });

  let told = '';
  const report = (): ReplicasReport => {
    const current = register.current();
    return {
      name: setup.name,
      ...(current === undefined ? {} : { sequencer: current.holder, epoch: current.epoch }),
      ...(fence?.fenced === undefined || elected !== undefined ? {} : { fenced: fence.fenced }),
      ...(elected === undefined ? {} : { election: elected.report() }),
      // where another sequences and never asked, it has not since this began
      ...(askedAt === undefined && fence !== undefined ? {} : { askedAt: askedAt ?? startedAt }),
      others: following?.health() ?? [],
    };
  };
  const telling = setInterval(() => {
    const now = report();
    const text = JSON.stringify(now);
    if (text !== told) tell({ kind: 'replicas', report: now });
    told = text;
    onProblems(replicaWarnings(now, startedAt, Date.now()));
  }, TELL_EVERY);

  return {
    port: port.port,
    integrated: () => integrated,
    renew: () => port.renew(),
    once: async () => await following?.once(),
    async stop() {
      clearInterval(telling);
      await following?.stop();
      await port.close();
    },
  };
}
