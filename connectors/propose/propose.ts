/**
 * A feed and its contract, proposed for a source that nobody has described yet. Three passes over the rows in flat memory: what the columns
 * hold; which of them tell a subject's records apart; what the proposed mapping makes of every row.
 */
import { YitongError } from '../../contracts/errors.js';
import type { Classification, Workspace } from '../../contracts/types.js';
import type { Feed, Step } from '../feed.js';
import type { Progress } from '../run.js';
import type { SourceRow } from '../sources/port.js';
import { classOf } from './classify.js';
import type { Answers, Decision } from './decision.js';
import { datasetOf, makeDraft, type Draft, type FieldPlan } from './draft.js';
import { findKey, KeySample, type KeyColumn, type KeyPlan } from './keys.js';
import { datasetName, isFieldName, nameColumn, type Named } from './names.js';
import { Profiler, type ColumnProfile } from './profile.js';
import { readRows } from './read.js';
import { findSubject, type SubjectPlan } from './subject.js';
import { hasWord, isChinese, plain, type Terms } from './terms.js';
import { Trial, type TrialReport } from './trial.js';
import { typeOf } from './types.js';

export interface ProposeContext {
  readonly workspace: Workspace;
  readonly terms: Terms;
  readonly signal: AbortSignal;
  readonly now: () => Date;
  /** `pass` from 1 to 3 */
  readonly onProgress?: (pass: number, progress: Progress) => void;
}

/** A source that is there to be read, and what was found out about it so far. */
export interface Found {
  readonly source: Feed['source'];
  readonly schedule: string;
  /** A run sees all of it. */
  readonly snapshot: boolean;
  /** Folders of the files that were named. */
  readonly roots?: readonly string[];
  readonly decisions: readonly Decision[];
  /** Out of which a dataset's name can be made: of the file or table. */
  readonly name: string;
  /** Of a table: the columns that it has, what each is called where that is said, and those that it holds as text. */
  readonly columns?: readonly string[];
  readonly titles?: ReadonlyMap<string, string>;
  readonly texts?: ReadonlySet<string>;
}

export interface Looked extends Found {
  readonly profile: Profiler;
}

export interface LeftOut {
  readonly column: string;
  readonly reason: string;
}

export interface Proposal {
  readonly dataset: string;
  /** False: the authority has to be named before anything can be written. */
  readonly authorityNamed: boolean;
  readonly newAuthority: boolean;
  readonly decisions: readonly Decision[];
  readonly fields: readonly FieldPlan[];
  readonly subjectField: string;
  readonly leftOut: readonly LeftOut[];
  readonly draft: Draft;
  readonly trial: TrialReport;
}

/** Stands where an authority is still to be named. */
const UNNAMED = 'authority';

/** A table gives the columns that a mapping reads, a file all that it has. */
const everyColumn = ({ columns = [] }: Found): Feed['mapping'] => ({ fields: Object.fromEntries(columns.map((column) => [column, { from: column }])) });

async function eachRow(found: Found, context: ProposeContext, pass: number, mapping: Feed['mapping'] | undefined, add: (row: SourceRow | Parameters<Profiler['add']>[0]) => void): Promise<void> {
  const { workspace, signal, now, onProgress } = context;
  const rows = readRows({ workspace, source: found.source, schedule: found.schedule, snapshot: found.snapshot, ...(found.roots === undefined ? {} : { roots: found.roots }), signal, now, ...(onProgress === undefined ? {} : { onProgress: (progress: Progress) => onProgress(pass, progress) }) }, mapping ?? everyColumn(found));
  for await (const batch of rows) for (const row of batch) add(row);
}

