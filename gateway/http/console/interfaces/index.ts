/**
 * /console/developer/interfaces: the API for people, read out of the description that its port serves
 * (`/v1/openapi.json`), for whoever works for a department. Nothing of a record stands there, and what is on the pages
 * is told to every client anyway; that they were looked at is on record as of the desk.
 */
import type { FastifyRequest } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import type { GatewayContext, Service } from '../../../documents/context.js';
import { ROLES as ALL, type Role } from '../../../ground/identity/person.js';
import type { Described } from '../../plugins/openapi/operation.js';
import { sessionOf } from '../../plugins/people.js';
import { sendFramed } from '../../ui/frame.js';
import { choicesOf } from '../developer/desk.js';
import { INTERFACES } from '../developer/tabs.js';
import { listPage } from './list.js';
import { operationPage } from './operation.js';
import { type OperationShown, operationsOf, searched } from './operations.js';

const ROLES: readonly Role[] = ALL.filter((role) => role !== 'subject');
const MOST_CHARACTERS = 100;

interface Route {
  readonly Params: { readonly operation: string };
  readonly Querystring: { readonly q?: string };
}

/** In which of their roles they look: as a developer where they are one. */
const roleOf = (roles: readonly Role[]): Role =>
  roles.includes('developer') ? 'developer' : (roles.find((role) => ROLES.includes(role)) ?? 'subject');

/** As whose the samples are written: the first client of who looks, if there is one. */
function clientOf(context: GatewayContext, request: FastifyRequest): string {
  const { authority } = sessionOf(request).person;
  return choicesOf(context, context.inForce().policies, authority, {}).client?.id ?? 'YOUR-CLIENT';
}

const service: Service = {
  port: 'people',
  register(app, context) {
    const { workspace, described } = context;
    let made: readonly OperationShown[] | undefined;
    /** Made with the first look. */
    const operations = (): readonly OperationShown[] => {
      if (described === undefined) throw new YitongError('not_found', 'the port of the API is not at hand');
      return (made ??= operationsOf(described() as Described));
    };
    const looked = async (request: FastifyRequest, detail: Readonly<Record<string, unknown>>): Promise<boolean> => {
      const { person } = sessionOf(request);
      const role = roleOf(person.roles);
      await app.people.record.looked(person, { requestId: request.id, action: 'developer', role, detail });
      return role === 'developer';
    };
    const own = { schema: { hide: true }, config: { roles: ROLES } };
    app.get<Route>(INTERFACES, own, async (request, reply) => {
      const { language } = request;
      const q = (request.query.q ?? '').slice(0, MOST_CHARACTERS).trim();
      const all = operations();
      const tries = await looked(request, { page: 'interfaces' });
      const found = q === '' ? all : searched(all, q);
      return sendFramed(request, reply, {
        title: language === 'zh' ? '接口文档' : 'The API',
        workspace,
        children: listPage({ language, tries, q, found, all: all.length }),
      });
    });
    app.get<Route>(`${INTERFACES}/:operation`, own, async (request, reply) => {
      const { language } = request;
      const operation = operations().find(({ id }) => id === request.params.operation);
      if (operation === undefined) throw new YitongError('not_found', 'the API has no such operation');
      const tries = await looked(request, { page: 'interfaces', operation: operation.id });
      return sendFramed(request, reply, {
        title: operation.title[language].replaceAll('`', ''),
        workspace,
        scripts: ['choose.js'],
        children: operationPage({ language, tries, operation, client: clientOf(context, request) }),
      });
    });
  },
};
export default service;
