/**
 * Mends of a feed on pages: a draft is proposed, looked at, approved by a second officer, put in place, withdrawn,
 * undone. Each look is on record first, and each step by the rules that hold everywhere (publishing/mend-acts).
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { present } from '../../../../contracts/present.js';
import type { Contract } from '../../../../contracts/types.js';
import type { GatewayContext } from '../../../documents/context.js';
import type { Person } from '../../../ground/identity/person.js';
import type { ActionName } from '../../../log/entries/actions.js';
import { sessionOf } from '../../plugins/people.js';
import { untilGone } from '../../plugins/until-gone.js';
import { type MendActor, mendActs, TRYING } from '../../publishing/mend-acts.js';
import type { Draft, MendAct } from '../../publishing/mend-drafts.js';
import type { MendDesk } from '../../publishing/mends.js';
import type { QuarantineDesk } from '../../publishing/quarantine.js';
import { askToRead, type ReadingActor } from '../../publishing/reading-acts.js';
import { sendFramed } from '../../ui/frame.js';
import { draftPage } from './draft-page.js';
import { readingState } from './read-again.js';

const PATH = '/console/feeds/:dataset/mends';
const ROLES = ['data-officer'] as const;

interface Route {
  readonly Params: { readonly dataset: string; readonly id: string };
  readonly Body: {
    readonly code?: string;
    readonly field?: string;
    readonly row?: string;
    readonly part?: string | readonly string[];
  };
}

interface MendRoutes {
  readonly context: Pick<GatewayContext, 'workspace' | 'inForce'>;
  readonly record: FastifyInstance['people']['record'];
  readonly quarantines: QuarantineDesk;
  readonly mends: MendDesk;
  /** @throws YitongError `not_found` for another authority's dataset */
  readonly own: (person: Person, dataset: string) => Contract;
}

/** What all steps do. */
function steps({ record, quarantines, mends }: MendRoutes) {
  const did = (
    request: FastifyRequest,
    action: ActionName,
    contract: Contract,
    detail: Readonly<Record<string, unknown>>,
  ): Promise<unknown> =>
    record.did(sessionOf(request).person, {
      action,
      role: 'data-officer',
      target: contract.id,
      detail: { requestId: request.id, ...detail },
    });
  return {
    acts: mendActs(mends, quarantines),
    by: (request: FastifyRequest): MendActor & ReadingActor => ({
      officer: sessionOf(request).person,
      did: (action: ActionName, contract: Contract, detail: Readonly<Record<string, unknown>>) =>
        did(request, action, contract, detail),
    }),
    to: (reply: FastifyReply, contract: Contract, { id }: Pick<Draft, 'id'>): FastifyReply =>
      reply.header('cache-control', 'no-store').redirect(`/console/feeds/${contract.id}/mends/${id}`, 303),
    looked: (request: FastifyRequest, contract: Contract, draft: Draft): Promise<unknown> =>
      record.looked(sessionOf(request).person, {
        requestId: request.id,
        action: 'mend',
        role: 'data-officer',
        detail: { dataset: contract.id, draft: draft.id },
      }),
  };
}
type Steps = ReturnType<typeof steps>;

/** Makes drafts of what is proposed. */
function proposeRoute(app: FastifyInstance, { own }: MendRoutes, { acts, by, to }: Steps): void {
  app.post<Route>(
    PATH,
    { handlerTimeout: TRYING, schema: { hide: true }, config: { roles: ROLES, lists: ['part'] } },
    async (request, reply) => {
      const contract = own(sessionOf(request).person, request.params.dataset);
      const { code = '', field = '', row, part = [] } = request.body;
      const keys = typeof part === 'string' ? [part] : part;
      const asked = { cause: { code, field }, keys, ...present({ row }) };
      return to(reply, contract, await acts.propose(contract, asked, by(request), untilGone(request, TRYING)));
    },
  );
}

