/** What was said on the command line, or is said in answer to a question, as answers: both are the same options. */

import type { Answers } from '../../../connectors/propose/decision.js';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import type { Option } from '../command.js';

/** The options by which a proposal is answered. */
export const answerOptions = {
  authority: { type: 'string', describe: 'whose register it is; an id that is not there yet makes a new authority' },
  dataset: { type: 'string', describe: 'id of the dataset within its authority' },
  subject: { type: 'string', describe: 'COLUMN:scheme, whose key the records hang on' },
  key: {
    type: 'string',
    describe: "columns that tell one subject's records apart, comma-separated; `none` if it has one record",
  },
  firm: { type: 'string', describe: 'the column that holds what firms are called, or `none`' },
  gone: {
    type: 'string',
    describe: 'COLUMN=word,word: rows of which the source says so have left the register; or `none`',
  },
  zeros: { type: 'string', describe: '`pad` if keys that are digits, but too few, lost their zeros; `keep` if not' },
  charset: { type: 'string', describe: 'of a text file' },
  delimiter: { type: 'string', describe: 'between cells; `tab` for the tabulator' },
  header: { type: 'string', describe: '`first` if the first row names the columns, `none` if it is data' },
  sheet: { type: 'string', describe: 'of a workbook, by name or number' },
  items: { type: 'string', describe: 'where in a JSON document the items stand, e.g. /data/list' },
  table: { type: 'string', describe: 'of a database: `table` or `schema.table`' },
  'row-key': {
    type: 'string',
    describe: 'of a table without primary key: the columns that tell its rows apart, comma-separated',
  },
  updated: { type: 'string', describe: 'of a table: the column that says when a row was changed, or `none`' },
  'date-format': { type: 'string', multiple: true, describe: 'COLUMN=dd/MM/yyyy; may be given again' },
  type: {
    type: 'string',
    multiple: true,
    describe: 'COLUMN=text, int, long, double, decimal, date, timestamp or boolean',
  },
  class: { type: 'string', multiple: true, describe: 'FIELD=public, internal, restricted, personal or sensitive' },
  rename: { type: 'string', multiple: true, describe: 'COLUMN=field' },
} as const satisfies Record<string, Option>;

type Name = keyof typeof answerOptions;
/** By option, in the order in which they were said. */
export type Said = Readonly<Partial<Record<Name, readonly string[]>>>;

const names = Object.keys(answerOptions) as readonly Name[];

export function saidOf(values: Readonly<Record<string, string | boolean | string[] | undefined>>): Said {
  const said: Partial<Record<Name, readonly string[]>> = {};
  for (const name of names) {
    const value = values[name];
    if (typeof value === 'string') said[name] = [value];
    else if (Array.isArray(value)) said[name] = value;
  }
  return said;
}

/** @param option as a decision has it: `--charset `, or `--type Column=` */
export function withAnswer(said: Said, option: string, answer: string): Said {
  const space = option.indexOf(' ');
  const name = names.find((known) => known === option.slice(2, space));
  if (name === undefined) return said;
  const value = `${option.slice(space + 1)}${answer}`;
  return { ...said, [name]: 'multiple' in answerOptions[name] ? [...(said[name] ?? []), value] : [value] };
}

function pairs(name: Name, said: Said): ReadonlyMap<string, string> {
  return new Map(
    (said[name] ?? []).map((text): [string, string] => {
      // a title may have a `=`, what is said of it never has
      const at = text.lastIndexOf('=');
      if (at < 1 || at === text.length - 1)
        throw new YitongError(
          'bad_config',
          `\`--${name}\` is written ${answerOptions[name].describe.split(/[,;]/)[0] ?? ''}, not \`${text}\``,
        );
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

const listOf = (text: string): readonly string[] =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');

function goneOf(text: string): NonNullable<Answers['gone']> {
  const at = text.lastIndexOf('=');
  const values = listOf(text.slice(at + 1));
  if (at < 1 || values.length === 0)
    throw new YitongError('bad_config', `\`--gone\` is written COLUMN=word,word, or is \`none\`, not \`${text}\``);
  return { column: text.slice(0, at), values };
}

/** @throws YitongError `bad_config` where an option is not written as it has to be */
export function answersOf(said: Said): Answers {
  const one = (name: Name): string | undefined => said[name]?.at(-1);
  const [subject, key, header, zeros] = [one('subject'), one('key'), one('header'), one('zeros')];
  const [firm, gone] = [one('firm'), one('gone')];
  const colon = subject?.lastIndexOf(':') ?? 0;
  if (subject !== undefined && (colon < 1 || colon === subject.length - 1))
    throw new YitongError('bad_config', `\`--subject\` is written COLUMN:scheme, not \`${subject}\``);
  if (zeros !== undefined && zeros !== 'pad' && zeros !== 'keep' && !/^padStart \d+$/.test(zeros))
    throw new YitongError('bad_config', `\`--zeros\` is \`pad\` or \`keep\`, not \`${zeros}\``);
  if (header !== undefined && header !== 'first' && header !== 'none')
    throw new YitongError('bad_config', `\`--header\` is \`first\` or \`none\`, not \`${header}\``);
  const given = <K extends string>(name: K, value: string | undefined): { readonly [key in K]?: string } =>
    value === undefined ? {} : ({ [name]: value } as { readonly [key in K]?: string });
  return {
    ...given('authority', one('authority')),
    ...given('dataset', one('dataset')),
    ...given('charset', one('charset')),
    ...given('delimiter', one('delimiter')),
    ...given('sheet', one('sheet')),
    ...given('items', one('items')),
    ...given('table', one('table')),
    ...given('updated', one('updated')),
    ...(one('row-key') === undefined ? {} : { rowKey: listOf(one('row-key') ?? '') }),
    ...(subject === undefined
      ? {}
      : { subject: { column: subject.slice(0, colon), scheme: subject.slice(colon + 1) } }),
    ...(key === undefined ? {} : { key: key === 'none' ? [] : listOf(key) }),
    ...present({ header }),
    ...present({ firm: firm === 'none' ? null : firm }),
    ...(gone === undefined ? {} : { gone: gone === 'none' ? null : goneOf(gone) }),
    ...(zeros === undefined ? {} : { zeros: zeros === 'keep' ? ('keep' as const) : ('pad' as const) }),
    dateFormats: pairs('date-format', said),
    types: pairs('type', said),
    classes: pairs('class', said),
    names: pairs('rename', said),
  };
}
