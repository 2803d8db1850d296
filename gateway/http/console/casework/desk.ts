/** What the pages of cases work with: the cases of whoever is signed in, names, and how looks and acts go on record. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { authorityTitle } from '../../../../contracts/authorities.js';
import { YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import { authorityThere } from '../../../../policies/regions.js';
import type { GatewayContext } from '../../../documents/context.js';
import type { LookName } from '../../../log/entries/actions.js';
import { caseDeskOf } from '../../../procedures/cases/opened.js';
import type { CaseActor, HowDone } from '../../../procedures/cases/types.js';
import { roleOf, sessionOf } from '../../plugins/people.js';

export const PATH = '/console/casework';
export const OFFICER = ['case-officer'] as const;

/** Whoever shows what was read puts it on record. */
export const unrecorded: HowDone['record'] = async () => ({ id: '', json: '' });

export function openDesk(app: FastifyInstance, context: GatewayContext) {
  const { record } = app.people;
  const desk = caseDeskOf(context);
  app.addHook('onClose', () => desk.close());
  const cases = () => desk.cases();
  const actorOf = (request: FastifyRequest): CaseActor & { readonly kind: 'authority' } => {
    const { person } = sessionOf(request);
    if (person.authority === undefined) throw new YitongError('role_missing', 'an officer is of an authority');
    return { kind: 'authority', authority: person.authority, client: 'console', officer: person.name };
  };
  /** Looks stand under the officer's own key; acts under that of who applies, with the officer's name. */
  const how = (request: FastifyRequest, look: LookName, key?: string): HowDone => ({
    actor: actorOf(request),
    ...present({ key }),
    async record({ action, target, detail, subject, about }) {
      const { person } = sessionOf(request);
      const role = roleOf(request, person);
      if (action !== 'case_shown')
        return record.did(person, {
          action,
          role,
          target,
          detail: { requestId: request.id, ...present({ authority: person.authority }), ...detail },
          about,
          subject,
        });
      await record.looked(person, {
        requestId: request.id,
        action: look,
        role,
        detail: { ...detail, ...(target === '' ? {} : { case: target }) },
        results: (detail['ids'] as readonly string[] | undefined)?.length ?? 0,
        ...(subject === '' ? {} : { about: { subject } }),
      });
      return { id: '', json: '' };
    },
  });
  const nameOf =
    ({ language }: Pick<FastifyRequest, 'language'>) =>
    (authority: string, region?: string): string =>
      region === undefined
        ? authorityTitle(context.workspace, authority, language)
        : authorityThere(context.inForce().policies.regions.get(region), authority, language);
  return { context, record, cases, actorOf, how, nameOf, workspace: context.workspace };
}
export type Desk = ReturnType<typeof openDesk>;
