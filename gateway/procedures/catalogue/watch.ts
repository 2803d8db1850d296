/**
 * The day's measuring, in the writer: each dataset once a day, and again where it has changed since, at most once an
 * hour. It decides nothing; how long ago it went through is seen from outside.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Bus } from '../../../connectors/bus/port.js';
import { Quarantine } from '../../../connectors/quarantine.js';
import type { DatasetId } from '../../../contracts/ids.js';
import { present } from '../../../contracts/present.js';
import type { Contract, Workspace } from '../../../contracts/types.js';
import { dateOf } from '../../../policies/dates.js';
import { statusOf } from '../../answer/question/status.js';
import type { DatasetState, ViewReader } from '../../answer/view/port.js';
import { type Family, gauge } from '../../ground/counts/families.js';
import { inWords } from '../../ground/logging/words.js';
import type { Tickets } from '../lifecycles/tickets.js';
import { putQualityDay, type QualityDay, qualityDays } from './days.js';
import { sampleOf } from './sample.js';
import { figureOf, MEASURES, worriesOf } from './trend.js';

interface Measured {
  readonly workspace: Workspace;
  readonly view: Pick<ViewReader, 'datasetState' | 'close'>;
  readonly tickets: Pick<Tickets, 'all'>;
}

interface QualityWatchParts {
  readonly dataDir: string;
  /** As they are now; undefined while one view is closed and the next is not open yet. */
  readonly open: () => Measured | undefined;
  readonly bus: Bus;
  readonly onTrouble: (message: string) => void;
  /** ms since 1970; default the clock. */
  readonly now?: () => number;
  /** ms between two looks. */
  readonly interval?: number;
}

const EVERY = 30_000;
const HOUR = 3_600_000;
const WITHIN = 90 * 24 * HOUR;

/** What of a state says that there is something new to measure. */
const markOf = ({ records, versions, complete }: DatasetState): string =>
  JSON.stringify([records, versions, complete?.sourceTime]);

export class QualityWatch {
  readonly #parts: QualityWatchParts;
  readonly #now: () => number;
  readonly #stop = new AbortController();
  readonly #timer: NodeJS.Timeout;
  /** By dataset, what it was like when it was measured. */
  readonly #marks = new Map<string, string>();
  /** Datasets that were gone through last. */
  #known: readonly DatasetId[] = [];
  #looking: Promise<void> | undefined;
  #passedAt: number;
  #failure = '';

  constructor(parts: QualityWatchParts) {
    this.#parts = parts;
    this.#now = parts.now ?? Date.now;
    this.#passedAt = this.#now();
    this.#timer = setInterval(() => void this.look(), parts.interval ?? EVERY).unref();
  }

  /** ms since 1970: when all datasets were gone through last. */
  passedAt(): number {
    return this.#passedAt;
  }

  /** Never rejects: what fails is told once, and its age tells. */
  look(): Promise<void> {
    return (this.#looking ??= this.#through()
      .then(() => {
        this.#passedAt = this.#now();
        this.#failure = '';
      })
      .catch((error: unknown) => {
        const why = inWords(error);
        if (why !== this.#failure && !this.#stop.signal.aborted)
          this.#parts.onTrouble(`the quality of datasets is not measured: ${why}`);
        this.#failure = why;
      })
      .finally(() => (this.#looking = undefined)));
  }

  async #through(): Promise<void> {
    const opened = this.#parts.open();
    if (opened === undefined) return;
    try {
      await this.#throughAll(opened);
    } finally {
      await opened.view.close();
    }
  }

  async #throughAll({ workspace, view, tickets }: Measured): Promise<void> {
    const { dataDir } = this.#parts;
    this.#known = [...workspace.contracts.keys()];
    const due = [...workspace.contracts.values()].filter((contract) =>
      this.#isDue(contract, view.datasetState(contract.id), qualityDays(dataDir, contract.id).at(-1)),
    );
    if (due.length === 0) return;
    const since = this.#now() - WITHIN;
    const corrections = new Map<string, number>();
    for (const { head, state } of await tickets.all())
      if (state.openedAt >= since) corrections.set(head.dataset, (corrections.get(head.dataset) ?? 0) + 1);
    for (const contract of due) {
      if (this.#stop.signal.aborted) return;
      const state = view.datasetState(contract.id);
      const day = await this.#measured(contract, state, corrections.get(contract.id) ?? 0, workspace);
      putQualityDay(dataDir, contract.id, day);
      this.#marks.set(contract.id, markOf(state));
    }
  }

  #isDue({ id }: Contract, state: DatasetState, last: QualityDay | undefined): boolean {
    const now = this.#now();
    if (last === undefined || last.day !== dateOf(now)) return true;
    const changed = this.#marks.get(id) !== markOf(state);
    // the first records of a day are measured at once
    return changed && (last.sampled === 0 || now - last.at >= HOUR);
  }

  async #measured(
    contract: Contract,
    state: DatasetState,
    corrections: number,
    workspace: Workspace,
  ): Promise<QualityDay> {
    const { dataDir, bus } = this.#parts;
    const sample = state.records === 0 ? undefined : await sampleOf(contract, bus, workspace, this.#stop.signal);
    const at = this.#now();
    const { status, sourceTime } = statusOf(contract, state, at);
    const { records } = state;
    // where feeds run in another place, what they hold back stands there
    const held = existsSync(join(dataDir, 'connectors')) ? await Quarantine.countOf(dataDir, contract.id) : undefined;
    const share = (part: number, whole: number): number | undefined => (whole === 0 ? undefined : part / whole);
    return {
      day: dateOf(at),
      at,
      records,
      sampled: sample?.sampled ?? 0,
      corrections,
      ...present({
        completeness: sample === undefined ? undefined : share(sample.filled, sample.fillable),
        validity: sample === undefined ? undefined : share(sample.valid, sample.checked),
        fresh: status === 'current' ? true : status === 'stale' ? false : undefined,
        age: sourceTime === undefined ? undefined : Math.max(0, at - Date.parse(sourceTime)),
        held,
        heldShare: held === undefined ? undefined : share(held, held + records),
        perThousand: share(corrections * 1000, records),
      }),
    };
  }

  figures(): Family[] {
    const { dataDir } = this.#parts;
    const all = this.#known.map((id) => [id, qualityDays(dataDir, id)] as const);
    return [
      gauge(
        'yitong_dataset_quality_ratio',
        all.flatMap(([dataset, days]) => {
          const last = days.at(-1);
          return last === undefined
            ? []
            : MEASURES.filter((measure) => measure !== 'perThousand').map(
                (measure) => [{ dataset, measure }, figureOf(last, measure)] as const,
              );
        }),
        'min',
      ),
      gauge(
        'yitong_dataset_quality_worries',
        all.map(([dataset, days]) => [{ dataset }, worriesOf(days).length] as const),
      ),
    ];
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    await this.#looking;
  }
}
