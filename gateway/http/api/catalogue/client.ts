/** The part of the TypeScript client: the data catalogue. */
import { at, type CallOptions, type Localised, type Wire } from '../../../../contracts/client.js';

/** What the list says of each dataset. */
export interface CatalogueHead {
  readonly id: string;
  readonly name: Localised;
  readonly provider: { readonly id: string; readonly name?: Localised };
  readonly sharing: {
    readonly attribute: 'unconditional' | 'conditional' | 'none';
    readonly delivery: readonly ('query' | 'verify' | 'batch' | 'file' | 'subscription')[];
    readonly conditions?: { readonly scope: Localised; readonly use: Localised };
    readonly refusal?: { readonly reason: Localised; readonly legalBasis: readonly string[] };
  };
  /** ISO 8601 duration: `P1D`. */
  readonly updateFrequency: string;
  readonly subject: { readonly scheme: string; readonly persons: boolean };
  readonly domains: readonly string[];
  readonly kind: string;
}

/** Who signed off, by role, and on which day. */
export interface SignedOff {
  readonly role: string;
  readonly date: string;
}

/** Shares from 0 to 1; `perThousand` a number. Absent is what cannot be said. */
interface QualityMeasures {
  readonly completeness?: number;
  readonly validity?: number;
  readonly freshness?: number;
  readonly accepted?: number;
  readonly perThousand?: number;
}

export interface CatalogueEntry extends CatalogueHead {
  readonly description: Localised;
  readonly format: string;
  readonly recordId: readonly string[];
  readonly grading: { readonly category: string; readonly grade: 'general' | 'important' | 'core' };
  readonly approval: SignedOff;
  readonly assessments: { readonly secrecy: SignedOff; readonly personalInformation: SignedOff };
  readonly history: 'full' | 'latest';
  readonly items: readonly {
    readonly path: string;
    readonly title: Localised;
    readonly classification: 'public' | 'internal' | 'restricted' | 'personal' | 'sensitive';
    readonly type: string;
    readonly nullable: boolean;
    readonly codelist?: string;
    readonly unit?: string;
  }[];
  readonly state: {
    readonly status: 'current' | 'stale' | 'never-loaded' | 'unavailable';
    readonly sourceTime?: string;
    readonly records: number;
    readonly versions: number;
  };
  /** As the gateway measured it last; without a `day` before that. */
  readonly quality: QualityMeasures & {
    readonly day?: string;
    readonly sampled?: number;
    readonly mean30: QualityMeasures;
    readonly mean90: QualityMeasures;
    readonly worries: readonly { readonly measure: keyof QualityMeasures; readonly kind: 'low' | 'fell' | 'many' }[];
  };
}

export interface CatalogueMethods {
  /** The data catalogue, by id. */
  catalogue(options?: CallOptions): Promise<{ readonly entries: readonly CatalogueHead[] }>;
  /** One entry with its items, and how fresh it is. @throws GatewayError `not_found` */
  catalogueEntry(dataset: string, options?: CallOptions): Promise<CatalogueEntry>;
  /** All of it as DCAT-AP 3, JSON-LD: for another catalogue. */
  catalogueDcat(options?: CallOptions): Promise<Buffer>;
  /** The same as CSV, an entry a row. */
  catalogueCsv(options?: CallOptions): Promise<Buffer>;
}

export const catalogueMethods = (wire: Wire): CatalogueMethods => ({
  catalogue: (call) => wire.get('/v1/catalogue', call),
  catalogueEntry: (dataset, call) => wire.get(at('v1', 'catalogue', dataset), call),
  catalogueDcat: (call) => wire.bytes({ method: 'GET', path: '/v1/catalogue/dcat' }, call),
  catalogueCsv: (call) => wire.bytes({ method: 'GET', path: '/v1/catalogue/csv' }, call),
});
