/** The shapes that a loaded workspace has. Everything else imports these; this file imports no code. */
import type { Type } from 'avsc';
import type { AuthorityId, DatasetId, FieldPath } from './ids.js';
import type { Localised } from './localised.js';

export type { Localised } from './localised.js';

/** Grades of one field, lowest first. The order is the order of sensitivity. */
export const CLASSIFICATIONS = ['public', 'internal', 'restricted', 'personal', 'sensitive'] as const;
export type Classification = (typeof CLASSIFICATIONS)[number];

/** One leaf, record, or array of a schema, under the path by which grants and queries name it. */
export interface FieldInfo {
  readonly path: FieldPath;
  readonly title: Localised;
  readonly classification: Classification;
  /** `string` `int` `long` `double` `boolean` `date` `timestamp` `decimal` `enum` `bytes` `record` `array` `map` */
  readonly type: string;
  readonly nullable: boolean;
  /** True where this path has fields below it; granting it grants them all. */
  readonly branch: boolean;
  readonly codelist?: string;
  readonly unit?: string;
}

/** An Avro schema as JSON. */
export type AvroSchema = string | { readonly [key: string]: unknown } | readonly AvroSchema[];

export interface ContractVersion {
  /** From the file name: `v1.avsc` is 1. */
  readonly version: number;
  /** Id of the registry wire format, from schema-ids.json. */
  readonly schemaId: number;
  readonly schema: AvroSchema;
  /** avsc's compiled type, unions unwrapped, logical types as in docs of `avro.ts`. */
  readonly type: Type;
  readonly fields: readonly FieldInfo[];
}

/**
 * What a register of the credit platform withholds from every way of asking. What tickets delete or take down is
 * withheld as well.
 */
export interface NotGiven {
  /** The day on which conduct or event ended, and for how many years after it the record is given. */
  readonly ended: FieldPath;
  readonly years: number;
  readonly repaired?: { readonly field: FieldPath; readonly values: readonly string[] };
  readonly basis: readonly string[];
}

export type SharingAttribute = 'unconditional' | 'conditional' | 'none';
export type Delivery = 'query' | 'verify' | 'batch' | 'file' | 'subscription';

/** One catalogue entry (政务数据共享条例 Art.13–15) with its schemas. */
export interface Contract {
  readonly id: DatasetId;
  readonly authority: AuthorityId;
  readonly name: Localised;
  readonly description: Localised;
  /**
   * The field that holds the subject's key, the scheme by which it is checked, and whether subjects are natural
   * persons.
   */
  readonly subject: { readonly scheme: string; readonly field: FieldPath; readonly persons: boolean };
  /** Fields that tell one subject's records apart; empty where a subject has one record. */
  readonly recordId: readonly FieldPath[];
  /** 数据更新频率: milliseconds after which, without a watermark, the dataset is stale. */
  readonly updateFrequency: number;
  /** The same as it stands in the file, ISO 8601. */
  readonly updateFrequencyText: string;
  readonly sharing: {
    readonly attribute: SharingAttribute;
    readonly delivery: readonly Delivery[];
    /** Conditional: scope and use (Art.15). */
    readonly conditions?: { readonly scope: Localised; readonly use: Localised };
    /** Not shared: reason and legal basis (Art.15). */
    readonly refusal?: { readonly reason: Localised; readonly legalBasis: readonly string[] };
    /** Calls a day, of one consumer and in all, beyond which an application waits for a person. */
    readonly volume?: { readonly perConsumer?: number; readonly total?: number };
  };
  /** 数据分类分级 */
  /** Records that nobody is given, however it is asked; undefined: each record is given to whom a grant gives it. */
  readonly notGiven?: NotGiven;
  readonly grading: { readonly category: string; readonly grade: 'general' | 'important' | 'core' };
  readonly approval: { readonly role: string; readonly date: string };
  readonly assessments: {
    readonly secrecy: { readonly role: string; readonly date: string };
    readonly personalInformation: { readonly role: string; readonly date: string };
  };
  /** For reports: the domains it serves and what kind of record it holds. */
  readonly domains: readonly string[];
  readonly kind: string;
  readonly partitions: number;
  readonly history: 'full' | 'latest';
  /** Bytes of one encoded record; larger ones are quarantined. */
  readonly maxRecordBytes: number;
  /** Ascending; never empty. */
  readonly versions: readonly ContractVersion[];
  readonly latest: ContractVersion;
  /** Directory of the dataset, for messages. */
  readonly dir: string;
}

