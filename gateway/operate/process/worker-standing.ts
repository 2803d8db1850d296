/** What a worker says of itself while it runs: warnings, reasons against answering, and acts that go on record. */

import type { CertificateAct } from '../../answer/inforce/certificates.js';
import type { Act } from '../../answer/inforce/follow.js';
import { administrationBody } from '../../log/entries/events.js';
import type { Journal } from '../../log/entries/port.js';
import type { FromChild } from '../children/messages.js';

interface ContractsAct {
  readonly action: 'contracts_in_force';
  /** SHA-256 of what `contracts/` declares. */
  readonly target: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Warnings, and reasons why the worker cannot serve; each replaces what was said about the same thing before. */
export class WorkerStanding {
  readonly #warnings = new Map<string, readonly string[]>();
  readonly #reasons = new Map<string, readonly string[]>();
  readonly #tell: (message: FromChild) => void;

  constructor(tell: (message: FromChild) => void) {
    this.#tell = tell;
  }

  warn(about: string, warnings: readonly string[]): void {
    this.#warnings.set(about, warnings);
    this.#tell({ kind: 'warnings', warnings: [...this.#warnings.values()].flat() });
  }

  /** @param reasons none: nothing about it stands against answering any more */
  cannotServe(about: string, reasons: readonly string[]): void {
    this.#reasons.set(about, reasons);
    const all = [...this.#reasons.values()].flat();
    this.#tell({ kind: 'health', ready: all.length === 0, reasons: all });
  }
}

/**
 * Acts on what is in force, put on record in the journal. All workers of a replica follow the same files, so that one
 * of them does it. What happens before the journal is open goes into it first.
 */
export class RecordedActs {
  /** Whether this worker is the one. */
  records: boolean;
  readonly #now: () => number;
  readonly #early: string[] = [];
  #journal: Pick<Journal, 'note'> | undefined;

  constructor(records: boolean, now: () => number) {
    this.records = records;
    this.#now = now;
  }

  put(act: Act | CertificateAct | ContractsAct): void {
    if (!this.records) return;
    const clear = administrationBody({ time: new Date(this.#now()).toISOString(), by: 'gateway', ...act });
    if (this.#journal === undefined) this.#early.push(clear);
    else this.#journal.note({ clear });
  }

  opened(journal: Pick<Journal, 'note'>): void {
    this.#journal = journal;
    for (const clear of this.#early.splice(0)) journal.note({ clear });
  }
}
