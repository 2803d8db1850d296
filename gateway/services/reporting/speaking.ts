/** Which of their companies somebody acts for on the pages of reports, named in addresses by what only the session understands. */
import type { ReportDefinition } from '../../../contracts/reports.js';
import type { Subjects } from '../../console/pages/reports/speaking.js';
import { hideSubject, spokenFor, type Session } from '../../people/sessions.js';

/** Undefined where none of the person's subjects can have a report. @throws YitongError `not_found` */
export function speakingFor(session: Session, of: string | undefined, definitions: ReadonlyMap<string, ReportDefinition>, path: string): Subjects | undefined {
  const schemes = new Set([...definitions.values()].map(({ scheme }) => scheme));
  const companies = session.person.subjects.filter((one) => schemes.has(one.slice(0, one.indexOf(':'))));
  if (companies.length === 0) return undefined;
  const subject = spokenFor(session, of, companies);
  const hidden = hideSubject(session, subject);
  return {
    subject, hidden,
    others: companies.map((one) => ({ subject: one, href: `${path}${path.includes('?') ? '&' : '?'}of=${hideSubject(session, one)}` })),
    query: (before) => (companies.length < 2 ? '' : `${before}of=${hidden}`),
  };
}
