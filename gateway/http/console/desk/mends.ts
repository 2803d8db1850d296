/**
 * Mends of a feed: a draft is proposed, looked at, approved by a second officer, put in place, withdrawn, undone. Each
 * look and each step is on record first; a name stands under its own key, and no content of a row.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import type { Contract, Workspace } from '../../../../contracts/types.js';
import type { Person } from '../../../ground/identity/person.js';
import type { ActionName } from '../../../log/entries/actions.js';
import { sessionOf } from '../../plugins/people.js';
import type { Draft, DraftContent } from '../../publishing/mend-drafts.js';
import type { MendDesk } from '../../publishing/mends.js';
import type { QuarantineDesk } from '../../publishing/quarantine.js';
import { sendFramed } from '../../ui/frame.js';
import { causeAsked } from './cause.js';
import { draftPage } from './draft-page.js';

const PATH = '/console/feeds/:dataset/mends';
const ROLES = ['data-officer'] as const;
const ROW = /^[0-9a-f]{16}$/;
/** ms for the rows and the source that a draft is tried on. */
const TRYING = 120_000;

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
  readonly workspace: Workspace;
  readonly record: FastifyInstance['people']['record'];
  readonly quarantines: QuarantineDesk;
  readonly mends: MendDesk;
  /** @throws YitongError `not_found` for another authority's dataset */
  readonly own: (person: Person, dataset: string) => Contract;
}

/** What is on record of a draft: counts and digests, no word of it. */
const detailOf = ({
  cause,
  parts,
  before,
  after,
  held,
  source,
  undoes,
}: DraftContent): Readonly<Record<string, unknown>> => ({
  cause: cause.code,
  field: cause.field,
  parts: parts.map(({ kind }) => kind),
  before: before.digest,
  after: after.digest,
  good: held.good,
  ...(typeof source === 'string'
    ? {}
    : { looked: source.looked, changed: source.changed, comesIn: source.comesIn, goesOut: source.goesOut }),
  ...present({ undoes }),
});

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
    did,
    to: (reply: FastifyReply, contract: Contract, id: string): FastifyReply =>
      reply.header('cache-control', 'no-store').redirect(`/console/feeds/${contract.id}/mends/${id}`, 303),
    async keep(request: FastifyRequest, contract: Contract, content: DraftContent): Promise<string> {
      const { person } = sessionOf(request);
      await did(request, 'mend_proposed', contract, detailOf(content));
      return (await (await mends.drafts()).add(content, person)).id;
    },
    /** Then its feed is to run, sooner than it is due. */
    async inPlace(contract: Contract, draft: Draft): Promise<void> {
      await mends.write(contract, draft);
      await quarantines.ask(contract);
    },
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

/** Aborted with the connection: nobody waits for it then. */
function untilGone(request: FastifyRequest): AbortSignal {
  const gone = new AbortController();
  request.raw.once('aborted', () => gone.abort());
  return AbortSignal.any([gone.signal, AbortSignal.timeout(TRYING)]);
}

/** Makes drafts: of what is proposed, and of what was before another one. */
function proposeRoutes(app: FastifyInstance, { mends, own }: MendRoutes, { keep, to }: Steps): void {
  const schema = { hide: true };
  app.post<Route>(
    PATH,
    { handlerTimeout: TRYING, schema, config: { roles: ROLES, lists: ['part'] } },
    async (request, reply) => {
      const contract = own(sessionOf(request).person, request.params.dataset);
      const cause = causeAsked(request.body);
      const { row, part = [] } = request.body;
      if (row !== undefined && !ROW.test(row)) throw new YitongError('bad_request', '`row` is the id of a row');
      const keys = typeof part === 'string' ? [part] : part;
      const content = await mends.content(contract, { cause, keys, ...present({ row }) }, untilGone(request));
      return to(reply, contract, await keep(request, contract, content));
    },
  );
  app.post<Route>(
    `${PATH}/:id/undo`,
    { handlerTimeout: TRYING, schema, config: { roles: ROLES } },
    async (request, reply) => {
      const contract = own(sessionOf(request).person, request.params.dataset);
      const { draft } = await mends.find(contract, request.params.id);
      const content = await mends.undoing(contract, draft, untilGone(request));
      return to(reply, contract, await keep(request, contract, content));
    },
  );
}

/** Shows a draft, and the file that it would make. */
function lookRoutes(app: FastifyInstance, desk: MendRoutes, { looked }: Steps): void {
  const { workspace, quarantines, mends, own } = desk;
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

/** Approves, puts in place, withdraws. */
function decideRoutes(app: FastifyInstance, { mends, own }: MendRoutes, { did, to, inPlace }: Steps): void {
  const options = { schema: { hide: true }, config: { roles: ROLES } };
  app.post<Route>(`${PATH}/:id/approve`, options, async (request, reply) => {
    const { person } = sessionOf(request);
    const contract = own(person, request.params.dataset);
    const { draft, standing } = await mends.find(contract, request.params.id);
    const drafts = await mends.drafts();
    await drafts.refuseSame(draft, person);
    if (standing !== 'open')
      throw new YitongError('state_conflict', 'the draft cannot be approved any more; look at it again');
    const way = (await mends.elsewhere(contract)) === undefined ? 'written' : 'handed';
    const digests = { before: draft.before.digest, after: draft.after.digest };
    await did(request, 'mend_approved', contract, { draft: draft.id, ...digests, way });
    const approved = await drafts.approve(draft, person);
    if (way === 'written') await inPlace(contract, approved);
    return to(reply, contract, draft.id);
  });
  app.post<Route>(`${PATH}/:id/write`, options, async (request, reply) => {
    const contract = own(sessionOf(request).person, request.params.dataset);
    const { draft, standing } = await mends.find(contract, request.params.id);
    if (standing !== 'waiting' || (await mends.elsewhere(contract)) !== undefined)
      throw new YitongError('state_conflict', 'there is nothing to be put in place here; look at it again');
    const digests = { before: draft.before.digest, after: draft.after.digest };
    await did(request, 'mend_written', contract, { draft: draft.id, ...digests });
    await inPlace(contract, draft);
    return to(reply, contract, draft.id);
  });
  app.post<Route>(`${PATH}/:id/withdraw`, options, async (request, reply) => {
    const { person } = sessionOf(request);
    const contract = own(person, request.params.dataset);
    const { draft } = await mends.find(contract, request.params.id);
    await did(request, 'mend_withdrawn', contract, { draft: draft.id });
    await (await mends.drafts()).withdraw(draft, person);
    return to(reply, contract, draft.id);
  });
}

export function mendRoutes(app: FastifyInstance, desk: MendRoutes): void {
  const shared = steps(desk);
  proposeRoutes(app, desk, shared);
  lookRoutes(app, desk, shared);
  decideRoutes(app, desk, shared);
  app.post<Route>(
    '/console/feeds/:dataset/read',
    { schema: { hide: true }, config: { roles: ROLES } },
    async (request, reply) => {
      const contract = desk.own(sessionOf(request).person, request.params.dataset);
      await shared.did(request, 'feed_asked', contract, {});
      await desk.quarantines.ask(contract);
      return reply.header('cache-control', 'no-store').redirect(`/console/feeds/${contract.id}?asked=1`, 303);
    },
  );
}
