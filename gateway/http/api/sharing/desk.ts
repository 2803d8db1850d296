/** What the routes of sharing work with: whose system asks, who acts in it, and what goes on record. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import { OFFICER_ROLES } from '../../../../contracts/lifecycle/program-names.js';
import { present } from '../../../../contracts/present.js';
import type { Client } from '../../../../policies/types.js';
import type { GatewayContext } from '../../../documents/context.js';
import type { Json } from '../../../ground/state/port.js';
import { administrationBody } from '../../../log/entries/events.js';
import { sharingDeskOf, supplying } from '../../../procedures/sharing/opened.js';
import type { MatterAct, MatterActor, MatterDeed } from '../../../procedures/sharing/types.js';
import type { ActBody } from './schema.js';

export const tags = ['sharing'];
export const iso = (at: number): string => new Date(at).toISOString();

type Officer = NonNullable<ActBody['officer']>;

/** What the routes work with. */
export function openDesk(app: FastifyInstance, context: GatewayContext) {
  const { journal } = context;
  const sharing = sharingDeskOf(context);
  const stop = supplying(context, sharing, (error) =>
    app.log.warn({ err: error }, 'what was agreed to is not supplied by the platform'),
  );
  app.addHook('onClose', async () => {
    await stop();
    await sharing.close();
  });
  const actorOf = (client: Client, officer: Officer | undefined): MatterActor => ({
    kind: 'client',
    client,
    ...present({ officer }),
  });
  /** Under the subject's key where there is one; else under that of whoever acted. */
  const recording =
    (request: FastifyRequest, client: Client, officer: Officer | undefined) =>
    ({ action, target, detail, subject, about }: MatterDeed) =>
      journal.append({
        clear: administrationBody({
          time: iso(context.now()),
          action,
          by: client.id,
          target,
          detail: { requestId: request.id, ...detail },
        }),
        subject: {
          subject: subject ?? `person:client:${client.id}${officer === undefined ? '' : `|${officer.id}`}`,
          json: JSON.stringify(about),
        },
      });
  function acting(request: FastifyRequest, client: Client, body: ActBody): MatterAct {
    const { act, fields = {}, content, officer, key, part, clock, days } = body;
    return {
      actor: actorOf(client, officer),
      act,
      fields,
      record: recording(request, client, officer),
      ...present({ content: content as Json | undefined, key, part, clock, days }),
    };
  }
  const looked = (request: FastifyRequest, client: Client, ids: readonly string[]): Promise<unknown> =>
    journal.append({
      clear: administrationBody({
        time: iso(context.now()),
        action: 'matters_shown',
        by: client.id,
        detail: { requestId: request.id, ids },
      }),
    });
  return { context, desk: () => sharing.desk(), actorOf, acting, recording, looked };
}
export type Desk = ReturnType<typeof openDesk>;

/** Of the officer for whom a system asks. */
export function officerOf(role: string | undefined): Officer | undefined {
  if (role === undefined) return undefined;
  const found = OFFICER_ROLES.find((one) => one === role);
  if (found === undefined) throw new YitongError('bad_request', `\`role\` is one of ${OFFICER_ROLES.join(', ')}`);
  return { id: '-', role: found };
}
