/**
 * Who was given a record, as the log has it, and is told once a correction of it was answered (政务数据共享条例 Art.26).
 * What they are told names the matter and the entries of the log by which they have it, and nobody.
 */
import { present } from '../../../contracts/present.js';
import type { PolicySet } from '../../../policies/types.js';
import { asJson } from '../../ground/state/as-json.js';
import type { Change, State } from '../../ground/state/port.js';
import type { SearchIndex } from '../../log/search/index.js';
import type { StepAround } from './types.js';

interface Told {
  readonly matter: string;
  readonly dataset: string;
  /** The system that was given the record, and whose it is. */
  readonly client: string;
  readonly authority?: string;
  /** ISO 8601 UTC */
  readonly at: string;
  /** Of the answers that it had, the newest. */
  readonly receipts: readonly string[];
}

interface Needs {
  readonly search: Pick<SearchIndex, 'entries'>;
  readonly policies: () => Pick<PolicySet, 'clients'>;
}

const TOLD = 'sharing-told';
/** Receipts that are named to one system. */
const MOST = 100;
const GIVEN: ReadonlySet<string | undefined> = new Set(['released', 'included']);
const linkOf = (authority: string): string => `told/${authority}/`;
const linkOfMatter = (matter: string): string => `matter/${matter}/`;

/** Systems that were given records of the subject in the dataset, with the receipts of those answers. */
async function receiversOf(
  search: Needs['search'],
  dataset: string,
  subject: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>();
  for await (const { receipt, body } of search.entries({ subject, dataset, result: 'allow' })) {
    const { type, client, datasets = [], dryRun } = body;
    const given = datasets.some((one) => one.dataset === dataset && (one.records ?? 0) > 0);
    if (client === undefined || !GIVEN.has(type) || dryRun === true || !given) continue;
    const receipts = found.get(client) ?? [];
    if (receipts.length < MOST) receipts.push(receipt);
    found.set(client, receipts);
  }
  return found;
}

/** Changes of the commit that answers a correction. */
export const tellingReceivers =
  ({ search, policies }: Needs) =>
  async ({ head, event, subject }: StepAround): Promise<readonly Change[]> => {
    const dataset = head.about.find((one) => one.startsWith('dataset/'))?.slice('dataset/'.length);
    if (subject === undefined || dataset === undefined) return [];
    const at = new Date(event.at).toISOString();
    return [...(await receiversOf(search, dataset, subject))].map(([client, receipts]): Change => {
      const authority = policies().clients.get(client as never)?.authority;
      return {
        do: 'put',
        kind: TOLD,
        id: `${head.id}.${client}`,
        links: [`${linkOfMatter(head.id)}${client}`, ...(authority === undefined ? [] : [`${linkOf(authority)}${at}`])],
        body: asJson({ matter: head.id, dataset, client, at, receipts, ...present({ authority }) } satisfies Told),
      };
    });
  };

/** What an authority's systems were told, the newest first. */
export async function toldTo(
  state: Pick<State, 'documents'>,
  authority: string,
  after?: string,
): Promise<{ readonly told: readonly Told[]; readonly next?: string }> {
  const { documents, next } = await state.documents(TOLD, {
    link: linkOf(authority),
    limit: 100,
    descending: true,
    ...present({ after }),
  });
  return { told: documents.map(({ body }) => body as unknown as Told), ...present({ next }) };
}

/** Everybody who was told of the answer of a correction. Whom of them somebody is shown says `seesTold`. */
export async function toldIn(state: Pick<State, 'documents'>, matter: string): Promise<readonly Told[]> {
  const { documents } = await state.documents(TOLD, { link: linkOfMatter(matter), limit: 1000 });
  return documents.map(({ body }) => body as unknown as Told);
}