/** Shows a draft, and the file that it would make. */
function lookRoutes(app: FastifyInstance, desk: MendRoutes, { looked }: Steps): void {
  const {
    context: { workspace, inForce },
    quarantines,
    mends,
    own,
  } = desk;
  const schema = { hide: true };
  app.get<Route>(`${PATH}/:id`, { schema, config: { roles: ROLES } }, async (request, reply) => {
    const { person } = sessionOf(request);
    const { language } = request;
    const contract = own(person, request.params.dataset);
    const { draft, standing } = await mends.find(contract, request.params.id);
    await looked(request, contract, draft);
    const drafts = await mends.drafts();
    const causes = await quarantines.look(contract, (quarantine) => quarantine.causes());
    const { code, field } = draft.cause;
    const info = contract.latest.fields.find(({ path }) => path === field);
    const { clients } = inForce().policies;
    return sendFramed(request, reply, {
      title: contract.name[language],
      workspace,
      children: draftPage({
        language,
        name: contract.name,
        draft,
        standing,
        names: await drafts.names(draft),
        own: await drafts.proposedBy(draft, person),
        elsewhere: await mends.elsewhere(contract),
        titles: new Map(contract.latest.fields.map(({ path, title }) => [path, title])),
        systemOf: (via) => [...clients.values()].find(({ id }) => id === via)?.name,
        codelist: workspace.codelists.get(info?.codelist ?? ''),
        now: causes?.find((one) => one.code === code && one.field === field)?.rows ?? 0,
      }),
    });
  });
  app.get<Route>(
    `${PATH}/:id/file`,
    { schema, config: { roles: ROLES, offers: ['application/json'] } },
    async (request, reply) => {
      const contract = own(sessionOf(request).person, request.params.dataset);
      const { draft } = await mends.find(contract, request.params.id);
      await looked(request, contract, draft);
      return reply
        .header('cache-control', 'no-store')
        .header('content-disposition', `attachment; filename="${contract.id.replace(/^[^.]*\./, '')}.json"`)
        .type('application/json; charset=utf-8')
        .send(draft.after.text);
    },
  );
}

/** Forms of a draft, by what is done with it. */
const FORMS: Readonly<Record<string, MendAct>> = {
  approve: 'approve',
  write: 'write',
  withdraw: 'refuse',
  undo: 'undo',
};

/** Approves, puts in place, withdraws, makes a draft of what was before. */
function decideRoutes(app: FastifyInstance, { own }: MendRoutes, { acts, by, to }: Steps): void {
  for (const [form, act] of Object.entries(FORMS))
    app.post<Route>(
      `${PATH}/:id/${form}`,
      { handlerTimeout: TRYING, schema: { hide: true }, config: { roles: ROLES } },
      async (request, reply) => {
        const contract = own(sessionOf(request).person, request.params.dataset);
        const { id } = request.params;
        return to(reply, contract, await acts.act(contract, id, act, by(request), untilGone(request, TRYING)));
      },
    );
}

export function mendRoutes(app: FastifyInstance, desk: MendRoutes): void {
  const shared = steps(desk);
  proposeRoute(app, desk, shared);
  lookRoutes(app, desk, shared);
  decideRoutes(app, desk, shared);
  readRoutes(app, desk, shared);
}

/** Has the source read again now; and, for a page that waits for it, whether something changed. It says no more. */
function readRoutes(app: FastifyInstance, { quarantines, own }: MendRoutes, { by }: Steps): void {
  const schema = { hide: true };
  app.post<Route>('/console/feeds/:dataset/read', { schema, config: { roles: ROLES } }, async (request, reply) => {
    const contract = own(sessionOf(request).person, request.params.dataset);
    await askToRead(quarantines, contract, by(request));
    return reply.header('cache-control', 'no-store').redirect(`/console/feeds/${contract.id}`, 303);
  });
  app.get<Route>(
    '/console/feeds/:dataset/state',
    { schema, config: { roles: ROLES, offers: ['application/json'] } },
    async (request, reply) => {
      const contract = own(sessionOf(request).person, request.params.dataset);
      const state = readingState(await quarantines.reading(contract));
      return reply.header('cache-control', 'no-store').send({ state });
    },
  );
}
