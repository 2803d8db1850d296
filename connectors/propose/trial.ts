/** The whole source through the proposed mapping, as a run would do it, publishing nothing: what would be published, and what would not and why. */
import { checkRecord } from '../../contracts/examples.js';
import type { Contract, KeyScheme, Workspace } from '../../contracts/types.js';
import type { Mapping } from '../feed.js';
import { compileMapping, type CompiledMapping, type Mapped } from '../mapping/index.js';
import { identifier } from '../publish/identity.js';
import type { BrokenRow, SourceRow } from '../sources/port.js';
import { hashText, KeyTable, type Hash } from './hashes.js';

export interface Refused {
  readonly field: string;
  readonly code: string;
  readonly reason: string;
  readonly rows: number;
}

export interface TrialReport {
  readonly rows: number;
  readonly published: number;
  /** The same in every mapped field as an earlier row. */
  readonly merged: number;
  readonly quarantined: number;
  /** By the first problem of each row, most frequent first. */
  readonly refused: readonly Refused[];
  /** False where the file has too many keys to hold: duplicates are then counted in a share of them. */
  readonly exact: boolean;
  readonly first: readonly Readonly<Record<string, unknown>>[];
}

/** Keys held, of 24 bytes. */
const MAX_KEYS = 500_000;
const SHOWN = 2;
const MAX_REASONS = 200;

type Published = Extract<Mapped, { ok: true }>['value'];

export class Trial {
  private readonly mapping: CompiledMapping;
  private readonly identity: ReturnType<typeof identifier>;
  private readonly keys = new KeyTable(MAX_KEYS);
  private readonly hash: Hash = { high: 0, low: 0 };
  private readonly reasons = new Map<string, { field: string; code: string; reason: string; rows: number }>();
  private readonly first: Published[] = [];
  private rows = 0;
  private good = 0;
  private skipped = 0;
  private merged = 0;
  private conflicting = 0;
  /** Rows refused for reasons beyond those that are told apart. */
  private otherwise = 0;

  constructor(
    private readonly contract: Contract,
    mapping: Mapping,
    schemes: ReadonlyMap<string, KeyScheme>,
    private readonly ground: Pick<Workspace, 'codelists' | 'schemes'>,
  ) {
    this.mapping = compileMapping(mapping, contract, schemes);
    this.identity = identifier(contract, schemes);
  }

  add(row: SourceRow | BrokenRow): void {
    this.rows += 1;
    if ('broken' in row) return this.refuse('', row.broken.code, row.broken.reason);
    const mapped = this.mapping.map(row.cells);
    if ('skipped' in mapped) {
      this.skipped += 1;
      return;
    }
    if (!mapped.ok) return this.problem(mapped.problems);
    const identified = this.identity.of(mapped.value);
    if (!identified.ok) return this.problem(identified.problems);
    const { subject, recordId, value } = identified.identity;
    const checked = checkRecord(this.contract, value, this.ground);
    if (!checked.ok) return this.problem(checked.problems);
    this.good += 1;
    if (this.first.length < SHOWN) this.first.push(value);
    const content = hashText(checked.body.toString('latin1'), this.hash).low;
    hashText(`${subject}|${recordId}`, this.hash);
    if (!this.keys.keeps(this.hash)) return;
    const before = this.keys.put(this.hash, content);
    if (before === content) this.merged += 1;
    else if (before !== undefined) this.conflicting += 1;
  }

  private problem(problems: readonly { readonly field: string; readonly code: string; readonly reason: string }[]): void {
    const [first] = problems;
    this.refuse(first?.field ?? '', first?.code ?? 'bad_value', first?.reason ?? '');
  }

  private refuse(field: string, code: string, reason: string): void {
    const key = `${field}\n${code}\n${reason}`;
    const known = this.reasons.get(key);
    if (known !== undefined) known.rows += 1;
    else if (this.reasons.size < MAX_REASONS) this.reasons.set(key, { field, code, reason, rows: 1 });
    else this.otherwise += 1;
  }

  report(): TrialReport {
    const { share } = this.keys;
    const merged = Math.round(this.merged / share);
    const conflicting = Math.round(this.conflicting / share);
    const published = this.good - merged - conflicting;
    const refused: Refused[] = [...this.reasons.values()];
    if (conflicting > 0) refused.push({ field: '', code: 'conflicting_duplicate', reason: 'an earlier row has the same key and other content', rows: conflicting });
    if (this.otherwise > 0) refused.push({ field: '', code: 'bad_value', reason: 'for other reasons', rows: this.otherwise });
    refused.sort((a, b) => b.rows - a.rows);
    return { rows: this.rows, published, merged, quarantined: this.rows - this.skipped - published - merged, refused, exact: share === 1, first: this.first };
  }
}
