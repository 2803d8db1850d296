/** What would become of a row by a mapping, by the code that maps and checks rows when a feed runs. */
import type { FieldProblem } from '../../contracts/errors.js';
import type { Contract, Workspace } from '../../contracts/types.js';
import type { Feed, Mapping } from '../feed.js';
import { compileMapping } from '../mapping/index.js';
import { fitter } from '../publish/fitting.js';
import { identifier } from '../publish/index.js';
import { contentHash } from '../publish/topic.js';
import type { QuarantineEntry } from '../quarantine.js';
import type { Cell } from '../reading/port.js';

export type Cells = Readonly<Record<string, Cell>>;

export type Outcome =
  | { readonly ok: true; readonly value: Readonly<Record<string, Cell>>; readonly hash: string }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] }
  | { readonly skipped: true };

/** What mends look at. */
export interface MendGround {
  readonly feed: Feed;
  readonly contract: Contract;
  readonly workspace: Workspace;
}

/** @throws YitongError `bad_feed` where the mapping does not compile */
export function outcomes(
  { feed, contract, workspace }: MendGround,
  mapping: Mapping,
  /** Without what only a comparison needs. */
  hashed = true,
): (cells: Cells) => Outcome {
  const compiled = compileMapping(mapping, contract, workspace.schemes, feed.file);
  const fit = fitter(contract, workspace, identifier(contract, workspace.schemes));
  return (cells) => {
    const mapped = compiled.map(cells);
    if ('skipped' in mapped || !mapped.ok) return mapped;
    const fitting = fit(mapped.value);
    if (!fitting.ok) return { ok: false, problems: fitting.problems };
    return { ok: true, value: mapped.value, hash: hashed ? contentHash(fitting.framed) : '' };
  };
}

/** Cells of a row that came from a source and could be read; else nothing can be mapped. */
export const cellsOfRow = ({ cells, raw, withdraw }: QuarantineEntry): Cells | undefined =>
  raw !== undefined || withdraw !== undefined ? undefined : cells;
