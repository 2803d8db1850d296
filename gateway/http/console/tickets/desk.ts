/** What the pages of tickets work with: tickets of whoever is signed in, the registers they are about, and names. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import type { Localised } from '../../../../contracts/types.js';
import type { GatewayContext } from '../../../documents/context.js';
import { type Person, ROLES, type Role } from '../../../ground/identity/person.js';
import { isUse } from '../../../procedures/lifecycles/effects.js';
import type { Actor } from '../../../procedures/lifecycles/parties.js';
import { concerned, type RecordReader, recordReader } from '../../../procedures/lifecycles/records.js';
import type { TicketAct } from '../../../procedures/lifecycles/tickets.js';
import { useWords } from '../../people/complaints.js';

export const PATH = '/console/tickets';

export const actorOf = (person: Person): Actor => ({ kind: 'person', person });

/**
 * Roles of whoever is a party of some lifecycle.
 * @throws YitongError `bad_lifecycle` where a lifecycle names one that nobody can have
 */
function rolesIn(lifecycles: GatewayContext['tickets']['lifecycles']): readonly Role[] {
  const named = new Set(
    [...lifecycles.values()].flatMap(({ parties }) => Object.values(parties).map(({ role }) => role)),
  );
  for (const role of named)
    if (!ROLES.some((one) => one === role))
      throw new YitongError(
        'bad_lifecycle',
        `a lifecycle names the role \`${role}\`, which nobody can have; there are ${ROLES.join(', ')}`,
      );
  return ROLES.filter((role) => named.has(role));
}

/** What the pages of tickets work with. */
export function openDesk(app: FastifyInstance, context: GatewayContext) {
  const { workspace, tickets } = context;
  const { record } = app.people;
  const roles = rolesIn(tickets.lifecycles);
  const reader: RecordReader = recordReader(context);
  const datasets = concerned(workspace, tickets);
  /** Of which a company can say that something is missing in them. */
  const lacking = concerned(workspace, tickets, true);
  /** On record under the company's key where the company acts, under the officer's own where an officer does. */
  const recording =
    (request: FastifyRequest, person: Person): TicketAct['record'] =>
    ({ subject, detail, ...deed }) =>
      record.did(person, {
        ...deed,
        detail: { requestId: request.id, ...detail },
        ...(deed.role === 'subject' ? { subject } : {}),
      });

  const nameOf = (id: string): Localised =>
    isUse(id)
      ? useWords(workspace, id)
      : ([...datasets, ...lacking].find((one) => one.id === id)?.name ?? { zh: '已停用的数据集', en: id });
  return { context, workspace, tickets, record, roles, reader, datasets, lacking, recording, nameOf };
}
export type Desk = ReturnType<typeof openDesk>;
