/**
 * Reading registers for documents and look-ups: decided once a dataset as a query is, then one range read a subject,
 * all over one cut.
 */

import { YitongError } from '../../../contracts/errors.js';
import type { DatasetId, SubjectKey } from '../../../contracts/ids.js';
import { present } from '../../../contracts/present.js';
import type { Client, Decision } from '../../../policies/types.js';
import { Out } from '../projection/index.js';
import type { Closed } from '../question/closed-records.js';
import type { Plan, Plans } from '../question/plan.js';
import type { StatedCase } from '../question/request.js';
import { leastCut, leastState } from '../view/least.js';
import type { Cut, DatasetState, ReadPoint, ViewReader, ViewReading } from '../view/port.js';

export interface AskedDataset {
  readonly id: DatasetId;
  readonly fields: readonly string[];
  /** Without the values of these a record cannot be judged. */
  readonly needs: readonly string[];
}

export interface Row {
  readonly recordId: string;
  /** Partition and offset. */
  readonly version: string;
  readonly value: unknown;
  /** Its register gives it to nobody; then there is no value. */
  readonly closed?: Closed;
}

interface Reading {
  /** In the order of the subjects; then of `plan.readIds`. */
  readonly rows: readonly (readonly (readonly Row[])[])[];
  readonly cut: Cut;
  /**
   * Of each of `plan.readIds`, of what holds the subjects: no younger than the rows, so that "none on record" is never
   * said on the strength of a watermark that came later.
   */
  readonly states: ReadonlyMap<DatasetId, DatasetState>;
}

/** Whether the value at a path is released. */
const isReleased = ({ fields }: Decision, path: string): boolean =>
  fields.some((field) => field.as === 'value' && (field.path === path || path.startsWith(`${field.path}.`)));

/** The plan over all datasets that can be judged; what is denied, or lacks what a rule needs, answers nothing. */
export function planOf(
  plans: Plans,
  client: Client,
  purpose: string,
  datasets: readonly AskedDataset[],
  stated: StatedCase | undefined,
  now: number,
): Plan {
  const asked = {
    purpose,
    ...present({ case: stated }),
    datasets: datasets.map(({ id, fields }) => ({ id, fields })),
  };
  const plan = plans.for(client, asked, now);
  const judged = datasets.filter(({ needs }, i) => {
    const planned = plan.datasets[i];
    return planned?.allowed === undefined || needs.every((path) => isReleased(planned.decision, path));
  });
  if (judged.length === datasets.length) return plan;
  return plans.for(client, { ...asked, datasets: judged.map(({ id, fields }) => ({ id, fields })) }, now);
}

/** How often subjects that stand on several servers are read anew, where a register without history moves on. */
const TRIES = 5;
/** Subjects between two turns of the event loop: a large group does not keep others waiting. */
const SLICE = 25;
const NOW: ReadPoint = { kind: 'now' };
const same = (a: Cut, b: Cut): boolean => JSON.stringify(a) === JSON.stringify(b);

export interface Reader {
  /** @param progress called with how many subjects have been read */
  all(plan: Plan, subjects: readonly SubjectKey[], progress?: (done: number) => void): Promise<Reading>;
  one(plan: Plan, subject: SubjectKey): Promise<readonly (readonly Row[])[]>;
}

export const openReader = (view: ViewReader): Reader => new RegisterReader(view);

class RegisterReader implements Reader {
  readonly #view: ViewReader;
  readonly #scratch = new Out();

  constructor(view: ViewReader) {
    this.#view = view;
  }

