/** What a company is called that somebody asks about, as far as their role may be told. */
import type { FastifyRequest } from 'fastify';
import type { SubjectKey } from '../../../../contracts/ids.js';
import type { GatewayContext } from '../../../documents/context.js';
import { namesOfCompanies } from '../../../documents/names/lookup.js';
import type { Role } from '../../../ground/identity/person.js';
import { sessionOf } from '../../plugins/people.js';

/**
 * On record before it is told; undefined where there is no name to tell, or nobody is asked about.
 * @throws YitongError `audit_unavailable`
 */
export async function calledFor(
  context: GatewayContext,
  request: FastifyRequest,
  role: Role,
  subject: string | undefined,
): Promise<string | undefined> {
  if (subject === undefined) return undefined;
  const names = await namesOfCompanies(context);
  const { person } = sessionOf(request);
  return names.called(subject as SubjectKey, {
    person,
    role,
    requestId: request.id,
    record: request.server.people.record,
  });
}
