/** The writer's part in erasures that all replicas carry out, with what health and metrics say of it. */
import { type AuditSettings, replicaName } from '../../ground/config/index.js';
import { type Family, gauge } from '../../ground/counts/families.js';
import { inWords } from '../../ground/logging/words.js';
import type { State } from '../../ground/state/port.js';
import type { SubjectKeys } from '../../log/entries/keys.js';
import { carryOutSharedErasures, type SharedErasures } from '../../log/erasure/carrying-out-shared.js';
import { erasedBy } from '../../log/erasure/order.js';
import { eraseHere } from '../../log/erasure/own-journals.js';
import type { JournalOptions } from '../../log/journal/journal.js';
import { journalOnDemand } from '../../log/journal/on-demand.js';
import type { Register } from '../../log/replicas/epoch.js';
import type { ReplicaSetup } from '../../log/replicas/peers.js';
import { sequencerClient } from '../../log/replicas/sequencer-client.js';

interface Parts {
  readonly state: State;
  readonly dataDir: string;
  readonly audit: AuditSettings;
  readonly keys: SubjectKeys;
  readonly signer: JournalOptions['signer'];
  readonly register: Register;
  /** Undefined of a log with one replica. */
  readonly setup: ReplicaSetup | undefined;
  readonly alert: (message: string) => void;
  readonly onProblems: (problems: readonly string[]) => void;
}

export type ErasuresOfAll = Pick<SharedErasures, 'tried' | 'passedAt' | 'ages' | 'stop'>;

/** ms for which an order may wait until somebody is warned; it is carried out within 5 s where nothing is wrong. */
const LATE = 30_000;
const LOOK = 1000;

export function carryOutErasuresOfAll(parts: Parts): ErasuresOfAll {
  const { state, dataDir, audit, keys, signer, register, setup, alert, onProblems } = parts;
  const { mergeWithinSeconds } = audit;
  const journal = journalOnDemand({ dataDir, name: 'erasures', signer, now: Date.now, mergeWithinSeconds });
  const sequencer = setup === undefined ? undefined : sequencerClient(setup, register);
  const erasures = carryOutSharedErasures({
    state,
    keys,
    journal,
    erasedFromLog: async (pseudonym) => erasedBy(dataDir, pseudonym) ?? (await sequencer?.erasedBy(pseudonym)),
    // where this replica sequences, the log was all that it has
    eraseHere: async (pseudonyms) => {
      const elsewhere = pseudonyms.filter((pseudonym) => erasedBy(dataDir, pseudonym) === undefined);
      if (elsewhere.length > 0) await eraseHere(dataDir, keys, elsewhere);
    },
    name: replicaName(audit),
    now: Date.now,
    onTrouble: (error) => alert(`erasures of all replicas: ${inWords(error)}`),
  });
  const timer = setInterval(() => {
    const { here, anywhere } = erasures.ages();
    onProblems([
      ...(here > LATE ? [`an erasure waits for this replica since ${seconds(here)}`] : []),
      ...(here <= LATE && anywhere > LATE
        ? [`an erasure waits for another replica since ${seconds(anywhere)}; \`yitong state replicas\` says for which`]
        : []),
    ]);
  }, LOOK);
  return {
    tried: erasures.tried,
    passedAt: () => erasures.passedAt(),
    ages: () => erasures.ages(),
    async stop() {
      clearInterval(timer);
      await erasures.stop();
      sequencer?.close();
      await journal.close();
    },
  };
}

/** @param erasing undefined: nothing is shared, and nothing waits */
export function erasureFigures(erasing: Pick<ErasuresOfAll, 'ages'> | undefined): Family[] {
  const ages = erasing?.ages();
  return [
    gauge(
      'yitong_erasures_age_seconds',
      ages && [
        [{ of: 'this' }, ages.here / 1000],
        [{ of: 'any' }, ages.anywhere / 1000],
      ],
    ),
  ];
}

const seconds = (ms: number): string => `${String(Math.round(ms / 1000))} s`;
