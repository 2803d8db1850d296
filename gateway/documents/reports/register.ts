/** The register of companies as one question reads it: entry by entry as they are needed, then put on record. */
import { canonicalJson } from '../../../contracts/canonical.js';
import { YitongError } from '../../../contracts/errors.js';
import type { SubjectKey } from '../../../contracts/ids.js';
import type { ReportDefinition } from '../../../contracts/reports.js';
import type { Plan } from '../../answer/question/plan.js';
import type { Receipt } from '../../log/entries/port.js';
import type { LeftOut } from '../model/model.js';
import type { ReportDesk } from './desk.js';
import { type Entry, entryOf } from './group.js';
import type { Asking } from './port.js';
import { recordRelease } from './record-release.js';

export class CompanyRegister {
  readonly #desk: ReportDesk;
  readonly #definition: ReportDefinition;
  readonly #asking: Asking;
  readonly #plan: Plan;
  /** Entries that were read: how many of whom goes on record. */
  readonly #read = new Map<SubjectKey, Entry>();

  constructor(desk: ReportDesk, definition: ReportDefinition, asking: Asking) {
    this.#desk = desk;
    this.#definition = definition;
    this.#asking = asking;
    this.#plan = desk.computing.registerPlan(definition, asking.stated);
  }

  /** No policy lets the report's client read it: then nobody is told anything, and that is on record. */
  get denied(): boolean {
    return this.#plan.read.length === 0;
  }

  /** Of a company that the register does not have: without a name. */
  async entry(subject: SubjectKey): Promise<Entry> {
    let known = this.#read.get(subject);
    if (known === undefined) this.#read.set(subject, (known = await this.#readEntry(subject)));
    return known;
  }

  async #readEntry(subject: SubjectKey): Promise<Entry> {
    const { computing, workspace } = this.#desk;
    const scheme = workspace.schemes.get(this.#definition.scheme);
    const [row] = (await computing.reader.one(this.#plan, subject))[0] ?? [];
    return row === undefined || scheme === undefined ? { related: [] } : entryOf(this.#definition, scheme, row.value);
  }

  /**
   * Puts on record what was read, before it is told.
   * @param self the company that asked: it stands there where nothing was read
   * @param started ms since 1970
   * @param body what is told
   * @throws YitongError `audit_unavailable`; `denied`, once that is on record
   */
  async recordRead(self: SubjectKey, started: number, body: string): Promise<Receipt> {
    const subjects = this.#read.size === 0 ? [self] : [...this.#read.keys()];
    const counts = subjects.map((subject) => [this.#read.get(subject)?.name === undefined ? 0 : 1]);
    const receipt = await this.#record(subjects, counts, started, body);
    if (this.denied) throw new YitongError('denied', 'the register of companies may not be asked');
    return receipt;
  }

  /** Who is left out of a report is told by name, and so is on record. */
  async recordLeftOut(leftOut: readonly LeftOut[] | undefined, started: number): Promise<void> {
    if (leftOut === undefined || leftOut.length === 0) return;
    const subjects = leftOut.map(({ subject }) => subject as SubjectKey);
    const counts = subjects.map(() => [1]);
    await this.#record(subjects, counts, started, canonicalJson(leftOut));
  }

  #record(
    subjects: readonly SubjectKey[],
    counts: readonly (readonly number[])[],
    started: number,
    body: string,
  ): Promise<Receipt> {
    const definition = this.#definition;
    return recordRelease(this.#desk.journal, {
      plan: this.#plan,
      client: this.#desk.computing.clientOf(definition),
      purpose: definition.purpose,
      report: definition.id,
      ...this.#asking,
      started,
      subjects,
      counts,
      body,
    });
  }
}
