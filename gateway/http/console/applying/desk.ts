/**
 * What the pages of whoever applies work with: the same service as the API, for the subjects that the person speaks
 * for, with each look and each act on record first.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { authorityTitle } from '../../../../contracts/authorities.js';
import type { Bundle, Json } from '../../../../contracts/bundle/types.js';
import { isYitongError, YitongError } from '../../../../contracts/errors.js';
import { keyOf, schemeOf } from '../../../../contracts/ids.js';
import { present } from '../../../../contracts/present.js';
import { authorityThere } from '../../../../policies/regions.js';
import type { GatewayContext } from '../../../documents/context.js';
import type { Person } from '../../../ground/identity/person.js';
import type { Language } from '../../../ground/language/language.js';
import { caseDeskOf } from '../../../procedures/cases/opened.js';
import type { Cases, HowDone, OpenedCase } from '../../../procedures/cases/types.js';
import { concerned } from '../../../procedures/lifecycles/records.js';
import { hideSubject } from '../../people/sessions.js';
import { roleOf, sessionOf } from '../../plugins/people.js';

export const PATH = '/console/matters';
export const ROLES = ['subject'] as const;

/** A case with for whom it is looked at. */
export interface OwnCase {
  readonly cases: Cases;
  readonly found: OpenedCase;
  readonly subject: string;
  readonly bundle: Bundle;
}

export function openDesk(app: FastifyInstance, context: GatewayContext) {
  const { workspace, tickets } = context;
  const desk = caseDeskOf(context);
  app.addHook('onClose', () => desk.close());
  const { record } = app.people;
  /** Registers of which a company can have what they say corrected here. */
  const correctable = new Set(concerned(workspace, tickets).map(({ id }) => id as string));

  const how = (request: FastifyRequest, subject: string, key?: string): HowDone => ({
    actor: { kind: 'applicant', subject },
    ...present({ key }),
    record({ action, target, detail, subject: whose, about }) {
      const { person } = sessionOf(request);
      const role = roleOf(request, person);
      if (action !== 'case_shown')
        return record.did(person, {
          action,
          role,
          target,
          detail: { requestId: request.id, ...detail },
          about,
          ...(whose === '' ? {} : { subject: whose }),
        });
      const { ids = [] } = detail as { readonly ids?: readonly string[] };
      return record.looked(person, {
        requestId: request.id,
        action: target === '' ? 'matters' : 'matter',
        role,
        detail,
        results: ids.length,
        ...(whose === '' ? {} : { about: { subject: whose } }),
      });
    },
    release: (release) => context.journal.append(release(request.id)),
  });

  /** @throws YitongError `not_found`, also for a case of somebody for whom the person does not speak */
  async function ownCase(request: FastifyRequest, id: string): Promise<OwnCase> {
    const cases = await desk.cases();
    const { subjects } = sessionOf(request).person;
    for (const subject of /^[0-9a-f]{16}$/.test(id) ? subjects : []) {
      try {
        const found = await cases.get(id, how(request, subject));
        const bundle = cases.bundles.get(found.state.bundle);
        if (bundle === undefined) throw new YitongError('not_found', 'this matter is done here no more');
        return { cases, found, subject, bundle };
      } catch (error) {
        if (!isYitongError(error) || error.code !== 'not_found') throw error;
      }
    }
    throw new YitongError('not_found', 'there is no such case, or it is not yours to see');
  }

  return {
    context,
    workspace,
    cases: () => desk.cases(),
    how,
    ownCase,
    isCorrectable: (dataset: string): boolean => correctable.has(dataset),
    /** @param region whose it is, where it is not one here */
    nameOf: (authority: string, language: Language, region?: string): string =>
      region === undefined
        ? authorityTitle(workspace, authority, language)
        : authorityThere(context.inForce().policies.regions.get(region), authority, language),
    regionsFor: async ({ id, items }: Bundle) =>
      (await desk.ground()).abroad.regionsFor(
        id,
        [...items.values()].flatMap((item) => (item.elsewhere ? [item.id] : [])),
      ),
    /** Where somebody objects to what registers say of them. */
    correction: (request: FastifyRequest, subject: string): string =>
      `/console/tickets/records?of=${hideSubject(sessionOf(request), subject)}`,
    development: context.settings.gateway.caseDrivers === 'development',
  };
}
export type ApplyingDesk = ReturnType<typeof openDesk>;

/** Those for whom the person speaks who can apply for it. */
export const applicantsFor = ({ applicant }: Pick<Bundle, 'applicant'>, { subjects }: Person): readonly string[] =>
  subjects.filter((subject) => (schemeOf(subject) === 'uscc') === (applicant === 'company'));

/** The key of a company; of a person without its middle. */
export function subjectWords(subject: string): string {
  const key = keyOf(subject);
  return schemeOf(subject) === 'uscc' ? key : `${key.slice(0, 6)}****${key.slice(-4)}`;
}

/** For whom it is done: by name, where a register or the account has said it. */
export function applicantWords(subject: string, values: Readonly<Record<string, Json>> = {}): string {
  const name = values['company.name'] ?? values['agent.name'];
  return typeof name === 'string' ? `${name} ${subjectWords(subject)}` : subjectWords(subject);
}

export const goTo = (reply: FastifyReply, path: string): FastifyReply =>
  reply.header('cache-control', 'no-store').redirect(path, 303);
