/** What the pages of applications work with: the matters of whoever is signed in, the catalogue, and names. */

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { bundlesOf } from '../../../../contracts/bundle/load.js';
import { YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import type { ReportDefinition } from '../../../../contracts/reports.js';
import type { Contract } from '../../../../contracts/types.js';
import type { GatewayContext } from '../../../documents/context.js';
import { reportsOf } from '../../../documents/reports/index.js';
import { type Person, type Role, roleNames } from '../../../ground/identity/person.js';
import type { LookName } from '../../../log/entries/actions.js';
import { type SharingDesk, sharingDeskOf } from '../../../procedures/sharing/opened.js';
import type { MatterAct, MatterActor, OpenedMatter, SeenMatter } from '../../../procedures/sharing/types.js';
import { roleOf, sessionOf } from '../../plugins/people.js';
import { namesFor } from './reading.js';
import type { Readers } from './smallest.js';

export const MACHINE = 'application';
export const READERS = [
  'sharing-officer',
  'sharing-head',
  'department-head',
  'sharing-authority',
  'superior-authority',
  'government',
] as const satisfies readonly Role[];
export const APPLIES = ['sharing-officer'] as const satisfies readonly Role[];

/** Of one tray. More is never waited for by one officer. */
const MOST = 1000;
const PAGE = 200;

export function openDesk(app: FastifyInstance, context: GatewayContext) {
  const { record } = app.people;
  const { workspace } = context;
  const desk = sharingDeskOf(context);
  app.addHook('onClose', () => desk.close());
  const sharing = (): Promise<SharingDesk> => desk.desk();
  const matters = async () => (await sharing()).matters;
  const actorIs = (person: Person): MatterActor => ({ kind: 'person', person });
  const actorOf = (request: FastifyRequest): MatterActor => actorIs(sessionOf(request).person);
  const authorityOf = (request: FastifyRequest): string | undefined => sessionOf(request).person.authority;

  /** Acts stand under the key of whoever does them, or of the subject that they are about. */
  const recordOf =
    (request: FastifyRequest): MatterAct['record'] =>
    ({ action, role, target, detail, subject, about }) =>
      record.did(sessionOf(request).person, {
        action,
        role,
        target,
        detail: { requestId: request.id, ...detail },
        about,
        ...present({ subject }),
      });
  const looked = async (request: FastifyRequest, action: LookName, results: number, detail = {}): Promise<void> => {
    const { person } = sessionOf(request);
    await record.looked(person, { requestId: request.id, action, role: roleOf(request, person), detail, results });
  };

  async function all(person: Person, tray: 'todo' | 'open' | 'over'): Promise<readonly SeenMatter[]> {
    const found: SeenMatter[] = [];
    let after: string | undefined;
    do {
      const page = await (await matters()).list(actorIs(person), {
        tray,
        limit: PAGE,
        ...present({ after }),
      });
      found.push(...page.matters);
      after = page.next;
    } while (after !== undefined && found.length < MOST);
    return found;
  }

  async function opened(request: FastifyRequest, id: string): Promise<OpenedMatter> {
    if (!/^[0-9a-f]{16}$/.test(id)) throw new YitongError('not_found', 'there is no such matter');
    return (await matters()).get(id, actorOf(request));
  }

  /** What says which fields a purpose reads. */
  async function readers(): Promise<Readers> {
    const { bundles, elements } = await bundlesOf(workspace);
    const reports: ReadonlyMap<string, ReportDefinition> = (await reportsOf(context)).definitions;
    return { bundles, elements, reports, policies: context.inForce().policies };
  }
  /** Own systems that may ask. */
  const systemsOf = (request: FastifyRequest) =>
    [...context.inForce().policies.clients.values()].filter(
      ({ authority, status }) => authority === authorityOf(request) && status === 'active',
    );
  const contractOf = (id: string): Contract | undefined =>
    (workspace.contracts as ReadonlyMap<string, Contract>).get(id);

  return {
    context,
    workspace,
    sharing,
    matters,
    actorOf,
    authorityOf,
    recordOf,
    looked,
    all,
    opened,
    readers,
    contractOf,
    systemsOf,
  };
}
export type Desk = ReturnType<typeof openDesk>;

/** Authority and capacity, in words. */
export const whoIs = (desk: Desk, request: FastifyRequest): string => {
  const { person } = sessionOf(request);
  const authority = namesFor(desk.context).authority(person.authority)[request.language];
  return [person.authority === undefined ? '' : authority, roleNames[roleOf(request, person)][request.language]]
    .filter(Boolean)
    .join(' · ');
};

/** From 1. @throws YitongError `bad_request` */
export function pageOf(given = '1'): number {
  if (!/^[1-9]\d{0,4}$/.test(given)) throw new YitongError('bad_request', '`page` is not a number from 1');
  return Number(given);
}
