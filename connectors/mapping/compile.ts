/** A mapping and a contract become one function from cells to the JSON form of a record. */
import { type FieldProblem, YitongError } from '../../contracts/errors.js';
import type { Contract, FieldInfo, KeyScheme } from '../../contracts/types.js';
import type { Expression, Mapping, Step } from '../feed.js';
import type { Cell } from '../reading/port.js';
import { type Cells, compileCondition } from './conditions.js';
import { type CrosswalkLink, type FindSubject, NO_CROSSWALK } from './crosswalk.js';
import { DEFAULT_ZONE, LIMITS } from './limits.js';
import { compileSteps, FAILED, type Made, note, problem, type RowRun, splitUpTo } from './steps.js';
import { finisher, requiredFields, scaleOf } from './targets.js';

export type JsonRecord = { [field: string]: Cell };

export type Mapped =
  | { readonly ok: true; readonly value: JsonRecord; readonly notes: readonly string[] }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] }
  | { readonly skipped: true };

export interface CompiledMapping {
  /** One row to the JSON form of the contract's latest version. Never throws. */
  map(cells: Cells): Mapped;
  /** The row is not one of the dataset's. */
  skips(cells: Cells): boolean;
  /**
   * Only what names the record: subject and record id. Undefined where they cannot be read. For withdrawn and broken
   * rows.
   */
  identify(cells: Cells): JsonRecord | undefined;
  /** What can be read of that, and which of its fields cannot. */
  partly(cells: Cells): { readonly value: JsonRecord; readonly failed: ReadonlySet<string> };
}

type Maker = (cells: Cells, run: RowRun) => Made;

interface Leaf {
  readonly kind: 'leaf';
  readonly name: string;
  readonly path: string;
  readonly make: Maker;
  readonly required: boolean;
}
interface Branch {
  readonly kind: 'branch';
  readonly name: string;
  readonly nullable: boolean;
  readonly children: Node[];
}
type Node = Leaf | Branch;

const NO_NOTES: readonly string[] = [];

/**
 * Compiles once; the result costs a few microseconds a row.
 * @param crosswalk how the step `crosswalk` finds a subject; absent where rows are only looked at: none is found
 * @throws YitongError `bad_feed`: a target that the contract lacks, a required field that is not mapped, an unknown
 * scheme, zone or code
 */
export function compileMapping(
  mapping: Mapping,
  contract: Contract,
  schemes: ReadonlyMap<string, KeyScheme>,
  file = '',
  crosswalk: (link: CrosswalkLink) => FindSubject = NO_CROSSWALK,
): CompiledMapping {
  const infos = new Map<string, FieldInfo>(contract.latest.fields.map((info) => [info.path, info]));
  const nulls = new Set(mapping.nulls ?? []);
  const builder: Builder = { contract, infos, nulls, schemes, zone: mapping.zone ?? DEFAULT_ZONE, file, crosswalk };
  const tree = buildTree(mapping.fields, '', builder);

  const mapped = new Set(Object.keys(mapping.fields).map(bare));
  for (const path of requiredFields(contract)) {
    if (!covered(path, mapped))
      throw new YitongError('bad_feed', `the required field \`${path}\` is not mapped`, { place: { file } });
  }
  const skip = mapping.skip === undefined ? undefined : compileCondition(mapping.skip, nulls);
  const identifying = new Set<string>([contract.subject.field, ...contract.recordId]);
  const identity = prune(tree, identifying);

  return {
    map(cells) {
      if (skip?.(cells) === true) return { skipped: true };
      const run: RowRun = { problems: undefined, notes: undefined, field: '', column: '' };
      const value = fill(tree, cells, run, false);
      if (run.problems !== undefined) return { ok: false, problems: run.problems };
      return { ok: true, value, notes: run.notes ?? NO_NOTES };
    },
    skips: (cells) => skip?.(cells) === true,
    identify(cells) {
      const run: RowRun = { problems: undefined, notes: undefined, field: '', column: '' };
      const value = fill(identity, cells, run, false);
      return run.problems === undefined ? value : undefined;
    },
    partly(cells) {
      const run: RowRun = { problems: undefined, notes: undefined, field: '', column: '' };
      const value = fill(identity, cells, run, false);
      return { value, failed: new Set(run.problems?.map(({ field }) => field)) };
    },
  };
}

