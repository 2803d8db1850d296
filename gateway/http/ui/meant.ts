/** Whom a field of a form means: a company by its key as ever, or by its name. */
import type { FastifyRequest } from 'fastify';
import { isYitongError } from '../../../contracts/errors.js';
import type { SubjectKey } from '../../../contracts/ids.js';
import type { LookUp, Names } from '../../documents/names/lookup.js';
import type { Role } from '../../ground/identity/person.js';
import { sessionOf } from '../plugins/people.js';

/** `key`: it is one. `name`: it was looked up, and whoever asked chooses. */
type Meant = { readonly kind: 'key'; readonly subject: SubjectKey } | { readonly kind: 'name'; readonly found: LookUp };

/**
 * A name has letters that no key has: Chinese ones. What looks like a key and is none is told as such, and looked up
 * nowhere.
 */
const NAME = /\p{Script=Han}/u;

/**
 * @param parse a key's own rule @throws YitongError what `parse` throws, where the text is no name; `rate_limited`,
 * `audit_unavailable`
 */
export async function meant(
  text: string,
  parse: (text: string) => SubjectKey,
  names: Names,
  request: FastifyRequest,
  role: Role,
): Promise<Meant> {
  try {
    return { kind: 'key', subject: parse(text) };
  } catch (error) {
    if (!isYitongError(error) || !NAME.test(text) || names.definition === undefined) throw error;
    const { person } = sessionOf(request);
    const found = await names.find(text, { person, role, requestId: request.id, record: request.server.people.record });
    if (found.kind !== 'found' || found.more || found.choices.length > 1) return { kind: 'name', found };
    const [only] = found.choices;
    // the one company of that very name needs no choice
    return only?.exact === true ? { kind: 'key', subject: only.subject } : { kind: 'name', found };
  }
}
