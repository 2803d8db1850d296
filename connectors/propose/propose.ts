/**
 * A feed and its contract, proposed for a source that nobody has described yet. Three passes over the rows in flat
 * memory: what the columns hold; which of them tell a subject's records apart; what the proposed mapping makes of every
 * row.
 */

import { YitongError } from '../../contracts/errors.js';
import { present } from '../../contracts/present.js';
import type { Classification, Workspace } from '../../contracts/types.js';
import type { Feed } from '../feed.js';
import { compileMapping } from '../mapping/index.js';
import type { SourceRow } from '../reading/port.js';
import type { Progress } from '../run.js';
import { classOf, classOfKey } from './classify.js';
import { authorityOf, datasetNamed } from './dataset.js';
import { type Answers, because, type Decision, wrongAnswer } from './decision.js';
import { type Draft, type DraftInput, datasetOf, type FieldPlan, makeDraft } from './draft.js';
import { findFirm } from './firm.js';
import { forecast } from './forecast.js';
import { findGone } from './gone.js';
import { findKey, type KeyColumn, type KeyPlan, KeySample } from './keys.js';
import { isFieldName, type Named, nameColumn } from './names.js';
import { type ColumnProfile, Profiler } from './profile.js';
import { feedOf, readRows } from './read.js';
import { findSubject, type SubjectPlan } from './subject.js';
import { hasWord, isChinese, plain, type Terms } from './terms.js';
import { type TrialReport, tryOut } from './trial.js';
import { asKeyText, typeOf } from './types.js';

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

