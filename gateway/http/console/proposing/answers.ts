/**
 * What an officer answers on the page of a sample, as answers of a proposal: columns stand in the form by their
 * numbers. An empty field says nothing, so that what was answered is taken back by emptying it.
 */
import type { Answers } from '../../../../connectors/propose/decision.js';
import type { ColumnProfile } from '../../../../connectors/propose/profile.js';
import type { FormFaults } from '../../../../contracts/errors.js';
import { present } from '../../../../contracts/present.js';

/** The form as it was sent. */
export type Said = Readonly<Record<string, string>>;

/** In a field of a column: the source does not have it. */
export const NOT_THERE = 'none';
/** Between the number of a column and a value of it. */
const BETWEEN = '=';
const KEYS = ['key', 'key.2', 'key.3'] as const;
/** Fields of the questions about the whole; of one about a column behind a point its number. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  subject: ['subject', 'scheme'],
  key: KEYS,
  firm: ['firm'],
  gone: ['gone'],
  zeros: ['zeros'],
  dataset: ['dataset'],
  charset: ['charset'],
  delimiter: ['delimiter'],
  header: ['header'],
  sheet: ['sheet'],
  items: ['items'],
};
const OF_COLUMN: Readonly<Record<string, readonly string[]>> = {
  type: ['type'],
  class: ['class'],
  name: ['own', 'name'],
  column: ['type', 'name', 'own', 'class'],
};

/** What a question about one column is called: `type 3`. */
export const columnQuestion = (what: string, { number }: Pick<ColumnProfile, 'number'>): string =>
  `${what} ${String(number)}`;

/** The fields of a question. */
export function fieldsOf(question: string): readonly string[] {
  const [, what = '', number = ''] = /^(type|class|name|column) (\d+)$/.exec(question) ?? [];
  return FIELDS[question] ?? (OF_COLUMN[what] ?? []).map((field) => `${field}.${number}`);
}

export const isSaid = (said: Said, question: string): boolean =>
  fieldsOf(question).some((field) => (said[field] ?? '').trim() !== '');

/** Without what was answered to it. */
export const takenBack = (said: Said, question: string): Said => {
  const fields = new Set(fieldsOf(question));
  return Object.fromEntries(Object.entries(said).filter(([field]) => !fields.has(field)));
};

/** The question of this form that an answer of a proposal is of: `company type` → `type 3`. */
export function questionOf(about: string, columns: readonly ColumnProfile[]): string {
  const [, name = '', what = ''] = /^(.*) (type|class|name)$/s.exec(about) ?? [];
  const column = columns.find((one) => one.name === name);
  return column === undefined ? about : columnQuestion(what, column);
}

/** What is asked before a row is read. */
export function readingOf(
  said: Said,
): Pick<Answers, 'charset' | 'delimiter' | 'header' | 'sheet' | 'items' | 'dataset'> {
  const one = (name: string): string | undefined => {
    const text = said[name]?.trim() ?? '';
    return text === '' ? undefined : text;
  };
  const header = one('header');
  return present({
    dataset: one('dataset'),
    charset: one('charset'),
    delimiter: one('delimiter'),
    header: header === 'first' || header === 'none' ? header : undefined,
    sheet: one('sheet'),
    // the list is the whole file
    items: one('items') === '.' ? '' : one('items'),
  });
}
/** Questions whose answers a sample is read by, in the order in which one that does not fit is told. */
export const READING = ['charset', 'delimiter', 'header', 'sheet', 'items'] as const;

class Reader {
  readonly faults: Record<string, FormFaults[string]> = {};

  constructor(
    private readonly said: Said,
    private readonly columns: readonly ColumnProfile[],
  ) {}

  text(field: string): string | undefined {
    const text = this.said[field]?.trim() ?? '';
    return text === '' ? undefined : text;
  }

  column(text: string | undefined): ColumnProfile | undefined {
    return this.columns.find(({ number }) => String(number) === text);
  }

  /** A column that a field names; told where there is none. */
  named(field: string): string | undefined {
    const text = this.text(field);
    const found = this.column(text);
    if (text !== undefined && found === undefined)
      this.faults[field] = { zh: '样表中没有这一列，请重新选择。', en: 'The sample has no such column: choose again.' };
    return found?.name;
  }

