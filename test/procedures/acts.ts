/** People and systems of the reference city, and what they do to tickets. */

import { authorityId } from '../../contracts/ids.js';
import type { Role } from '../../gateway/ground/identity/person.js';
import type { Actor } from '../../gateway/procedures/lifecycles/parties.js';
import type { TicketAct } from '../../gateway/procedures/lifecycles/tickets.js';
import { client } from '../policies/city.js';

/** One that has a penalty on every day of the invented city until the middle of 2033; `feng-company` speaks for it. */
export const COMPANY = { dataset: 'samr.penalties', subject: 'uscc:91990105MA0000193X' } as const;

const person = (
  id: string,
  role: Role,
  parts: { readonly authority?: string; readonly subjects?: readonly string[] },
): Actor => ({ kind: 'person', person: { id, name: id, roles: [role], subjects: [], ...parts } });
export const company = person('feng', 'subject', { subjects: [COMPANY.subject] });
export const stranger = person('he', 'subject', { subjects: ['uscc:91990102MA00001692'] });
export const centre = person('zhou', 'credit-centre', { authority: 'data-bureau' });
export const otherCentre = person('li', 'credit-centre', { authority: 'tax' });
export const provider = person('chen', 'data-officer', { authority: 'samr' });
export const otherProvider = person('wu', 'data-officer', { authority: 'tax' });
export const system: Actor = { kind: 'client', client: { ...client('samr-system'), authority: authorityId('samr') } };

const record: TicketAct['record'] = () => Promise.resolve({ id: 'w1:1', json: '{}' });
export const filing = { act: 'file', fields: { grounds: '处罚对象并非本企业' }, record } as const;
export const act = (
  actor: Actor,
  name: string,
  fields: Readonly<Record<string, string>> = {},
  how: TicketAct['record'] = record,
): TicketAct => ({ actor, act: name, fields, record: how });
