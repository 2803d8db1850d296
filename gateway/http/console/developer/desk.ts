/** What a developer may choose from, and what was chosen. Everything beyond the own department's clients is refused. */
import { YitongError } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';
import type { Contract } from '../../../../contracts/types.js';
import { endOfDay, startOfDay } from '../../../../policies/dates.js';
import type { TourStep } from '../../../../policies/tour.js';
import type { Client, Grant, PolicySet, Purpose } from '../../../../policies/types.js';
import type { SandboxQuestion } from '../../../answer/sandbox/sandbox.js';
import type { GatewayContext } from '../../../documents/context.js';

export const PARTS = ['item', 'caseId', 'actor'] as const;
type Part = (typeof PARTS)[number];

/** Of a form: each may be missing. */
export interface Sent {
  readonly client?: string;
  readonly purpose?: string;
  readonly subject?: string;
  readonly dataset?: string | readonly string[];
  readonly also?: string;
  /** `<dataset> <path>` */
  readonly field?: string | readonly string[];
  readonly item?: string;
  readonly caseId?: string;
  readonly actor?: string;
  readonly dryRun?: string;
}

export interface Choices {
  readonly clients: readonly Client[];
  readonly client: Client | undefined;
  readonly purposes: readonly Purpose[];
  readonly purpose: Purpose | undefined;
  /** In force for queries, of that client and purpose. */
  readonly grants: readonly Grant[];
  readonly datasets: readonly Contract[];
  readonly others: readonly Contract[];
  /** Parts of the case that a grant wants stated. */
  readonly requires: ReadonlySet<Part>;
}

const inForceAt = ({ status, from, until, delivery }: Grant, now: number): boolean =>
  status === 'active' && delivery.includes('query') && startOfDay(from) <= now && now < endOfDay(until);

/** Of a department, in force or not: what a developer of it looks after. */
export const ownClients = (policies: PolicySet, authority: string | undefined): readonly Client[] =>
  [...policies.clients.values()].filter((client) => authority !== undefined && client.authority === authority);

/**
 * @param authority whose clients may be chosen
 * @throws YitongError `not_found` for a client of another department
 */
export function choicesOf(
  { workspace, now }: Pick<GatewayContext, 'workspace' | 'now'>,
  policies: PolicySet,
  authority: string | undefined,
  sent: Pick<Sent, 'client' | 'purpose'>,
): Choices {
  const own = [...policies.grants.values()].filter((grant) => inForceAt(grant, now()));
  const granted = ({ id }: Client): number => own.filter((grant) => grant.client === id).length;
  const clients = ownClients(policies, authority)
    .filter(({ status }) => status === 'active')
    .sort((a, b) => granted(b) - granted(a));
  const client = sent.client === undefined ? clients[0] : clients.find(({ id }) => id === sent.client);
  if (sent.client !== undefined && client === undefined)
    throw new YitongError('not_found', 'your department has no such client');
  const ofClient = own.filter((grant) => grant.client === client?.id);
  const first = (purpose: Purpose): number => ofClient.filter(({ purposes }) => purposes.includes(purpose.id)).length;
  const purposes = [...policies.purposes.values()].sort((a, b) => first(b) - first(a));
  const purpose = purposes.find(({ id }) => id === sent.purpose) ?? purposes[0];
  const grants = ofClient.filter(({ purposes: of }) => purpose !== undefined && of.includes(purpose.id));
  const ids = new Set<string>(grants.map(({ dataset }) => dataset));
  const contracts = [...workspace.contracts.values()];
  return {
    clients,
    client,
    purposes,
    purpose,
    grants,
    datasets: contracts.filter(({ id }) => ids.has(id)),
    others: contracts.filter(({ id }) => !ids.has(id)),
    requires: new Set(grants.flatMap(({ requires }) => requires)),
  };
}

/** How many datasets are chosen before anybody has. */
const PRESET = 3;

/** Those that are chosen before anybody has, of one key scheme. */
export const presetOf = ({ datasets }: Pick<Choices, 'datasets'>, scheme: string | undefined): readonly Contract[] =>
  datasets.filter(({ subject }) => subject.scheme === scheme).slice(0, PRESET);

/** A question of which the gateway knows the grant, about somebody invented. */
export function sampleQuestion(
  { purpose, datasets }: Choices,
  subjects: readonly { readonly subject: string; readonly scheme: string }[],
): SandboxQuestion {
  const scheme = datasets[0]?.subject.scheme;
  return {
    purpose: purpose?.id ?? '',
    subject: subjects.find((one) => one.scheme === scheme)?.subject ?? '',
    datasets: presetOf({ datasets }, scheme).map(({ id }) => ({ id })),
  };
}

/** The question that the workspace shows its readers anyway; undefined where it is granted nothing of it. */
export function shownQuestion(
  { grants }: Pick<Choices, 'grants'>,
  { purpose, subject, datasets, case: stated }: TourStep,
): SandboxQuestion | undefined {
  const id = datasets.find((dataset) =>
    grants.some((grant) => grant.dataset === dataset && grant.requires.every((part) => stated?.[part] !== undefined)),
  );
  return id === undefined ? undefined : { purpose, subject, datasets: [{ id }], ...present({ case: stated }) };
}

const listOf = (said: string | readonly string[] | undefined): readonly string[] =>
  [said ?? []].flat().filter((one) => one !== '');

/** The question of a form; names are checked where every question's are. */
export function questionOf(sent: Sent, most: number): SandboxQuestion {
  const datasets = [...new Set([...listOf(sent.dataset), ...listOf(sent.also)])];
  if (datasets.length === 0 || datasets.length > most)
    throw new YitongError('bad_request', `choose between 1 and ${String(most)} datasets`);
  const fields = listOf(sent.field).map((one) => one.split(' '));
  const stated = Object.fromEntries(
    PARTS.flatMap((part) => {
      const said = (sent[part] ?? '').trim().slice(0, 200);
      return said === '' ? [] : [[part, said]];
    }),
  );
  return {
    purpose: sent.purpose ?? '',
    subject: sent.subject ?? '',
    ...(Object.keys(stated).length === 0 ? {} : { case: stated }),
    datasets: datasets.map((id) => {
      const own = fields.flatMap(([of, path]) => (of === id && path !== undefined ? [path] : []));
      return { id, ...present({ fields: own.length === 0 ? undefined : own }) };
    }),
    ...present({ dryRun: sent.dryRun === '1' ? true : undefined }),
  };
}
