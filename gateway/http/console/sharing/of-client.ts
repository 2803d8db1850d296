/**
 * All that one system may have, and the whole of it stopped by one act: a system that is suspected has dozens of
 * grants, and whoever stops them has no time for dozens of pages.
 */
import { setTimeout } from 'node:timers/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { YitongError } from '../../../../contracts/errors.js';
import type { Client, Grant } from '../../../../policies/types.js';
import { readSuspensions, type Suspensions, suspendedByFile } from '../../../answer/inforce/suspensions.js';
import { namesOf } from '../../../documents/words/names.js';
import { formFault } from '../../plugins/forms.js';
import { sessionOf } from '../../plugins/people.js';
import { sendFramed } from '../../ui/frame.js';
import { changeGrants, type Desk, type GrantAction, ROLES } from './desk.js';
import { type GrantSummary, PATH } from './grants.js';
import { ofClientPage } from './of-client-page.js';

const OF_CLIENT = `${PATH}/clients/:client`;

interface Route {
  readonly Params: { readonly client: string };
  readonly Body: { readonly reason?: string; readonly grant?: string | readonly string[] };
}

function clientIn({ context }: Desk, request: FastifyRequest<Route>): Client {
  const found = [...context.inForce().policies.clients.values()].find(({ id }) => id === request.params.client);
  if (found === undefined) throw new YitongError('not_found', 'no such client is registered');
  return found;
}

const grantsIn = ({ context }: Desk, client: Client) =>
  [...context.inForce().policies.grants.values()]
    .filter((grant) => grant.client === client.id)
    .sort((a, b) => (a.dataset < b.dataset ? -1 : a.dataset > b.dataset ? 1 : a.id < b.id ? -1 : 1));

/** Suspended here last by one reason: what is resumed together, as long as nobody says otherwise. */
function lastTogether(grants: readonly GrantSummary[], { grants: suspended }: Suspensions): ReadonlySet<string> {
  const standing = grants.flatMap(({ grant: { id } }) => {
    const one = suspended.get(id);
    return one === undefined ? [] : [{ id: id as string, ...one }];
  });
  const last = standing.reduce<string | undefined>(
    (at, one) => (at === undefined || one.at > at ? one.at : at),
    undefined,
  );
  const reason = standing.find(({ at }) => at === last)?.reason;
  return new Set(standing.filter((one) => one.reason === reason).map(({ id }) => id));
}

/** ms; whoever stops a system wants to see that it is stopped, and does not wait longer for it. */
const PATIENCE = 3000;
const LOOKS = 100;

/** Until this process goes by it; where that takes longer the page says so. */
async function counts({ context }: Desk, grants: readonly Grant[], suspended: boolean): Promise<void> {
  const ids = new Set<string>(grants.map(({ id }) => id));
  for (let waited = 0; waited < PATIENCE; waited += LOOKS) {
    const now = [...context.inForce().policies.grants.values()].filter(({ id }) => ids.has(id));
    if (now.every(({ status }) => (status === 'suspended') === suspended)) return;
    await setTimeout(LOOKS);
  }
}

export function ofClientRoutes(app: FastifyInstance, desk: Desk): void {
  const { context, workspace, dir, record, uses, summaryOf } = desk;
  app.get<Route>(OF_CLIENT, { schema: { hide: true }, config: { roles: ROLES } }, async (request, reply) => {
    const client = clientIn(desk, request);
    const suspensions = readSuspensions(dir);
    const used = await uses();
    const grants = grantsIn(desk, client).map((grant) => summaryOf(grant, suspensions, used[grant.id]));
    await record.looked(sessionOf(request).person, {
      requestId: request.id,
      action: 'grants',
      role: 'sharing-authority',
      detail: { client: client.id },
      results: grants.length,
    });
    return sendFramed(request, reply, {
      title: client.name[request.language],
      workspace,
      children: ofClientPage({
        language: request.language,
        client,
        authority: workspace.authorities.get(client.authority)?.name ?? { zh: '–', en: client.authority },
        grants,
        byFile: new Set(grants.flatMap(({ grant }) => (suspendedByFile(grant) ? [grant.id as string] : []))),
        together: lastTogether(grants, suspensions),
        // what this process refuses already
        refused: grants.filter(({ grant }) => grant.status === 'suspended').length,
        names: namesOf(context, request.language),
      }),
    });
  });

  for (const [name, action] of [
    ['suspend', 'grant_suspended'],
    ['resume', 'grant_resumed'],
  ] as const satisfies readonly (readonly [string, GrantAction])[]) {
    app.post<Route>(
      `${OF_CLIENT}/${name}`,
      { schema: { hide: true }, config: { roles: ROLES, lists: ['grant'] } },
      async (request, reply) => {
        const client = clientIn(desk, request);
        const picked = new Set([request.body.grant ?? []].flat());
        const grants = grantsIn(desk, client).filter((grant) => picked.has(grant.id) && !suspendedByFile(grant));
        if (grants.length === 0)
          throw formFault({ grant: { zh: '请至少勾选一项授权。', en: 'Pick one grant at least.' } });
        await changeGrants(desk, request, grants, action, request.body.reason);
        await counts(desk, grants, action === 'grant_suspended');
        return reply.header('cache-control', 'no-store').redirect(`${PATH}/clients/${client.id}`, 303);
      },
    );
  }
}