/** The first pass. @throws YitongError as the source's reader; `bad_feed` if there is no row */
export async function look(found: Found, context: ProposeContext): Promise<Looked> {
  const profile = new Profiler(context.workspace.schemes, context.terms);
  await eachRow(found, context, 1, undefined, (row) => profile.add(row));
  for (const [name, title] of found.titles ?? []) {
    const column = profile.columns.get(name);
    if (column !== undefined) column.title = title;
  }
  if (profile.columns.size === 0) throw new YitongError('bad_feed', profile.rows === 0 ? 'there is no row in it; put one or more in, as nothing can be seen in a header alone' : `no row of ${profile.rows} can be read: ${[...profile.broken.keys()].slice(0, 3).join('; ')}`);
  return { ...found, profile };
}

function authorityOf(answers: Answers, workspace: Workspace): { readonly id: string | undefined; readonly decision: Decision } {
  const { authorities } = workspace;
  const ids = [...authorities.keys()];
  const decided = (id: string | undefined, reason: string, sure: boolean): { id: string | undefined; decision: Decision } => ({
    id,
    decision: { about: 'authority', proposed: id ?? '', reason, sure, alternatives: ids.filter((other) => other !== id), option: '--authority ' },
  });
  if (answers.authority !== undefined) return decided(answers.authority, ids.some((id) => id === answers.authority) ? 'as you said' : 'as you said; it is new and will be created', true);
  const [only] = ids;
  if (ids.length === 1 && only !== undefined) return decided(only, 'the only authority of this workspace; another id makes a new one', false);
  return decided(undefined, ids.length === 0 ? 'the workspace has none yet; an id makes a new one' : 'a file does not say whose it is; another id makes a new one', false);
}

function datasetNamed(looked: Looked, answers: Answers, { workspace, terms }: ProposeContext, authority: string): { readonly name: string; readonly decision: Decision } {
  const decided = (name: string, reason: string, sure: boolean): { name: string; decision: Decision } => ({ name, decision: { about: 'dataset', proposed: name, reason, sure, alternatives: [], option: '--dataset ' } });
  if (answers.dataset !== undefined) return decided(answers.dataset, 'as you said', true);
  const made = datasetName(looked.name, terms);
  const there = (name: string): boolean => [...workspace.contracts.keys()].some((id) => id === `${authority}.${name}`);
  if (made === undefined) return decided('register', 'the name of the source gives no id', false);
  return there(made) ? decided(`${made}-2`, `\`${authority}.${made}\` is there already`, false) : decided(made, 'from the name of the source', true);
}

interface Column {
  readonly profile: ColumnProfile;
  readonly named: Named;
}

function nameAll(columns: readonly ColumnProfile[], answers: Answers, terms: Terms, decisions: Decision[]): Column[] {
  const taken = new Set<string>();
  const given = new Map<string, string>();
  for (const [column, field] of answers.names) {
    if (!columns.some(({ name }) => name === column)) throw new YitongError('bad_feed', `\`--rename\`: there is no column \`${column}\``);
    if (!isFieldName(field)) throw new YitongError('bad_feed', `\`--rename\`: \`${field}\` is no field name; letters, digits and underscores, a letter first`);
    if ([...given.values()].includes(field)) throw new YitongError('bad_feed', `\`--rename\`: two columns become \`${field}\``);
    given.set(column, field);
    taken.add(field);
  }
  return columns.map((profile) => {
    const said = given.get(profile.name);
    const named = nameColumn(profile, terms, taken, said);
    if (!named.readable) {
      decisions.push({ about: `${named.field} name`, proposed: named.field, reason: `no word of \`${profile.name}\` is known; the title is kept`, sure: false, alternatives: [], option: `--rename ${profile.name}=` });
    }
    return { profile, named };
  });
}

