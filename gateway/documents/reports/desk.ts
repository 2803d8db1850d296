/**
 * What all questions about reports share: the definitions, the store, the log, and the checks of what somebody sends.
 */
import { YitongError } from '../../../contracts/errors.js';
import type { SubjectKey } from '../../../contracts/ids.js';
import { type ReportDefinition, reportsOf } from '../../../contracts/reports.js';
import type { Workspace } from '../../../contracts/types.js';
import { parseSubject } from '../../answer/question/request.js';
import { defaultLog, openLog } from '../../ground/logging/log.js';
import type { ActionName, LookName } from '../../log/entries/actions.js';
import { administrationBody, lookedBody } from '../../log/entries/events.js';
import type { Journal, Receipt } from '../../log/entries/port.js';
import { type Computed, type Computing, dayIn, type Order, openComputing } from '../compute/index.js';
import { isDay } from '../compute/rules.js';
import type { GatewayContext } from '../context.js';
import type { Day, Moment } from '../model/model.js';
import type { RecordMarks } from '../model/record-marks.js';
import type { Authorisation } from './authorisation.js';
import type { Asking } from './port.js';
import { recordRelease } from './record-release.js';
import { reportsIn } from './state-store.js';
import { openReportStore, type ReportStore } from './store.js';

/** ms between two removals of what is past its time. */
const SWEEP = 3_600_000;

export type ReportNeeds = Pick<
  GatewayContext,
  'workspace' | 'view' | 'inForce' | 'now' | 'journal' | 'dataDir' | 'state'
>;

/** @throws YitongError `bad_request`, always */
export function refuse(what: string): never {
  throw new YitongError('bad_request', what);
}

export class ReportDesk {
  readonly definitions: ReadonlyMap<string, ReportDefinition>;
  readonly workspace: Workspace;
  readonly journal: Journal;
  readonly computing: Computing;
  /** ms since 1970 */
  readonly now: () => number;
  readonly #dataDir: string;
  readonly #state: ReportNeeds['state'];
  readonly #sweeping: NodeJS.Timeout;
  #store: ReportStore | undefined;
  #closing: Promise<void> | undefined;

  private constructor(definitions: ReadonlyMap<string, ReportDefinition>, context: ReportNeeds, marks: RecordMarks) {
    this.definitions = definitions;
    this.workspace = context.workspace;
    this.journal = context.journal;
    this.now = context.now;
    this.computing = openComputing(context, marks);
    this.#dataDir = context.dataDir;
    this.#state = context.state;
    this.#sweeping = setInterval(() => {
      if (definitions.size > 0) void this.#sweep();
    }, SWEEP).unref();
  }

  /** @throws YitongError `bad_report` */
  static async open(context: ReportNeeds, marks: RecordMarks): Promise<ReportDesk> {
    return new ReportDesk(await reportsOf(context.workspace), context, marks);
  }

  /** Opened with the first question: a workspace without reports has no folder of them. */
  get store(): ReportStore {
    return (this.#store ??= this.#state === undefined ? openReportStore(this.#dataDir) : reportsIn(this.#state));
  }

  /** The same promise however often it is asked: each service that uses reports closes them. */
  close(): Promise<void> {
    return (this.#closing ??= this.#end());
  }

  async #end(): Promise<void> {
    clearInterval(this.#sweeping);
    await this.#store?.close();
  }

  async #sweep(): Promise<void> {
    try {
      await this.store.sweep(this.now());
    } catch (err) {
      const message = 'reports that are past their time could not be removed; tried again in an hour';
      openLog('reports', defaultLog())('error', message, { err });
    }
  }

  today(): Day {
    return dayIn(this.now());
  }

  time(): Moment {
    return new Date(this.now()).toISOString();
  }

  /** @throws YitongError `not_found` */
  definitionOf(report: string): ReportDefinition {
    const found = this.definitions.get(report);
    if (found === undefined) throw new YitongError('not_found', 'there is no such report');
    return found;
  }

  /** @throws YitongError `bad_subject` */
  parse(subject: string): SubjectKey {
    return parseSubject(subject, this.workspace.schemes);
  }

  /** A subject of this report. @throws YitongError `bad_subject` */
  subjectOf(definition: ReportDefinition, text: string): SubjectKey {
    const subject = this.parse(text);
    if (!subject.startsWith(`${definition.scheme}:`))
      throw new YitongError('bad_subject', `the subjects of the report are keyed by \`${definition.scheme}\``);
    return subject;
  }

  /** @throws YitongError `bad_request` */
  checkDays(from: string, to: string): void {
    if (!isDay(from) || !isDay(to) || from > to)
      refuse('`from` and `to` are days, `YYYY-MM-DD`, the first not after the second');
    if (to > this.today()) refuse('`to` lies in the future');
  }

  /** In the order of the definition. @throws YitongError `bad_request` */
  domainsOf({ domains }: ReportDefinition, ids: readonly string[]): Order['domains'] {
    const found = domains.filter(({ id }) => ids.includes(id));
    if (found.length === 0 || found.length !== ids.length)
      refuse('`domains` names each domain of the report that is asked for, once');
    return found;
  }

  /** From the registers as they are now. Nothing of it is on record yet, so nothing of it may leave. */
  compute(order: Order, { stated, progress }: Asking): Promise<Computed> {
    const of = order.subjects.length;
    return this.computing.compute(order, stated, (done) => progress?.(done, of));
  }

  /**
   * Puts on record what was computed, before it leaves.
   * @param counts records that leave, by subject and then by the plan's dataset
   * @param body what leaves
   * @throws YitongError `audit_unavailable`
   */
  recordRelease(
    { plan, client, started }: Computed,
    { definition, subjects }: Order,
    asking: Asking,
    counts: readonly (readonly number[])[],
    body: string,
  ): Promise<Receipt> {
    return recordRelease(this.journal, {
      plan,
      client,
      purpose: definition.purpose,
      report: definition.id,
      ...asking,
      started,
      subjects: subjects.map(({ subject }) => subject),
      counts,
      body,
    });
  }

  /**
   * What is done to an authorisation or an invitation, on record under the key of the company that gives or is asked.
   * @throws YitongError `audit_unavailable`
   */
  recordAct(
    asking: Asking,
    action: ActionName,
    target: Pick<Authorisation, 'id' | 'report' | 'from' | 'to'>,
    detail: Readonly<Record<string, unknown>>,
  ): Promise<Receipt> {
    return this.journal.append({
      clear: administrationBody({
        time: this.time(),
        action,
        by: asking.by,
        target: target.id,
        detail: { report: target.report, ...detail },
      }),
      subject: { subject: target.from, json: JSON.stringify({ ...asking.stated, to: target.to }) },
    });
  }

  /**
   * That somebody looked at what is kept of a company.
   * @param results how many things were shown
   * @throws YitongError `audit_unavailable`
   */
  recordLook(
    asking: Asking,
    action: LookName,
    subject: SubjectKey,
    detail: Readonly<Record<string, unknown>>,
    results: number,
  ): Promise<Receipt> {
    return this.journal.append({
      clear: lookedBody({
        time: this.time(),
        requestId: asking.requestId,
        action,
        role: asking.by,
        detail,
        results,
      }),
      subject: { subject, json: JSON.stringify({ ...asking.stated }) },
    });
  }
}