interface Builder {
  readonly contract: Contract;
  readonly infos: ReadonlyMap<string, FieldInfo>;
  readonly nulls: ReadonlySet<string>;
  readonly schemes: ReadonlyMap<string, KeyScheme>;
  readonly zone: string;
  readonly file: string;
  readonly crosswalk: (link: CrosswalkLink) => FindSubject;
}

/** `members[]` → `members`: a target may be written either way. */
const bare = (path: string): string => (path.endsWith('[]') ? path.slice(0, -2) : path);

/** A field is mapped by itself, by something above it or, for a record, by something below it. */
function covered(path: string, mapped: ReadonlySet<string>): boolean {
  for (const target of mapped) {
    if (
      path === target ||
      path.startsWith(`${target}.`) ||
      path.startsWith(`${target}[]`) ||
      target.startsWith(`${path}.`)
    )
      return true;
  }
  return false;
}

function buildTree(fields: Readonly<Record<string, Expression>>, prefix: string, builder: Builder): Node[] {
  const roots: Node[] = [];
  for (const [written, expression] of Object.entries(fields)) {
    const target = bare(written);
    const path = `${prefix}${target}`;
    const info = builder.infos.get(path) ?? builder.infos.get(`${path}[]`);
    if (info === undefined)
      throw new YitongError('bad_feed', `the contract has no field \`${path}\``, { place: { file: builder.file } });
    const names = target.split('.');
    let level = roots;
    names.slice(0, -1).forEach((name, depth) => {
      let branch = level.find((node): node is Branch => node.kind === 'branch' && node.name === name);
      if (branch === undefined) {
        const above = builder.infos.get(`${prefix}${names.slice(0, depth + 1).join('.')}`);
        branch = { kind: 'branch', name, nullable: above?.nullable ?? false, children: [] };
        level.push(branch);
      }
      level = branch.children;
    });
    const name = names.at(-1) ?? target;
    if (level.some((node) => node.name === name))
      throw new YitongError('bad_feed', `the field \`${path}\` is mapped twice`, { place: { file: builder.file } });
    level.push({
      kind: 'leaf',
      name,
      path,
      make: compileExpression(expression, path, info, builder),
      required: !info.nullable,
    });
  }
  return roots;
}

function prune(nodes: readonly Node[], keep: ReadonlySet<string>): Node[] {
  const kept: Node[] = [];
  for (const node of nodes) {
    if (node.kind === 'leaf') {
      if (keep.has(node.path)) kept.push(node);
    } else {
      const children = prune(node.children, keep);
      if (children.length > 0) kept.push({ ...node, children });
    }
  }
  return kept;
}

/**
 * Sets every target; a record above none but nulls is null where the contract lets it be. `quiet`: a missing required
 * value is not yet a problem, as the record around it may be absent altogether.
 */
function fill(nodes: readonly Node[], cells: Cells, run: RowRun, quiet: boolean): JsonRecord {
  const out: JsonRecord = {};
  for (const node of nodes) {
    if (node.kind === 'branch') {
      const below = fill(node.children, cells, run, quiet || node.nullable);
      if (node.nullable && allNull(below)) {
        out[node.name] = null;
        continue;
      }
      if (node.nullable && !quiet) checkRequired(node.children, below, run);
      out[node.name] = below;
      continue;
    }
    run.field = node.path;
    run.column = '';
    const made = node.make(cells, run);
    if (made === FAILED) continue;
    if (made === null && node.required && !quiet) problem(run, 'missing_value', 'has no value');
    out[node.name] = made;
  }
  return out;
}

function allNull(record: JsonRecord): boolean {
  for (const key in record) if (record[key] !== null) return false;
  return true;
}

/** A nullable record that is there must be whole. */
function checkRequired(nodes: readonly Node[], record: JsonRecord, run: RowRun): void {
  for (const node of nodes) {
    const value = record[node.name];
    if (node.kind === 'branch') {
      if (typeof value === 'object' && value !== null) checkRequired(node.children, value as JsonRecord, run);
    } else if (node.required && value === null) {
      run.field = node.path;
      problem(run, 'missing_value', 'has no value');
    }
  }
}

