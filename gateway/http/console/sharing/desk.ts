/** What the pages of grants work with, and how grants are suspended and resumed, one or many by one reason. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { dayOf } from '../../../../contracts/calendar.js';
import { YitongError } from '../../../../contracts/errors.js';
import type { AuthorityId } from '../../../../contracts/ids.js';
import { present } from '../../../../contracts/present.js';
import { endOfDay, startOfDay } from '../../../../policies/dates.js';
import type { Grant } from '../../../../policies/types.js';
import { changeSuspended } from '../../../answer/inforce/shared-suspensions.js';
import {
  readSuspensions,
  type Suspension,
  type Suspensions,
  suspendedByFile,
  suspensionsDir,
} from '../../../answer/inforce/suspensions.js';
import type { GatewayContext } from '../../../documents/context.js';
import type { GrantUse } from '../../../log/search/summary.js';
import { sharingDeskOf } from '../../../procedures/sharing/opened.js';
import { useKept } from '../../../procedures/sharing/use-records.js';
import { formFault } from '../../plugins/forms.js';
import { sessionOf } from '../../plugins/people.js';
import { callsToday } from '../../plugins/volumes.js';
import type { GrantState, GrantSummary } from './grants.js';

export const ROLES = ['sharing-authority'] as const;
export const DAYS = 90;
const DAY = 86_400_000;
const MIN_REASON = 4;
const MAX_REASON = 500;

/** What the pages of grants work with. */
export function openDesk(app: FastifyInstance, context: GatewayContext) {
  const { workspace, dataDir } = context;
  const dir = suspensionsDir(dataDir);
  const { record } = app.people;
  const search = () => app.people.search();

  function stateOf(grant: Grant, suspensions: Suspensions): GrantState {
    const now = context.now();
    if (suspendedByFile(grant) || suspensions.grants.has(grant.id)) return 'suspended';
    if (now >= endOfDay(grant.until)) return 'ended';
    return now < startOfDay(grant.from) ? 'not-begun' : 'active';
  }
  async function uses(): Promise<Readonly<Record<string, GrantUse>>> {
    const now = context.now();
    return (await search().overview(now - DAYS * DAY, now + 1)).grants;
  }
  /** The day on which the log begins, where it is younger than what is looked at. */
  async function logBegins(): Promise<string | undefined> {
    const { entries } = await search().page({}, { limit: 1, oldestFirst: true });
    const first = Date.parse(entries[0]?.body.time ?? '');
    return first > context.now() - DAYS * DAY ? dayOf(first) : undefined;
  }
  /** Of today; undefined where no grant has a volume, or the state does not answer. */
  async function calls(): Promise<ReadonlyMap<string, number> | undefined> {
    const { grants } = context.inForce().policies;
    if ([...grants.values()].every(({ callsADay }) => callsADay === undefined)) return undefined;
    return await callsToday(context).catch(() => undefined);
  }
  function summaryOf(
    grant: Grant,
    suspensions: Suspensions,
    use: GrantUse | undefined,
    made?: ReadonlyMap<string, number>,
  ): GrantSummary {
    const { clients, purposes } = context.inForce().policies;
    const since = context.now() - DAYS * DAY;
    const used = use !== undefined && use.last >= since ? use : undefined;
    const provider = workspace.contracts.get(grant.dataset)?.authority;
    const providerName = provider === undefined ? undefined : workspace.authorities.get(provider)?.name;
    return {
      grant,
      state: stateOf(grant, suspensions),
      client: clients.get(grant.client)?.name ?? { zh: grant.client, en: grant.client },
      dataset: workspace.contracts.get(grant.dataset)?.name ?? { zh: grant.dataset, en: grant.dataset },
      user: workspace.authorities.get(clients.get(grant.client)?.authority ?? ('' as AuthorityId))?.name ?? {
        zh: '未登记的单位',
        en: '–',
      },
      provider: { id: provider ?? '', ...(providerName ?? { zh: '未登记的单位', en: provider ?? '–' }) },
      purposes: grant.purposes.map((id) => purposes.get(id)?.name ?? { zh: '未登记的用途', en: id }),
      ...(used === undefined ? {} : { last: used.last }),
      requests: used?.requests ?? 0,
      ...(made === undefined ? {} : { calls: made.get(grant.id) ?? 0 }),
      // a branch is used if anything below it is
      unused: grant.fields
        .map(({ path }) => path)
        .filter(
          (path) =>
            !Object.entries(used?.fields ?? {}).some(
              ([field, at]) =>
                at >= since &&
                (field === path ||
                  field.startsWith(`${path}.`) ||
                  field.startsWith(`${path}[]`) ||
                  path.startsWith(`${field}.`)),
            ),
        ),
    };
  }
  function known(id: string): Grant {
    const grant = [...context.inForce().policies.grants.values()].find((one) => one.id === id);
    if (grant === undefined) throw new YitongError('not_found', 'no such grant is in force');
    return grant;
  }

  const sharing = sharingDeskOf(context);
  app.addHook('onClose', () => sharing.close());
  /** How many records of the use of a grant there are; undefined where the workspace says nothing of sharing. */
  const records = async (grant: string): Promise<number | undefined> => {
    const desk = await sharing.desk().catch(() => undefined);
    return desk === undefined ? undefined : ((await useKept(desk.state)).get(grant)?.count ?? 0);
  };

  return { context, workspace, dataDir, dir, record, records, search, uses, logBegins, calls, summaryOf, known };
}
export type Desk = ReturnType<typeof openDesk>;

export type GrantAction = 'grant_suspended' | 'grant_resumed';

/** Suspends grants or lets them go on, by one reason. Those that are so already stay as they are. */
export async function changeGrants(
  { context, dir, record }: Desk,
  request: FastifyRequest,
  grants: readonly Grant[],
  action: GrantAction,
  said: string | undefined,
): Promise<void> {
  const { person } = sessionOf(request);
  const reason = said?.trim() ?? '';
  if (reason.length < MIN_REASON || reason.length > MAX_REASON)
    throw formFault({
      reason: {
        zh: `请用 ${MIN_REASON} 至 ${MAX_REASON} 字说明理由。`,
        en: `Say in ${MIN_REASON} to ${MAX_REASON} characters why.`,
      },
    });
  // of the store that all share, before anything is on record: one that is away says so here
  const suspended = (await context.suspensions?.read()) ?? readSuspensions(dir).grants;
  const changed = grants.filter(({ id }) => suspended.has(id) !== (action === 'grant_suspended'));
  if (action === 'grant_suspended' && changed.some(suspendedByFile))
    throw new YitongError('bad_request', 'the grant is suspended by its file already');
  if (changed.length === 0) return;
  // on record first, each by itself: what stands on disk points to who did it
  const entries = await Promise.all(
    changed.map(async ({ id }) => {
      const { id: entry } = await record.did(person, {
        action,
        role: 'sharing-authority',
        target: id,
        detail: { requestId: request.id },
        about: { reason },
      });
      return { id, entry };
    }),
  );
  const apply = (standing: Map<string, Suspension>): void => {
    for (const { id, entry } of entries) {
      if (action === 'grant_resumed') standing.delete(id);
      else if (!standing.has(id))
        standing.set(id, { at: new Date(context.now()).toISOString(), by: 'sharing-authority', reason, entry });
    }
  };
  await changeSuspended({ dir, ...present({ shared: context.suspensions }) }, apply);
}
