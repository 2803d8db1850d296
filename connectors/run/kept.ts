/**
 * Rows of which a source has only looked at the keys (`Keys` of the source port): what they say about what is
 * published.
 */
import type { Contract } from '../../contracts/types.js';
import type { Mapping } from '../feed.js';
import { namingColumns } from '../mapping/columns.js';
import type { CompiledMapping } from '../mapping/index.js';
import type { Session } from '../publish/index.js';
import type { Quarantine } from '../quarantine.js';
import type { Cell, Keys } from '../reading/port.js';
import { Nameless } from './rows.js';

interface KeptOptions {
  readonly contract: Contract;
  readonly declared: Mapping;
  readonly mapping: CompiledMapping;
  readonly quarantine: Quarantine;
  /** Name of the run. */
  readonly run: string;
}

export class KeptRows implements Keys {
  readonly columns: ReadonlySet<string>;
  private begun: { readonly session: Session; readonly nameless: Nameless } | undefined;

  constructor(private readonly options: KeptOptions) {
    this.columns = namingColumns(options.declared, options.contract);
  }

  /** Before the first row is read; how it publishes depends on what the source is. */
  begin(session: Session): void {
    const { contract, declared, mapping } = this.options;
    this.begun = { session, nameless: new Nameless({ session, contract, declared, mapping }) };
  }

  keep(position: string, cells: Readonly<Record<string, Cell>>): boolean {
    const { mapping, quarantine, run } = this.options;
    if (this.begun === undefined) throw new Error('a key was looked at before the run began');
    const { session, nameless } = this.begun;
    if (mapping.skips(cells)) return true;
    const identity = mapping.identify(cells);
    const refused = quarantine.runOf(position);
    // what an earlier run refused may be good now; it is not marked as seen, so that it is no duplicate of itself when
    // it is read
    if (refused !== undefined && refused !== run) {
      if (identity === undefined) nameless.key(position, cells);
      return false;
    }
    const state = session.markSeen(identity);
    if (state === 'nameless') nameless.key(position, cells);
    return state === 'published' || refused === run;
  }
}