export interface Authority {
  readonly id: AuthorityId;
  readonly name: Localised;
  /** GB/T 2260 or the like; the area whose data it keeps. */
  readonly area?: string;
  /** Whom others ask about its data. */
  readonly contact?: { readonly office?: Localised; readonly telephone?: string; readonly email?: string };
}

export interface Codelist {
  readonly id: string;
  readonly name: Localised;
  readonly codes: ReadonlyMap<string, Localised>;
  /** Of a list of display tiers, by code: for how long a record of the tier is displayed to the public. */
  readonly display?: ReadonlyMap<string, DisplayTerm>;
}

/** Whole months from the day of the decision. */
export interface DisplayTerm {
  /** After so many the company may ask for repair, which ends the display. */
  readonly shortest: number;
  /** After so many the display ends by itself. */
  readonly longest: number;
  /** False: it is not collected as information on dishonesty, so no report tells of it. */
  readonly collected?: false;
  readonly basis: readonly string[];
}

/** A workspace with the layers that it extends; nearest first. */
export interface Workspace {
  readonly dir: string;
  readonly name: Localised;
  /** Topic prefix. */
  readonly prefix: string;
  /** True where all data are invented; shown on every page. */
  readonly synthetic: boolean;
  /** This directory, then what it extends. */
  readonly layers: readonly string[];
  /** Those of them that are of another region (`region.id`): what it declares is reused, its feeds do not run here. */
  readonly foreign?: readonly string[];
  readonly authorities: ReadonlyMap<AuthorityId, Authority>;
  /** Names of those that provide no data, by what names them: a government, a sharing authority above. */
  readonly bodies?: Readonly<Record<string, Localised>>;
  readonly contracts: ReadonlyMap<DatasetId, Contract>;
  readonly codelists: ReadonlyMap<string, Codelist>;
  readonly schemes: ReadonlyMap<string, KeyScheme>;
  readonly schemasById: ReadonlyMap<number, { readonly contract: Contract; readonly version: ContractVersion }>;
  /** The parsed yitong.json, checked by whoever owns each section (`gateway/ground/config/index.ts`). */
  readonly settings: { readonly [section: string]: unknown };
}

export type KeyResult =
  | { readonly ok: true; readonly key: string; readonly changed: boolean }
  | { readonly ok: false; readonly code: 'bad_value' | 'bad_check_digit'; readonly reason: string };

/** One subject key scheme: one file in `subjects/`, default-exported. */
export interface KeyScheme {
  readonly id: string;
  readonly name: Localised;
  /** The standard and section that it implements. */
  readonly standard: string;
  readonly persons: boolean;
  /** Anything of the right form is valid: a value alone does not tell that it is a key. */
  readonly unchecked?: true;
  /** Why one slipped digit may pass; absent where each is caught. */
  readonly slips?: string;
  /** Titles of columns that hold such keys. */
  readonly titles?: readonly string[];
  /** The least that a field with the key may be classified as; undefined where nothing was declared. */
  readonly classification?: Classification;
  /** Normalises and checks. `changed` says that the input was not in normal form. Never throws. */
  parse(input: string): KeyResult;
  /** A shape for the eye without naming anybody: `9131**********001X`. */
  mask(key: string): string;
  /** For synthetic data: a valid key from a whole number, deterministic. */
  make(n: number): string;
}
