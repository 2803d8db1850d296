/**
 * What becomes of each row of a run: mapped, unreadable, skipped, withdrawn, or given up with the rest of its source.
 */
import type { Contract, Workspace } from '../../contracts/types.js';
import type { Mapping } from '../feed.js';
import { namingColumns, restColumns } from '../mapping/columns.js';
import type { CompiledMapping } from '../mapping/index.js';
import { identifier, type JsonForm } from '../publish/identity.js';
import { digest, type PublishResult, type PublishRow, restOfCells, type Session } from '../publish/index.js';
import type { Quarantine } from '../quarantine.js';
import type { BrokenRow, Cell, SourceBatch, SourceRow } from '../reading/port.js';
import type { Tally } from '../report.js';

interface RowParts {
  readonly contract: Contract;
  readonly schemes: Workspace['schemes'];
  readonly mapping: CompiledMapping;
  readonly quarantine: Quarantine;
  readonly session: Session;
  readonly declared: Mapping;
  readonly tally: Tally;
  /** Name of the run, for the quarantine. */
  readonly run: string;
  /** Rows are events in their order. */
  readonly events: boolean;
}

/**
 * Where so many rows cannot be read, and those are most of them, the source is not what the feed says: the rest is one
 * bad row.
 */
const MAX_BROKEN = 10_000;

export class RunRows {
  /** Nothing after some row could be read. */
  tail = false;
  /** Rows that the source itself could not read. */
  private broken = 0;

  private readonly nameless: Nameless;
  /** Mapped columns beside the key's. */
  private readonly restColumns: readonly string[];

  constructor(private readonly parts: RowParts) {
    this.nameless = new Nameless(parts);
    this.restColumns = restColumns(parts.declared, parts.contract);
  }

  /** What goes to the publisher; the rest is in the quarantine, or accounted for. */
  map(batch: SourceBatch, sourceTime: string): PublishRow[] {
    const { mapping, quarantine, session, tally, run, events } = this.parts;
    const rows: PublishRow[] = [];
    for (const row of batch) {
      const { position, rowNumber } = row;
      if ('broken' in row) {
        this.unreadable(row, sourceTime);
        continue;
      }
      const place = { position, rowNumber, sourceTime: row.sourceTime ?? sourceTime };
      if (row.withdrawn !== undefined) {
        this.withdrawn(row, row.withdrawn.reason, place, rows);
        continue;
      }
      const mapped = mapping.map(row.cells);
      if ('skipped' in mapped) {
        if (events && this.isOnRecord(row, rows)) {
          // it was the dataset's until this change
          this.withdrawn(row, 'skipped', place, rows);
          continue;
        }
        tally.add('skipped');
        quarantine.good(position);
      } else if (mapped.ok) {
        for (const note of mapped.notes) tally.note(note);
        rows.push({ ...place, value: mapped.value, cells: row.cells, rest: restOfCells(this.restColumns, row.cells) });
      } else {
        if (session.markSeen(mapping.identify(row.cells)) === 'nameless') this.nameless.row(position, row.cells);
        quarantine.add({ ...place, problems: mapped.problems, cells: row.cells }, run);
        tally.quarantined(mapped.problems[0]?.code ?? 'bad_value');
      }
    }
    return rows;
  }

  private unreadable({ position, rowNumber, broken, raw, tail, cells }: BrokenRow, sourceTime: string): void {
    const { mapping, quarantine, session, tally, run } = this.parts;
    if (cells === undefined) this.nameless.raw(position, raw);
    else if (session.markSeen(mapping.identify(cells)) === 'nameless') this.nameless.row(position, cells);
    this.broken += 1;
    if (tail === true) this.tail = true;
    quarantine.add({ position, rowNumber, sourceTime, problems: [{ ...broken, field: '' }], raw }, run);
    tally.quarantined(broken.code);
  }

  /** Most rows cannot be read, and they are too many. */
  hopeless(): boolean {
    return this.broken > MAX_BROKEN && this.broken > this.parts.tally.counts.rows / 2;
  }

