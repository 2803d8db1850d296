/**
 * The shape of a feed, `connectors/feeds/<authority>/<dataset>.json`, and of its mapping. A mapping is data: it runs no
 * code, has no regular expressions and no loops, so a row costs at most (steps × cell length).
 */
import type { AuthorityId, DatasetId } from '../contracts/ids.js';

export interface Feed {
  readonly dataset: DatasetId;
  readonly authority: AuthorityId;
  /** `kind` is a folder name in `sources/`; the other keys are that kind's own and checked by its schema. */
  readonly source: { readonly kind: string; readonly [key: string]: unknown };
  /** ISO 8601 duration between runs, a cron expression, `watch` (drop folder) or `push` (nothing to run). */
  readonly schedule: string;
  /** A run sees the whole source, so what is missing from it has left. */
  readonly snapshot: boolean;
  /** Refuse a snapshot that would withdraw more than this share of what is published. Default 0.1. */
  readonly maxWithdrawShare: number;
  /** Two rows of one run with one key and different content: `quarantine` the later (default) or publish the `last`. */
  readonly onDuplicate: 'quarantine' | 'last';
  readonly mapping: Mapping;
  readonly file: string;
}

export interface Mapping {
  /** Cells that mean "no value", after trimming, in every column. The empty cell always does. */
  readonly nulls?: readonly string[];
  /** Rows for which this holds are not the dataset's; they are counted as skipped. */
  readonly skip?: Condition;
  /** IANA zone or `+08:00` of timestamps that name none. Default `Asia/Shanghai`. */
  readonly zone?: string;
  /** Target field path (`address.city`; arrays of records as `members` with `rows`) → how it is made. */
  readonly fields: Readonly<Record<string, Expression>>;
}

/** How one value is made. Exactly one of from / const / concat / case / rows. */
export type Expression =
  | { readonly from: string; readonly steps?: readonly Step[]; readonly default?: unknown }
  | { readonly const: unknown }
  /** Joins parts; null if any part that is not `text` is null. */
  | { readonly concat: readonly (Expression | { readonly text: string })[]; readonly steps?: readonly Step[] }
  /** The first `when` that holds decides. */
  | { readonly case: readonly { readonly when: Condition; readonly use: Expression }[]; readonly else?: Expression }
  /**
   * Array of records out of one cell: text is split by `split`, a JSON array is taken part by part. In `fields` the
   * column `*` is the part itself, other columns are keys of the part where it is an object. Empty parts are dropped.
   */
  | {
      readonly rows: {
        readonly from: string;
        readonly split?: string;
        readonly max?: number;
        readonly fields: Readonly<Record<string, Expression>>;
      };
    };

/** Applied in order to a string; a null passes through untouched. */
export type Step =
  | 'trim'
  | 'upper'
  | 'lower'
  /** Full-width forms to half-width (NFKC of U+FF01–FF5E and U+3000 only). */
  | 'halfwidth'
  /** Runs of white space become one space. */
  | 'squeeze'
  /** Digits only. */
  | 'digits'
  /** Normalised by the key scheme of that name, check digit included; refused as `bad_check_digit`. */
  | { readonly key: string }
  /**
   * An identifier of old to the subject's key, by a dataset that ties them; refused as `not_in_crosswalk` or
   * `ambiguous_crosswalk`.
   */
  | { readonly crosswalk: { readonly dataset: string; readonly from: string } }
  /**
   * `yyyy`, `MM`, `dd`, `HH`, `mm`, `ss` (two digits), `M`, `d`, `H` (one or two) and literals; or `iso`. Result: ISO
   * date, or ISO timestamp if hours are read.
   */
  | { readonly date: string | readonly string[]; readonly zone?: string }
  | { readonly number: { readonly decimal?: '.' | ','; readonly group?: ',' | '.' | ' ' | "'" } }
  | { readonly integer: true }
  | { readonly boolean: { readonly true: readonly string[]; readonly false: readonly string[] } }
  /** Cell words to codes; a word that is not listed is refused as `not_in_codelist` unless `else` names a code. */
  | { readonly codes: Readonly<Record<string, string>>; readonly else?: string | null }
  /** Cell to array; empty parts are dropped; `each` is applied to every part. */
  | { readonly split: string; readonly each?: readonly Step[]; readonly max?: number }
  /** Split and take one part, 0-based; negative from the end; null if absent. */
  | { readonly part: { readonly by: string; readonly index: number } }
  | { readonly slice: readonly [from: number, to?: number] }
  | { readonly padStart: { readonly length: number; readonly with: string } }
  | { readonly replace: { readonly text: string; readonly by: string } }
  | { readonly stripPrefix: string }
  | { readonly stripSuffix: string }
  | { readonly nullIf: readonly string[] };

/** Over raw cells, trimmed. */
export type Condition =
  | { readonly column: string; readonly equals: string }
  | { readonly column: string; readonly in: readonly string[] }
  | { readonly column: string; readonly startsWith: string }
  | { readonly column: string; readonly endsWith: string }
  | { readonly column: string; readonly contains: string }
  | { readonly column: string; readonly empty: boolean }
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition };
