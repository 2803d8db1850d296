/** What a company is called that somebody asks about, as far as their role may be told. */
import type { FastifyRequest } from 'fastify';
import type { SubjectKey } from '../../../../contracts/ids.js';
import type { GatewayContext } from '../../../documents/context.js';
import { namesOfCompanies } from '../../../documents/names/lookup.js';
import type { Role } from '../../../ground/identity/person.js';
import { calledFor } from '../../ui/called.js';

/**
 * On record before it is told; undefined where there is no name to tell, or nobody is asked about.
 * @throws YitongError `audit_unavailable`
 */
export async function calledOne(
  context: GatewayContext,
  request: FastifyRequest,
  role: Role,
  subject: string | undefined,
): Promise<string | undefined> {
  if (subject === undefined) return undefined;
  const key = subject as SubjectKey;
  return (await calledFor(await namesOfCompanies(context), request, role, [key])).get(key);
}
