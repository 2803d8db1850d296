/**
 * Reports (专用信用报告 and its like): the port for services and pages. Each function puts on record what it tells before
 * it tells it.
 */

import { correctionMarksOf } from '../../procedures/sharing/marks.js';
import type { GatewayContext } from '../context.js';
import { noMarks, type RecordMarks } from '../model/record-marks.js';
import { Authorising } from './authorising.js';
import { ReportDesk, type ReportNeeds } from './desk.js';
import { Issuing } from './issuing.js';
import type { Reports } from './port.js';
import { Revoking } from './revoking.js';
import { NO_NUMBERS } from './store.js';
import { Verifying } from './verifying.js';

export type { Authorisation, Invitation } from './authorisation.js';
export type { RecordChange, ReportChanges, SectionChange } from './changes.js';
export type { Member } from './group.js';
export type * from './port.js';
export type { Issued, IssuedRow, Numbers, Outcome } from './store.js';

/** @throws YitongError `bad_report` */
export async function openReports(context: ReportNeeds, marks: RecordMarks = noMarks): Promise<Reports> {
  const desk = await ReportDesk.open(context, marks);
  const { definitions } = desk;
  const issuing = new Issuing(desk);
  const verifying = new Verifying(desk);
  const authorising = new Authorising(desk);
  const revoking = new Revoking(desk);
  return {
    definitions,

    groupOf: (...asked) => issuing.groupOf(...asked),
    preview: (...asked) => issuing.preview(...asked),
    issue: (...asked) => issuing.issue(...asked),
    states: (...asked) => issuing.states(...asked),

    listFor: (...asked) => verifying.listFor(...asked),
    find: (...asked) => verifying.find(...asked),
    changesOf: (...asked) => verifying.changesOf(...asked),
    idOfCode: (code) => verifying.idOfCode(code),
    isCodeOf: (id, code) => verifying.isCodeOf(id, code),
    verifyCode: (...asked) => verifying.verifyCode(...asked),
    changes: (...asked) => verifying.changes(...asked),
    compare: (...asked) => verifying.compare(...asked),
    part: (...asked) => verifying.part(...asked),
    look: (...asked) => verifying.look(...asked),

    credentialUntil: (id) => revoking.credentialUntil(id),
    remember: (id, place) => revoking.remember(id, place),
    revoke: (...asked) => revoking.revoke(...asked),
    presented: (...asked) => revoking.presented(...asked),
    revocations: () => revoking.revocations(),

    authorise: (...asked) => authorising.authorise(...asked),
    withdraw: (...asked) => authorising.withdraw(...asked),
    authorisationsOf: (...asked) => authorising.authorisationsOf(...asked),
    hasAuthorised: (...asked) => authorising.hasAuthorised(...asked),
    invite: (...asked) => authorising.invite(...asked),
    isInvited: (...asked) => authorising.isInvited(...asked),
    decline: (...asked) => authorising.decline(...asked),

    keptUntil: async (id) => desk.store.keptUntil(id),
    numbers: async () => (definitions.size === 0 ? NO_NUMBERS : desk.store.numbers()),
    sweep: async (at) => desk.store.sweep(at),
    close: () => desk.close(),
  };
}

/** The first of these companies that has invitations to answer, or this one. */
export async function firstInvited(
  reports: Reports,
  subjects: readonly string[],
  invitation?: string,
): Promise<string | undefined> {
  const invited = await Promise.all(subjects.map((subject) => reports.isInvited(subject, invitation)));
  return subjects.find((_, at) => invited[at] === true);
}

const opened = new WeakMap<object, Promise<Reports>>();

/** The reports of one face of a worker, opened with the first question. */
export function reportsOf(context: GatewayContext): Promise<Reports> {
  let known = opened.get(context);
  if (known === undefined) {
    known = openMarked(context);
    // what cannot be known now is asked for again
    known.catch(() => opened.delete(context));
    opened.set(context, known);
  }
  return known;
}

/** With what is under way of records: objections, and corrections that departments have asked for. */
async function openMarked(context: GatewayContext): Promise<Reports> {
  const { effects } = context.tickets;
  const corrections = correctionMarksOf(context);
  try {
    await corrections.ready();
    const reports = await openReports(context, {
      marks: (of) => [
        ...effects.marks(of),
        ...(corrections.marked(of.dataset, of.subject, of.recordId) ? (['correction'] as const) : []),
      ],
      missing: (of) => effects.missing(of),
      hidden: (of) => effects.hidden(of),
    });
    let closing: Promise<void> | undefined;
    const close = async (): Promise<void> => {
      await corrections.close();
      await reports.close();
    };
    return { ...reports, close: () => (closing ??= close()) };
  } catch (error) {
    await corrections.close();
    throw error;
  }
}