  subject(): Answers['subject'] {
    const [chosen, scheme] = [this.text('subject'), this.text('scheme')];
    if (chosen === NOT_THERE) {
      this.faults['subject'] = {
        zh:
          '没有主体标识的表不能成为数据集：数据集按企业或者个人查询。请来源单位在表中补上统一社会信用代码等标识，或者' +
          '改选其中的一列。',
        en:
          'A table without the keys of firms or people cannot be a dataset, which is asked by them: have whoever ' +
          'keeps the source put them in, or choose a column.',
      };
      return undefined;
    }
    if (chosen === undefined && scheme !== undefined) {
      this.faults['subject'] = { zh: '请选择主体标识所在的列。', en: 'Choose the column of the keys.' };
      return undefined;
    }
    const name = this.named('subject');
    const column = this.column(chosen);
    if (name === undefined || column === undefined) return undefined;
    const [best] = [...column.schemes, ...column.forms].sort(
      ([, a], [, b]) => b.ok + b.mended - (a.ok + a.mended),
    )[0] ?? [undefined];
    const kind = scheme ?? best;
    if (kind === undefined) {
      this.faults['scheme'] = { zh: '请选择标识的种类。', en: 'Choose the kind of key.' };
      return undefined;
    }
    return { column: name, scheme: kind };
  }

  key(): Answers['key'] {
    if (this.text('key') === NOT_THERE) return [];
    const names = KEYS.flatMap((field) => this.named(field) ?? []);
    return names.length === 0 ? undefined : [...new Set(names)];
  }

  firm(): Answers['firm'] {
    return this.text('firm') === NOT_THERE ? null : this.named('firm');
  }

  gone(): Answers['gone'] {
    const text = this.text('gone');
    if (text === undefined) return undefined;
    if (text === NOT_THERE) return null;
    const at = text.indexOf(BETWEEN);
    const column = this.column(text.slice(0, at));
    if (column !== undefined && at > 0) return { column: column.name, values: [text.slice(at + 1)] };
    this.faults['gone'] = { zh: '样表中没有这一列，请重新选择。', en: 'The sample has no such column: choose again.' };
    return undefined;
  }

  /** Of each column that something is said of. */
  each(field: string): readonly (readonly [column: string, text: string])[] {
    return this.columns.flatMap(({ number, name }) => {
      const text = this.text(`${field}.${String(number)}`);
      return text === undefined ? [] : [[name, text] as const];
    });
  }
}

/** The value of a field by which rows that have left are known. */
export const goneValue = ({ number }: Pick<ColumnProfile, 'number'>, value: string): string =>
  `${String(number)}${BETWEEN}${value}`;

const DATE = 'date:';
/** The value of a field for a form of dates. */
export const dateValue = (form: string): string => `${DATE}${form}`;

/** What is asked about columns; `faults` by fields, of what cannot be meant. */
export function columnAnswersOf(
  said: Said,
  columns: readonly ColumnProfile[],
): { readonly answers: Omit<Answers, keyof ReturnType<typeof readingOf> | 'authority'>; readonly faults: FormFaults } {
  const reader = new Reader(said, columns);
  const types = reader.each('type');
  const zeros = reader.text('zeros');
  const answers = {
    ...present({ subject: reader.subject(), key: reader.key(), firm: reader.firm(), gone: reader.gone() }),
    ...present({ zeros: zeros === 'pad' || zeros === 'keep' ? zeros : undefined }),
    types: new Map(types.filter(([, text]) => !text.startsWith(DATE))),
    dateFormats: new Map(
      types.filter(([, text]) => text.startsWith(DATE)).map(([name, text]) => [name, text.slice(DATE.length)]),
    ),
    classes: new Map(reader.each('class')),
    names: new Map([...reader.each('name'), ...reader.each('own')]),
  };
  return { answers, faults: reader.faults };
}

/** The answers without one of them. */
export function without(answers: Answers, about: string): Answers {
  const [, name = '', what = ''] = /^(.*) (type|class|name)$/s.exec(about) ?? [];
  if (what === '') {
    const { [about as 'subject']: _, ...others } = answers;
    return others;
  }
  const left = (map: ReadonlyMap<string, string>): ReadonlyMap<string, string> =>
    new Map([...map].filter(([column]) => column !== name));
  return {
    ...answers,
    ...(what === 'type' ? { types: left(answers.types), dateFormats: left(answers.dateFormats) } : {}),
    ...(what === 'class' ? { classes: left(answers.classes) } : {}),
    ...(what === 'name' ? { names: left(answers.names) } : {}),
  };
}