function compileExpression(expression: Expression, path: string, info: FieldInfo, builder: Builder): Maker {
  const finish = finisher(
    info,
    builder.infos.get(`${path}[]`),
    info.type === 'decimal' ? scaleOf(builder.contract, path) : 0,
  );
  const make = compileRaw(expression, path, builder);
  return (cells, run) => {
    const made = make(cells, run);
    return made === null || made === FAILED ? made : finish(made, run);
  };
}

function compileRaw(expression: Expression, path: string, builder: Builder): Maker {
  if ('const' in expression) {
    const value = expression.const as Cell;
    return () => value;
  }
  if ('from' in expression) {
    const read = compileRead(expression.from, expression.steps, path, builder);
    if (!('default' in expression)) return read;
    const fallback = expression.default as Cell;
    return (cells, run) => {
      const made = read(cells, run);
      if (made !== null) return made;
      note(run, 'default_used');
      return fallback;
    };
  }
  if ('concat' in expression) {
    const parts = expression.concat.map((part): Maker => {
      if (!('text' in part)) return compileRaw(part, path, builder);
      const { text } = part;
      return () => text;
    });
    const steps = compileSteps(expression.steps ?? [], { ...builder, target: path });
    return (cells, run) => {
      let text = '';
      for (const part of parts) {
        const made = part(cells, run);
        if (made === null || made === FAILED) return made;
        text += typeof made === 'object' ? JSON.stringify(made) : String(made);
      }
      run.column = '';
      return text.length > LIMITS.cell
        ? problem(run, 'bad_value', `is longer than ${LIMITS.cell} characters`)
        : steps(text, run);
    };
  }
  if ('case' in expression) {
    const branches = expression.case.map(({ when, use }) => ({
      holds: compileCondition(when, builder.nulls),
      make: compileRaw(use, path, builder),
    }));
    const otherwise = expression.else === undefined ? undefined : compileRaw(expression.else, path, builder);
    return (cells, run) => {
      for (const { holds, make } of branches) if (holds(cells)) return make(cells, run);
      return otherwise === undefined ? null : otherwise(cells, run);
    };
  }
  return compileRows(expression.rows, path, builder);
}

function compileRows(rows: Extract<Expression, { rows: unknown }>['rows'], path: string, builder: Builder): Maker {
  const inner = buildTree(rows.fields, `${path}[].`, builder);
  const { from, split, max = LIMITS.parts } = rows;
  return (cells, run) => {
    const cell = cells[from];
    run.column = from;
    if (cell === undefined || cell === null) return null;
    let parts: readonly unknown[];
    if (typeof cell === 'string') {
      const trimmed = cell.trim();
      if (trimmed === '' || builder.nulls.has(trimmed)) return null;
      if (cell.length > LIMITS.cell) return problem(run, 'bad_value', `is longer than ${LIMITS.cell} characters`);
      const found = split === undefined ? { parts: [cell], more: false } : splitUpTo(cell, split, max);
      if (found.more) return problem(run, 'bad_value', `has more than ${max} parts`);
      parts = found.parts.filter((part) => part.trim() !== '');
    } else if (Array.isArray(cell)) {
      if (cell.length > max) return problem(run, 'bad_value', `has more than ${max} parts`);
      parts = cell;
    } else return problem(run, 'bad_value', 'is neither a text nor a list');
    const before = run.problems?.length ?? 0;
    const out = parts.map((part) =>
      fill(
        inner,
        (typeof part === 'object' && part !== null ? { ...part, '*': part } : { '*': part }) as Cells,
        run,
        false,
      ),
    );
    return (run.problems?.length ?? 0) > before ? FAILED : out;
  };
}

function compileRead(column: string, steps: readonly Step[] | undefined, path: string, builder: Builder): Maker {
  const { nulls } = builder;
  const work = compileSteps(steps ?? [], { ...builder, target: path });
  const stepped = (steps?.length ?? 0) > 0;
  return (cells, run) => {
    const cell = cells[column];
    run.column = column;
    if (cell === undefined || cell === null) return null;
    if (typeof cell === 'string') {
      if (cell.length > LIMITS.cell) return problem(run, 'bad_value', `is longer than ${LIMITS.cell} characters`);
      const trimmed = cell.trim();
      return trimmed === '' || nulls.has(trimmed) ? null : work(cell, run);
    }
    if (!stepped) return cell;
    if (typeof cell === 'object') return problem(run, 'bad_value', 'is not a text, so no step can be applied');
    return work(String(cell), run);
  };
}
