/** What companies are called that a page would else tell by their codes alone. */
import type { FastifyRequest } from 'fastify';
import type { SubjectKey } from '../../../contracts/ids.js';
import type { Names } from '../../documents/names/lookup.js';
import type { Role } from '../../ground/identity/person.js';
import { sessionOf } from '../plugins/people.js';

/** Of those that the register knows, and whose names this role may be told; that they are told is on record first. */
export const calledFor = (
  names: Pick<Names, 'named'>,
  request: FastifyRequest,
  role: Role,
  subjects: readonly SubjectKey[],
): Promise<ReadonlyMap<SubjectKey, string>> =>
  names.named(subjects, {
    person: sessionOf(request).person,
    role,
    requestId: request.id,
    record: request.server.people.record,
  });