  /** Undefined where a dataset cannot be read at that point. */
  #read(view: ViewReading, plan: Plan, subject: SubjectKey, at: ReadPoint): Row[][] | undefined {
    const scratch = this.#scratch;
    const rows: Row[][] = plan.read.map(() => []);
    const outcomes = view.read(subject, plan.readIds, at, (i, version) => {
      const dataset = plan.read[i];
      if (dataset === undefined)
        throw new YitongError('internal', 'the view answered for a dataset that was not asked');
      const named = { recordId: version.recordId, version: `${String(version.partition)}:${String(version.offset)}` };
      if (!dataset.rows(subject, version)) {
        const closed = dataset.closed?.(subject, version);
        if (closed !== undefined) rows[i]?.push({ ...named, value: undefined, closed });
        return;
      }
      scratch.pos = 0;
      dataset.projection(version.schemaId).write(version.bytes, version.start, version.end, scratch);
      rows[i]?.push({ ...named, value: JSON.parse(scratch.written().toString('utf8')) });
    });
    return outcomes.every((outcome) => outcome === 'ok') ? rows : undefined;
  }

  #newest(view: ViewReading, plan: Plan, subject: SubjectKey): Row[][] {
    const rows = this.#read(view, plan, subject, NOW);
    if (rows === undefined) throw new YitongError('view_unavailable', 'the view does not answer for now');
    return rows;
  }

  async one(plan: Plan, subject: SubjectKey): Promise<readonly (readonly Row[])[]> {
    const view = this.#view;
    const from = view.fetch === undefined ? view : await view.fetch([subject], plan.readIds, NOW);
    return this.#newest(from, plan, subject);
  }

  all(
    plan: Plan,
    subjects: readonly SubjectKey[],
    progress: (done: number) => void = () => undefined,
  ): Promise<Reading> {
    return this.#view.fetch === undefined
      ? this.#inTurns(plan, subjects, progress)
      : this.#fetched(this.#view.fetch, plan, subjects, progress);
  }

  /** Within one turn of the event loop the view stands still. */
  #inOneTurn(plan: Plan, subjects: readonly SubjectKey[]): Pick<Reading, 'rows' | 'cut'> {
    const rows = subjects.map((subject) => this.#newest(this.#view, plan, subject));
    return { rows, cut: this.#view.cut(plan.readIds) };
  }

  /** From a view in place. */
  async #inTurns(plan: Plan, subjects: readonly SubjectKey[], progress: (done: number) => void): Promise<Reading> {
    const states = new Map(plan.readIds.map((id) => [id, this.#view.datasetState(id)]));
    const first = this.#inOneTurn(plan, subjects.slice(0, SLICE));
    const rows = [...first.rows];
    progress(rows.length);
    while (rows.length < subjects.length) {
      await new Promise((resolve) => setImmediate(resolve));
      const slice = subjects.slice(rows.length, rows.length + SLICE);
      const next = this.#inOneTurn(plan, slice);
      // others published meanwhile: what they published is not of this cut
      const rowsOfCut = same(next.cut, first.cut)
        ? next.rows
        : slice.map((subject) => this.#read(this.#view, plan, subject, { kind: 'cut', cut: first.cut }));
      if (!rowsOfCut.every((one) => one !== undefined)) {
        // a register that keeps no history has moved on: all of it anew, without a pause
        const whole = this.#inOneTurn(plan, subjects);
        progress(subjects.length);
        return { ...whole, states };
      }
      rows.push(...rowsOfCut);
      progress(rows.length);
    }
    return { rows, cut: first.cut, states };
  }

  /**
   * From a view that is fetched: as it is now, where all that holds the subjects stands at one cut, and else once more
   * at the least of their cuts.
   */
  async #fetched(
    fetch: NonNullable<ViewReader['fetch']>,
    plan: Plan,
    subjects: readonly SubjectKey[],
    progress: (done: number) => void,
  ): Promise<Reading> {
    for (let tries = 0; tries < TRIES; tries++) {
      const now = await fetch(subjects, plan.readIds, NOW);
      const newest = subjects.map((subject) => this.#newest(now, plan, subject));
      const cuts = subjects.map((subject) => now.cut(plan.readIds, subject));
      const states = new Map(
        plan.readIds.map((id) => [id, leastState(subjects.map((subject) => now.datasetState(id, subject)))]),
      );
      const cut = leastCut(cuts);
      if (cuts.every((one) => same(one, cut))) {
        progress(subjects.length);
        return { rows: newest, cut, states };
      }
      const at: ReadPoint = { kind: 'cut', cut };
      const then = await fetch(subjects, plan.readIds, at);
      const rows = subjects.map((subject) => this.#read(then, plan, subject, at));
      // one that keeps no history may have moved on
      if (rows.every((one) => one !== undefined)) {
        progress(subjects.length);
        return { rows, cut, states };
      }
    }
    throw new YitongError('view_unavailable', 'the registers move on faster than they can be read at one moment');
  }
}
