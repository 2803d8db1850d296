/** What somebody who asks for a report sends, checked against its definition. */
import type { SubjectKey } from '../../../contracts/ids.js';
import type { ReportDefinition } from '../../../contracts/reports.js';
import type { Order } from '../compute/index.js';
import { type ReportDesk, refuse } from './desk.js';
import type { ReportRequest } from './port.js';

const MAX_BEARER = 200;

export interface CheckedRequest extends Omit<Order, 'subjects' | 'leftOut'> {
  readonly asker: SubjectKey;
  readonly named: 'group' | readonly SubjectKey[];
  readonly leaveOut: boolean;
}

/** @throws YitongError `not_found`, `bad_request`, `bad_subject` */
export function checkedRequest(desk: ReportDesk, request: ReportRequest): CheckedRequest {
  const definition = desk.definitionOf(request.report);
  const { from, to, purpose } = request;
  desk.checkDays(from, to);
  if (!definition.purposes.has(purpose))
    refuse(`\`purpose\` must be one of ${[...definition.purposes.keys()].map((id) => `\`${id}\``).join(', ')}`);
  const bearer = request.bearer.trim();
  if (bearer === '' || bearer.length > MAX_BEARER)
    refuse(`\`bearer\` names who is shown the report, in 1 to ${String(MAX_BEARER)} characters`);
  const domains = desk.domainsOf(definition, request.domains ?? definition.domains.map(({ id }) => id));
  const asker = desk.subjectOf(definition, request.as);
  const named = namedSubjects(desk, definition, request.subjects);
  return { definition, domains, from, to, purpose, bearer, asker, named, leaveOut: request.leaveOut === true };
}

function namedSubjects(
  desk: ReportDesk,
  definition: ReportDefinition,
  subjects: ReportRequest['subjects'],
): CheckedRequest['named'] {
  if (subjects === 'group') return 'group';
  const named = subjects.map((text) => desk.subjectOf(definition, text));
  if (named.length === 0 || new Set(named).size !== named.length)
    refuse('`subjects` names each company once, and at least one');
  if (named.length > definition.maxSubjects)
    refuse(`the report is about ${String(definition.maxSubjects)} companies at most`);
  return named;
}