function unused({ profile }: Column): string | undefined {
  if (profile.listsOfRecords > 0) return 'lists of records; map them with `rows` by hand (docs/mapping.md)';
  if (profile.lists > 0 && profile.lists < profile.told) return 'lists in some rows and plain values in others';
  if (/^#\d+$/.test(profile.name) && profile.filled === 0) return 'neither title nor value';
  return undefined;
}

function keyColumns(columns: readonly Column[], fields: readonly FieldPlan[], subject: SubjectPlan, rows: number, terms: Terms): KeyColumn[] {
  return columns.flatMap(({ profile, named }) => {
    const plan = fields.find(({ field }) => field === named.field);
    if (plan === undefined || (profile.name === subject.column && subject.steps.length === 1)) return [];
    const { kind } = plan.type;
    if (profile.longest > 300 || profile.characters > profile.filled * 80 || profile.filled === 0 || kind === 'texts' || kind === 'double' || kind === 'decimal') return [];
    const full = plan.empty === 0;
    const code = hasWord(plain(profile.title), terms.codeWords) !== undefined || named.term?.text === true;
    const fitness =
      (code ? 4 : 0) + (kind === 'date' || kind === 'timestamp' ? 2.5 : 0) + (named.term?.field === 'year' ? 3 : 0) + (profile.distinct.estimate >= rows * 0.97 ? 3 : 0) + (full ? 2 : 0) +
      (profile.characters > profile.filled * 40 ? -2 : 0) + (profile.keysInside + profile.mobiles + profile.emails > 0 ? -2 : 0) - profile.number * 0.01;
    return [{ column: profile.name, full, text: kind === 'text', fitness }];
  });
}

const lookUp = (given: ReadonlyMap<string, string>, { profile, named }: Column): string | undefined => given.get(named.field) ?? given.get(profile.name);

function checkNames(given: ReadonlyMap<string, string>, option: string, columns: readonly Column[]): void {
  for (const name of given.keys()) {
    if (!columns.some(({ profile, named }) => profile.name === name || named.field === name)) throw new YitongError('bad_feed', `\`${option}\`: there is no column or field \`${name}\``);
  }
}

function planFields(columns: readonly Column[], subject: SubjectPlan, rows: number, answers: Answers, texts: ReadonlySet<string>, { workspace, terms }: ProposeContext, decisions: Decision[]): FieldPlan[] {
  const monthFirst = columns.map(({ profile }) => profile.dates.monthFirst).find((told) => told !== undefined);
  return columns.map((column): FieldPlan => {
    const { profile, named } = column;
    const own = profile.name === subject.column && subject.steps.length === 1;
    const typed = typeOf(profile, named.field, { terms, answers, monthFirst, text: texts.has(profile.name) });
    const classed = classOf(profile, named, { schemes: workspace.schemes, terms, subject, given: lookUp(answers.classes, column) });
    if (!own) decisions.push(typed.decision);
    decisions.push(classed.decision);
    return {
      column: profile.name,
      field: named.field,
      title: named.title,
      type: own ? { kind: 'text' } : typed.type,
      steps: own ? subject.steps : typed.steps,
      classification: classed.classification,
      hints: own ? [] : typed.hints,
      empty: rows - profile.filled,
    };
  });
}

/** A key that stands inside a longer one gets a field of its own. */
function derivedSubject({ scheme, column, steps }: SubjectPlan, taken: readonly FieldPlan[], terms: Terms, persons: Classification): FieldPlan {
  const base = terms.terms.find(({ field }) => field === scheme.id)?.field ?? scheme.id.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  let field = base;
  for (let n = 2; taken.some((other) => other.field === field); n++) field = `${base}${n}`;
  return { column, field, title: scheme.name, type: { kind: 'text' }, steps, classification: persons, hints: [], empty: 0 };
}

/** The second pass, in a function of its own: what it holds is let go before the third. */
async function searchKey(looked: Looked, candidates: readonly KeyColumn[], subject: SubjectPlan, fields: readonly FieldPlan[], answers: Answers, context: ProposeContext): Promise<KeyPlan> {
  const scheme = context.workspace.schemes.get(firstKey(subject.steps) ?? subject.scheme.id) ?? subject.scheme;
  const cut = subject.steps.length > 1 ? subject.scheme.make(1).length : undefined;
  const sample = new KeySample(candidates, ({ cells }) => {
    const cell = cells[subject.column];
    const parsed = typeof cell === 'string' || typeof cell === 'number' ? scheme.parse(String(cell).trim()) : undefined;
    return parsed?.ok === true ? parsed.key.slice(0, cut) : undefined;
  });
  await eachRow(looked, context, 2, undefined, (row) => {
    if (!('broken' in row)) sample.add(row);
  });
  const toColumn = (name: string): string => fields.find(({ field }) => field === name)?.column ?? name;
  return findKey(sample, looked.profile.rows, answers.key?.map(toColumn).filter((column) => column !== subject.column || subject.steps.length > 1));
}

/** The second and third pass. @throws YitongError `bad_feed` where an answer names what is not there, or no column holds keys */
export async function propose(looked: Looked, answers: Answers, context: ProposeContext): Promise<Proposal> {
  const { profile } = looked;
  const { workspace, terms } = context;
  const decisions: Decision[] = [...looked.decisions];
  const authority = authorityOf(answers, workspace);
  const dataset = datasetNamed(looked, answers, context, authority.id ?? UNNAMED);
  decisions.push(authority.decision, dataset.decision);
  const subject = findSubject(profile.columns, workspace.schemes, profile.rows, terms, answers.subject);
  decisions.push(subject.decision);

  const named = nameAll([...profile.columns.values()], answers, terms, decisions);
  checkNames(answers.types, '--type', named);
  checkNames(answers.classes, '--class', named);
  checkNames(answers.dateFormats, '--date-format', named);
  const leftOut = named.flatMap((column) => {
    const reason = unused(column);
    return reason === undefined ? [] : [{ column: column.profile.name, reason }];
  });
  if (profile.surplusColumns > 0) leftOut.push({ column: '…', reason: 'columns beyond the 500th' });
  const columns = named.filter((column) => unused(column) === undefined);
  const fields = planFields(columns, subject, profile.rows, answers, looked.texts ?? new Set(), context, decisions);
  if (subject.steps.length > 1) fields.unshift(derivedSubject(subject, fields, terms, subject.scheme.persons ? 'personal' : 'public'));
  const subjectField = (subject.steps.length > 1 ? fields[0] : fields.find(({ column }) => column === subject.column))?.field ?? '';

  const key = await searchKey(looked, keyColumns(columns, fields, subject, profile.rows, terms), subject, fields, answers, context);
  decisions.push(key.decision);

  const title = isChinese(looked.name) ? looked.name.replace(/\.[A-Za-z0-9]+$/, '') : dataset.name;
  const draft = makeDraft({
    dataset: datasetOf(authority.id ?? UNNAMED, dataset.name),
    name: { zh: title, en: dataset.name.charAt(0).toUpperCase() + dataset.name.slice(1).replaceAll('-', ' ') },
    subject,
    subjectField,
    fields,
    recordId: key.columns.map((column) => columns.find((one) => one.profile.name === column)?.named.field ?? column),
    nulls: [...new Set([...profile.columns.values()].flatMap(({ nulls }) => [...nulls.keys()]))].sort(),
    source: looked.source,
    schedule: looked.schedule,
    snapshot: looked.snapshot,
    today: context.now().toISOString().slice(0, 10),
  });
  const trial = new Trial(draft.contract, draft.feed.mapping, workspace.schemes, workspace);
  await eachRow(looked, context, 3, draft.feed.mapping, (row) => trial.add(row));
  return {
    dataset: draft.contract.id,
    authorityNamed: authority.id !== undefined,
    newAuthority: authority.id !== undefined && ![...workspace.authorities.keys()].some((id) => id === authority.id),
    decisions,
    fields,
    subjectField,
    leftOut,
    draft,
    trial: trial.report(),
  };
}

function firstKey(steps: readonly Step[]): string | undefined {
  const [first] = steps;
  return typeof first === 'object' && 'key' in first ? first.key : undefined;
}
