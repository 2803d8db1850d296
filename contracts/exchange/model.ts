/**
 * What one entry of the catalogue says to others: of a dataset everything that DCAT-AP has a word for. The same model
 * is written as JSON-LD and as CSV, and read from both.
 */
import { present } from '../present.js';
import type { Authority, Delivery, Localised, SharingAttribute, Workspace } from '../types.js';

/** A text in the languages that it is in; of others' catalogues at least one. */
export type Words = Readonly<Partial<Record<'zh' | 'en', string>>>;

export interface ExchangedPublisher {
  readonly id: string;
  readonly name: Words;
  readonly contact?: { readonly office?: Words; readonly telephone?: string; readonly email?: string };
}

/** One entry. Absent is what the catalogue did not say. */
export interface ExchangedEntry {
  /** `<authority>.<dataset>`; of another's catalogue what it calls it. */
  readonly id: string;
  readonly name: Words;
  readonly description: Words;
  readonly publisher: ExchangedPublisher;
  /** ISO 8601 duration. */
  readonly updateFrequency?: string;
  readonly attribute: SharingAttribute;
  readonly delivery: readonly Delivery[];
  readonly scope?: Words;
  readonly use?: Words;
  /** Why it is not shared. */
  readonly refusal?: Words;
  readonly legislation: readonly string[];
  readonly domains: readonly string[];
  readonly category?: string;
  readonly kind?: string;
  /** Of its schemas, ascending. */
  readonly versions: readonly number[];
  /** The day on which it was approved. */
  readonly issued?: string;
}

export interface ExchangedCatalogue {
  readonly title: Words;
  /** The prefix of its topics, which tells it from others. */
  readonly prefix: string;
  readonly entries: readonly ExchangedEntry[];
}

/** By which there is such a catalogue at all. */
const CATALOGUE_ACT = '政务数据共享条例第十三条';

const publisherOf = (id: string, authority: Authority | undefined): ExchangedPublisher => ({
  id,
  name: authority?.name ?? ({ zh: id, en: id } satisfies Localised),
  ...present({ contact: authority?.contact }),
});

/** Of all datasets, by id. */
export function exchanged(
  workspace: Pick<Workspace, 'contracts' | 'authorities' | 'name' | 'prefix'>,
): ExchangedCatalogue {
  const contracts = [...workspace.contracts.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  return {
    title: { zh: `${workspace.name.zh}政务数据目录`, en: `Catalogue of government data: ${workspace.name.en}` },
    prefix: workspace.prefix,
    entries: contracts.map((contract): ExchangedEntry => {
      const { conditions, refusal, attribute, delivery } = contract.sharing;
      const basis = [CATALOGUE_ACT, ...(refusal?.legalBasis ?? []), ...(contract.notGiven?.basis ?? [])];
      return {
        id: contract.id,
        name: contract.name,
        description: contract.description,
        publisher: publisherOf(contract.authority, workspace.authorities.get(contract.authority)),
        updateFrequency: contract.updateFrequencyText,
        attribute,
        delivery,
        ...present({ scope: conditions?.scope, use: conditions?.use, refusal: refusal?.reason }),
        legislation: [...new Set(basis)],
        domains: contract.domains,
        category: contract.grading.category,
        kind: contract.kind,
        versions: contract.versions.map(({ version }) => version),
        issued: contract.approval.date,
      };
    }),
  };
}
