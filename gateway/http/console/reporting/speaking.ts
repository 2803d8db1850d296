/**
 * Which of their companies somebody acts for on the pages of reports, named in addresses by what only the session
 * understands.
 */

import { YitongError } from '../../../../contracts/errors.js';
import { schemeOf } from '../../../../contracts/ids.js';
import type { ReportDefinition } from '../../../../contracts/reports.js';
import { hideSubject, type Session, spokenFor } from '../../people/sessions.js';
import type { Subjects } from '../../ui/speaking.js';

type Definitions = ReadonlyMap<string, ReportDefinition>;

/** @throws YitongError `not_found`, also where none of the person's subjects can have a report */
export function speakingFor(
  session: Session,
  of: string | undefined,
  definitions: Definitions,
  path: string,
): Subjects {
  const schemes = new Set([...definitions.values()].map(({ scheme }) => scheme));
  const companies = session.person.subjects.filter((one) => schemes.has(schemeOf(one)));
  if (companies.length === 0) throw new YitongError('not_found', 'you speak for no company of which there are reports');
  const subject = spokenFor(session, of, companies);
  const hidden = hideSubject(session, subject);
  return {
    subject,
    hidden,
    others: companies.map((one) => ({
      subject: one,
      href: `${path}${path.includes('?') ? '&' : '?'}of=${hideSubject(session, one)}`,
    })),
    query: (before) => (companies.length < 2 ? '' : `${before}of=${hidden}`),
  };
}

/** The first where none is named. @throws YitongError `not_found` */
export function definitionIn(definitions: Definitions, report: string | undefined): ReportDefinition {
  const found = report === undefined ? [...definitions.values()][0] : definitions.get(report);
  if (found === undefined) throw new YitongError('not_found', 'there is no such report');
  return found;
}
