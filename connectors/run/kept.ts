/** Rows of which a source has only looked at the keys (`Keys` of the source port): what they say about what is published. */
import type { Contract } from '../../contracts/types.js';
import type { Mapping } from '../feed.js';
import { namingColumns } from '../mapping/columns.js';
import type { CompiledMapping } from '../mapping/index.js';
import type { Publisher } from '../publish/index.js';
import type { Quarantine } from '../quarantine.js';
import type { Cell, Keys } from '../sources/port.js';

export interface KeptOptions {
  readonly contract: Contract;
  readonly declared: Mapping;
  readonly mapping: CompiledMapping;
  readonly quarantine: Quarantine;
  /** Name of the run. */
  readonly run: string;
}

export class KeptRows implements Keys {
  readonly columns: ReadonlySet<string>;
  /** Rows of which nobody can say which record they are; undefined where no key was looked at. */
  nameless: number | undefined;
  /** Set before the first row is read; how it publishes depends on what the source is. */
  publisher: Publisher | undefined;

  constructor(private readonly options: KeptOptions) {
    this.columns = namingColumns(options.declared, options.contract);
  }

  keep(position: string, cells: Readonly<Record<string, Cell>>): boolean {
    const { mapping, quarantine, run } = this.options;
    if (this.publisher === undefined) throw new Error('a key was looked at before the run began');
    this.nameless ??= 0;
    if (mapping.skips(cells)) return true;
    const refused = quarantine.runOf(position);
    // what an earlier run refused may be good now; it is not marked as seen, so that it is no duplicate of itself when it is read
    if (refused !== undefined && refused !== run) {
      if (mapping.identify(cells) === undefined) this.nameless += 1;
      return false;
    }
    const state = this.publisher.markSeen(mapping.identify(cells));
    if (state === 'nameless') this.nameless += 1;
    return state === 'published' || refused === run;
  }
}