interface LeftOut {
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
const everyColumn = ({ columns = [] }: Found): Feed['mapping'] => ({
  fields: Object.fromEntries(columns.map((column) => [column, { from: column }])),
});

async function eachRow(
  found: Found,
  context: ProposeContext,
  pass: number,
  mapping: Feed['mapping'] | undefined,
  add: (row: SourceRow | Parameters<Profiler['add']>[0]) => void,
): Promise<void> {
  const { workspace, signal, now, onProgress } = context;
  const rows = readRows(
    {
      workspace,
      source: found.source,
      schedule: found.schedule,
      snapshot: found.snapshot,
      ...present({ roots: found.roots }),
      signal,
      now,
      ...(onProgress === undefined ? {} : { onProgress: (progress: Progress) => onProgress(pass, progress) }),
    },
    mapping ?? everyColumn(found),
  );
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
  if (profile.columns.size === 0)
    throw new YitongError(
      'bad_feed',
      profile.rows === 0
        ? 'there is no row in it; put one or more in, as nothing can be seen in a header alone'
        : `no row of ${profile.rows} can be read: ${[...profile.broken.keys()].slice(0, 3).join('; ')}`,
    );
  return { ...found, profile };
}

interface Column {
  readonly profile: ColumnProfile;
  readonly named: Named;
}

function nameAll(columns: readonly ColumnProfile[], answers: Answers, terms: Terms, decisions: Decision[]): Column[] {
  const taken = new Set<string>();
  const given = new Map<string, string>();
  for (const [column, field] of answers.names) {
    if (!columns.some(({ name }) => name === column))
      throw wrongAnswer(`${column} name`, `\`--rename\`: there is no column \`${column}\``, '样表中没有这一列。');
    if (!isFieldName(field))
      throw wrongAnswer(
        `${column} name`,
        `\`--rename\`: \`${field}\` is no field name; letters, digits and underscores, a letter first`,
        '字段名由英文字母、数字和下划线组成，以字母开头。',
      );
    if ([...given.values()].includes(field))
      throw wrongAnswer(
        `${column} name`,
        `\`--rename\`: two columns become \`${field}\``,
        '另一列也是这个含义，请改选其他含义。',
      );
    given.set(column, field);
    taken.add(field);
  }
  return columns.map((profile) => {
    const said = given.get(profile.name);
    const named = nameColumn(profile, terms, taken, said);
    if (!named.readable) {
      decisions.push({
        about: `${named.field} name`,
        proposed: named.field,
        ...because({
          zh: `“${profile.name}”中没有认得的词；列名保留`,
          en: `no word of \`${profile.name}\` is known; the title is kept`,
        }),
        sure: false,
        alternatives: [],
        option: `--rename ${profile.name}=`,
      });
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

function keyColumns(
  columns: readonly Column[],
  fields: readonly FieldPlan[],
  subject: SubjectPlan,
  rows: number,
  terms: Terms,
): KeyColumn[] {
  return columns.flatMap(({ profile, named }): KeyColumn[] => {
    const plan = fields.find(({ field }) => field === named.field);
    if (plan === undefined || (profile.name === subject.column && !subject.derived)) return [];
    const { kind } = plan.type;
    if (profile.longest > 300 || profile.filled === 0 || kind === 'texts' || kind === 'double') return [];
    const full = plan.empty === 0;
    const code = hasWord(plain(profile.title), terms.codeWords) !== undefined || named.term?.text === true;
    const fitness =
      (code ? 4 : 0) +
      (kind === 'date' || kind === 'timestamp' ? 2.5 : 0) +
      (named.term?.field === 'year' ? 3 : 0) +
      (profile.distinct.estimate >= rows * 0.97 ? 3 : 0) +
      (full ? 2 : 0) +
      (profile.characters > profile.filled * 40 ? -2 : 0) +
      (profile.keysInside + profile.mobiles + profile.emails > 0 ? -2 : 0) -
      profile.number * 0.01;
    const tier = kind === 'decimal' || profile.characters > profile.filled * 80 ? 2 : full || kind === 'text' ? 0 : 1;
    return [{ column: profile.name, field: plan.field, full, tier, fitness }];
  });
}

const lookUp = (given: ReadonlyMap<string, string>, { profile, named }: Column): string | undefined =>
  given.get(named.field) ?? given.get(profile.name);

function checkNames(
  given: ReadonlyMap<string, string>,
  option: 'type' | 'class' | 'date-format',
  columns: readonly Column[],
): void {
  for (const name of given.keys()) {
    if (!columns.some(({ profile, named }) => profile.name === name || named.field === name))
      throw wrongAnswer(
        `${name} ${option === 'class' ? 'class' : 'type'}`,
        `\`--${option}\`: there is no column or field \`${name}\``,
        '样表中没有这一列。',
      );
  }
}

function planFields(
  columns: readonly Column[],
  subject: SubjectPlan,
  rows: number,
  answers: Answers,
  texts: ReadonlySet<string>,
  { workspace, terms }: ProposeContext,
  decisions: Decision[],
): FieldPlan[] {
  const monthFirst = columns.map(({ profile }) => profile.dates.monthFirst).find((told) => told !== undefined);
  return columns.map((column): FieldPlan => {
    const { profile, named } = column;
    const own = profile.name === subject.column && !subject.derived;
    const typed = typeOf(profile, named.field, { terms, answers, monthFirst, text: texts.has(profile.name) });
    const classed = classOf(profile, named, {
      schemes: workspace.schemes,
      terms,
      subject,
      given: lookUp(answers.classes, column),
    });
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
function derivedSubject(
  { scheme, column, steps }: SubjectPlan,
  taken: readonly FieldPlan[],
  terms: Terms,
  classification: Classification,
): FieldPlan {
  const base =
    terms.terms.find(({ field }) => field === scheme.id)?.field ??
    scheme.id.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  let field = base;
  for (let n = 2; taken.some((other) => other.field === field); n++) field = `${base}${n}`;
  return { column, field, title: scheme.name, type: { kind: 'text' }, steps, classification, hints: [], empty: 0 };
}

/**
 * The second pass, in a function of its own: what it holds is let go before the third. It looks at what the mapping
 * makes of the rows, as a run does. Returns also how many rows lack each field.
 */
async function searchKey(
  looked: Looked,
  candidates: readonly KeyColumn[],
  input: DraftInput,
  answers: Answers,
  context: ProposeContext,
): Promise<{ readonly key: KeyPlan; readonly empty: ReadonlyMap<string, number> }> {
  const { fields, subject, subjectField } = input;
  const toField = (name: string): string =>
    fields.find(({ field, column }) => field === name || (column === name && field !== subjectField))?.field ??
    (name === subject.column && !subject.derived ? subjectField : name);
  const said = answers.key?.map(toField).filter((field) => field !== subjectField);
  const { contract, feed } = makeDraft({ ...input, recordId: [] });
  const mapping = compileMapping(feed.mapping, contract, context.workspace.schemes);
  const sample = new KeySample(candidates, subjectField, said);
  const empty = new Map<string, number>();
  await eachRow(looked, context, 2, feed.mapping, (row) => {
    if ('broken' in row) return;
    const mapped = mapping.map(row.cells);
    if (!('ok' in mapped) || !mapped.ok) return;
    for (const { field } of candidates)
      if ((mapped.value[field] ?? null) === null) empty.set(field, (empty.get(field) ?? 0) + 1);
    sample.add(mapped.value);
  });
  return { key: findKey(sample, looked.profile.rows, said), empty };
}

/**
 * Fields of the key that some rows lack become text, unless their type was said: a row that lacks a day is a good row.
 */
function keyFields(
  fields: readonly FieldPlan[],
  key: KeyPlan,
  empty: ReadonlyMap<string, number>,
  columns: readonly Column[],
  answers: Answers,
  decisions: Decision[],
): FieldPlan[] {
  return fields.map((plan) => {
    const lacking = empty.get(plan.field) ?? 0;
    const profile = columns.find(({ named }) => named.field === plan.field)?.profile;
    if (!key.fields.includes(plan.field) || lacking === 0 || profile === undefined) return plan;
    const said = [answers.types, answers.dateFormats].some((given) => given.has(plan.field) || given.has(plan.column));
    if (plan.type.kind === 'text' || said) return { ...plan, empty: lacking };
    const { type, steps, decision, hints } = asKeyText(profile, plan.field, plan.type);
    const at = decisions.findIndex(({ about }) => about === decision.about);
    if (at >= 0) decisions[at] = decision;
    return { ...plan, type, steps, hints, empty: lacking };
  });
}

/** The third pass. */
function trialOf(
  looked: Looked,
  { contract, feed }: Draft,
  { workspace, signal, now, onProgress }: ProposeContext,
): Promise<TrialReport> {
  return tryOut({
    contract,
    feed: { ...feedOf(looked, feed.mapping), dataset: contract.id, authority: contract.authority },
    workspace,
    ...present({ roots: looked.roots }),
    signal,
    now,
    ...(onProgress === undefined ? {} : { onProgress: (progress: Progress) => onProgress(3, progress) }),
  });
}

/**
 * The second and third pass.
 * @throws YitongError `bad_feed` where an answer names what is not there, or no column holds keys
 */
export async function propose(looked: Looked, answers: Answers, context: ProposeContext): Promise<Proposal> {
  const { profile } = looked;
  const { workspace, terms } = context;
  const decisions: Decision[] = [...looked.decisions];
  const authority = authorityOf(answers, workspace);
  const dataset = datasetNamed(looked, answers, context, authority.id ?? UNNAMED);
  decisions.push(authority.decision, dataset.decision);
  const subject = findSubject(profile.columns, workspace.schemes, profile.rows, terms, answers);
  decisions.push(subject.decision, ...(subject.zeros === undefined ? [] : [subject.zeros]));

  const firm = findFirm([...profile.columns.values()], subject, profile.rows, terms, answers);
  if (firm.decision !== undefined) decisions.push(firm.decision);
  const gone = findGone(profile.columns, answers.gone);
  if (gone.decision !== undefined) decisions.push(gone.decision);
  const named = nameAll([...profile.columns.values()], { ...answers, names: firm.names }, terms, decisions);
  checkNames(answers.types, 'type', named);
  checkNames(answers.classes, 'class', named);
  checkNames(answers.dateFormats, 'date-format', named);
  const leftOut = named.flatMap((column) => {
    const reason = unused(column);
    return reason === undefined ? [] : [{ column: column.profile.name, reason }];
  });
  if (profile.surplusColumns > 0) leftOut.push({ column: '…', reason: 'columns beyond the 500th' });
  const columns = named.filter((column) => unused(column) === undefined);
  const planned = planFields(columns, subject, profile.rows, answers, looked.texts ?? new Set(), context, decisions);
  if (subject.derived) planned.unshift(derivedSubject(subject, planned, terms, classOfKey(subject.scheme)));
  const subjectField =
    (subject.derived ? planned[0] : planned.find(({ column }) => column === subject.column))?.field ?? '';
  const title = isChinese(looked.name) ? looked.name.replace(/\.[A-Za-z0-9]+$/, '') : dataset.name;
  const input: DraftInput = {
    dataset: datasetOf(authority.id ?? UNNAMED, dataset.name),
    name: { zh: title, en: dataset.name.charAt(0).toUpperCase() + dataset.name.slice(1).replaceAll('-', ' ') },
    subject,
    subjectField,
    fields: planned,
    recordId: [],
    ...present({ gone: gone.rows }),
    nulls: [...new Set([...profile.columns.values()].flatMap(({ nulls }) => [...nulls.keys()]))].sort(),
    source: looked.source,
    schedule: looked.schedule,
    snapshot: looked.snapshot,
    today: context.now().toISOString().slice(0, 10),
  };

  const { key, empty } = await searchKey(
    looked,
    keyColumns(columns, planned, subject, profile.rows, terms),
    input,
    answers,
    context,
  );
  decisions.push(key.decision);
  const fields = keyFields(planned, key, empty, columns, answers, decisions);
  const draft = makeDraft({ ...input, fields, recordId: key.fields });
  const trial = await trialOf(looked, draft, context);
  return {
    dataset: draft.contract.id,
    authorityNamed: authority.id !== undefined,
    newAuthority: authority.id !== undefined && ![...workspace.authorities.keys()].some((id) => id === authority.id),
    decisions: forecast(decisions, { fields, subjectField, trial }),
    fields,
    subjectField,
    leftOut,
    draft,
    trial,
  };
}
