/** What can be asked for: the data catalogue, receipts of the log, the schema registry. */
import type { Localised } from './common.js';

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
    readonly status: 'current' | 'stale' | 'never-loaded';
    readonly sourceTime?: string;
    readonly records: number;
    readonly versions: number;
  };
}

/** The entry of the log behind a receipt, for the client that the answer went to. */
export interface ReceiptAnswer {
  readonly id: string;
  /** `not_yet` until the entry is under a checkpoint, and for receipts that do not exist. */
  readonly state: 'logged' | 'not_yet';
  /** Of the entry in the log. */
  readonly index?: number;
  /** The entry, byte for byte; the log's leaf is over SHA-256(salt ‖ body). */
  readonly body?: string;
  /** 32 bytes, base64. */
  readonly salt?: string;
  /** C2SP tlog-proof against the newest checkpoint. */
  readonly proof?: string;
  /** Index of the entry by which its subject was erased. */
  readonly erasedBy?: number;
  /** Index of the entry by which its body was destroyed when its term was over. */
  readonly expiredBy?: number;
}

export interface RegisteredSchema {
  readonly subject: string;
  readonly version: number;
  readonly id: number;
  readonly schemaType: string;
  /** An Avro schema, as JSON text. */
  readonly schema: string;
}
