/**
 * Officers for whom a system of their department acts over HTTP: who that is, and how it goes on record. Their name
 * stands under a key of its own.
 */
import type { FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { present } from '../../../contracts/present.js';
import type { Contract } from '../../../contracts/types.js';
import { strict } from '../../answer/question/request.js';
import { clientOf, type GatewayContext } from '../../documents/context.js';
import type { ActionName } from '../../log/entries/actions.js';
import { administrationBody } from '../../log/entries/events.js';
import { checkStill } from '../plugins/identity.js';
import type { Officer } from './mend-drafts.js';

export const officerSchema = Type.Object(
  {
    id: Type.String({
      minLength: 1,
      maxLength: 200,
      pattern: '^[^|]*$',
      description: 'as the identity provider of the console knows them (`sub`), whatever your system calls them',
    }),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 80, description: 'as the draft shows it' })),
  },
  { ...strict, description: 'who acts in your system, which answers for that' },
);
type NamedOfficer = Static<typeof officerSchema>;

type Detail = Readonly<Record<string, unknown>>;

interface ClientOfficer {
  readonly officer: Officer;
  /** @throws YitongError `audit_unavailable`, and where the client may not any longer */
  did(action: ActionName, contract: Contract, detail: Detail): Promise<unknown>;
}

interface Officers {
  /** A look or an act of the client itself. */
  note(request: FastifyRequest, action: ActionName, contract: Contract, detail: Detail): Promise<unknown>;
  actor(request: FastifyRequest, named: NamedOfficer): ClientOfficer;
}

export function clientOfficers(context: GatewayContext): Officers {
  const { journal, now } = context;
  const append = (
    request: FastifyRequest,
    action: ActionName,
    contract: Contract,
    detail: Detail,
    subject?: { readonly subject: string; readonly json: string },
  ): Promise<unknown> =>
    journal.append({
      clear: administrationBody({
        time: new Date(now()).toISOString(),
        action,
        by: clientOf(request).id,
        target: contract.id,
        detail: { requestId: request.id, ...detail },
      }),
      ...present({ subject }),
    });
  return {
    note: append,
    actor(request, { id, name = id }) {
      const client = clientOf(request);
      const officer = { id: `client:${client.id}|${id}`, name, via: client.id };
      return {
        officer,
        async did(action, contract, detail) {
          const subject = { subject: `person:${officer.id}`, json: JSON.stringify({ name }) };
          await append(request, action, contract, detail, subject);
          checkStill(context, request, client);
        },
      };
    },
  };
}