  /** What stands behind `last` is not read. */
  giveUp(last: SourceRow | BrokenRow | undefined, sourceTime: string): void {
    if (last === undefined || this.tail) return;
    const reason = `the rest was not read: most of ${this.parts.tally.counts.rows} rows cannot be read`;
    this.parts.tally.add('rows', 1);
    this.unreadable(
      {
        position: `${last.position}+`,
        rowNumber: last.rowNumber + 1,
        broken: { code: 'bad_row', reason },
        raw: '',
        tail: true,
      },
      sourceTime,
    );
  }

  private identityOf(row: SourceRow) {
    const { mapping, contract, schemes } = this.parts;
    const value = mapping.identify(row.cells);
    return value === undefined ? undefined : identifier(contract, schemes).of(value);
  }

  /** Of events: published, or about to be by an earlier row of the same batch. */
  private isOnRecord(row: SourceRow, before: readonly PublishRow[]): boolean {
    const found = this.identityOf(row);
    if (found?.ok !== true) return false;
    const { subject, recordId } = found.identity;
    const same = (value: JsonForm): boolean => {
      const other = identifier(this.parts.contract, this.parts.schemes).of(value);
      return other.ok && other.identity.subject === subject && other.identity.recordId === recordId;
    };
    return this.parts.session.isPublished(subject, recordId) || before.some((one) => 'value' in one && same(one.value));
  }

  /** The source says that a record is gone: its cells need only name it. */
  private withdrawn(
    row: SourceRow,
    reason: string,
    place: { position: string; rowNumber: number; sourceTime: string },
    rows: PublishRow[],
  ): void {
    const { contract, quarantine, session, tally, run, events } = this.parts;
    const found = this.identityOf(row);
    if (found?.ok === true) {
      // a source that marks what it deleted says so again each time that the row is read; of events the publisher
      // knows, as it takes them in order
      if (!events && !session.isPublished(found.identity.subject, found.identity.recordId)) {
        tally.add('unchanged');
        quarantine.good(place.position);
        return;
      }
      rows.push({ ...place, withdraw: { subject: found.identity.subject, recordId: found.identity.recordId, reason } });
      return;
    }
    this.nameless.row(place.position, row.cells);
    const problems =
      found?.ok === false
        ? found.problems
        : [
            {
              code: 'missing_value' as const,
              field: contract.subject.field,
              reason: 'the withdrawal does not name its record',
            },
          ];
    quarantine.add({ ...place, problems, cells: row.cells }, run);
    tally.quarantined(problems[0]?.code ?? 'missing_value');
  }

  /** The rows that went to the publisher. */
  count(results: readonly PublishResult[]): void {
    const { tally } = this.parts;
    for (const { status, code, normalised } of results) {
      if (normalised === true) tally.note('key_normalised');
      if (status === 'quarantined') tally.quarantined(code ?? 'bad_value');
      else tally.add(status);
    }
  }
}

/**
 * Rows of which nobody can say which record they are: what they say all the same is kept by the session until its end.
 */
export class Nameless {
  private readonly naming: readonly string[];
  private readonly rest: readonly string[];

  constructor(
    private readonly parts: Pick<RowParts, 'declared' | 'contract' | 'mapping'> & {
      readonly session: Pick<Session, 'unreadable' | 'partly'>;
    },
  ) {
    this.naming = [...namingColumns(parts.declared, parts.contract)].sort();
    this.rest = restColumns(parts.declared, parts.contract);
  }

  /** A row that was read. */
  row(position: string, cells: Readonly<Record<string, Cell>>): void {
    const { session } = this.parts;
    const whole = digest(JSON.stringify([...this.naming, ...this.rest].map((column) => cells[column] ?? null)));
    session.unreadable({ ...this.known(position, cells), whole, rest: restOfCells(this.rest, cells) });
  }

  /** A row of which only the columns that name it were looked at. */
  key(position: string, cells: Readonly<Record<string, Cell>>): void {
    this.parts.session.unreadable({ ...this.known(position, cells), rest: '' });
  }

  /** A row that the source could not take apart. */
  raw(position: string, raw: string): void {
    const whole = digest(raw);
    this.parts.session.unreadable({ position, key: whole, whole, rest: '' });
  }

  private known(position: string, cells: Readonly<Record<string, Cell>>) {
    const { value, failed } = this.parts.mapping.partly(cells);
    return {
      position,
      ...this.parts.session.partly(value, failed),
      key: digest(JSON.stringify(this.naming.map((column) => cells[column] ?? null))),
    };
  }
}
