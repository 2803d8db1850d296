/**
 * The catalogue as CSV (RFC 4180), an entry a row: UTF-8 with its mark, so that a spreadsheet reads Chinese. Texts
 * stand as they are, with nothing before those that begin like a formula: another system reads them back.
 */
import { parse } from 'csv-parse/sync';
import { YitongError } from '../errors.js';
import { present } from '../present.js';
import type { Delivery, SharingAttribute } from '../types.js';
import type { ExchangedCatalogue, ExchangedEntry, Words } from './model.js';

const MARK = '\uFEFF';
/** Between several values of one cell. */
const AND = '；';

const inBoth = (name: string, of: (entry: ExchangedEntry) => Words | undefined) =>
  (['zh', 'en'] as const).map(
    (language) => [`${name}.${language}`, (entry: ExchangedEntry) => of(entry)?.[language]] as const,
  );

const COLUMNS: readonly (readonly [name: string, of: (entry: ExchangedEntry) => string | undefined])[] = [
  ['id', ({ id }) => id],
  ...inBoth('name', ({ name }) => name),
  ...inBoth('description', ({ description }) => description),
  ['publisher', ({ publisher }) => publisher.id],
  ...inBoth('publisher.name', ({ publisher }) => publisher.name),
  ...inBoth('contact.office', ({ publisher }) => publisher.contact?.office),
  ['contact.telephone', ({ publisher }) => publisher.contact?.telephone],
  ['contact.email', ({ publisher }) => publisher.contact?.email],
  ['updateFrequency', ({ updateFrequency }) => updateFrequency],
  ['sharing', ({ attribute }) => attribute],
  ['delivery', ({ delivery }) => delivery.join(AND)],
  ...inBoth('scope', ({ scope }) => scope),
  ...inBoth('use', ({ use }) => use),
  ...inBoth('refusal', ({ refusal }) => refusal),
  ['legislation', ({ legislation }) => legislation.join(AND)],
  ['domains', ({ domains }) => domains.join(AND)],
  ['category', ({ category }) => category],
  ['kind', ({ kind }) => kind],
  ['versions', ({ versions }) => versions.join(AND)],
  ['issued', ({ issued }) => issued],
];

const cell = (text = ''): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const line = (cells: readonly (string | undefined)[]): string => `${cells.map(cell).join(',')}\r\n`;

export const toCatalogueCsv = ({ entries }: ExchangedCatalogue): string =>
  MARK +
  [COLUMNS.map(([name]) => name), ...entries.map((entry) => COLUMNS.map(([, of]) => of(entry)))].map(line).join('');

type Row = Readonly<Record<string, string>>;
const said = (row: Row, name: string): string | undefined => (row[name] === '' ? undefined : row[name]);
const many = (row: Row, name: string): readonly string[] => said(row, name)?.split(AND) ?? [];
function wordsIn(row: Row, name: string): Words | undefined {
  const words = present({ zh: said(row, `${name}.zh`), en: said(row, `${name}.en`) });
  return Object.keys(words).length === 0 ? undefined : words;
}

function entryOf(row: Row, number: number): ExchangedEntry {
  const refuse = (what: string): never => {
    throw new YitongError('bad_request', `row ${String(number)} of the catalogue: ${what}`);
  };
  const attribute = said(row, 'sharing') ?? '';
  if (!['unconditional', 'conditional', 'none'].includes(attribute)) refuse('`sharing` is none of the three');
  const contact = present({
    office: wordsIn(row, 'contact.office'),
    telephone: said(row, 'contact.telephone'),
    email: said(row, 'contact.email'),
  });
  return {
    id: said(row, 'id') ?? refuse('`id` is empty'),
    name: wordsIn(row, 'name') ?? {},
    description: wordsIn(row, 'description') ?? {},
    publisher: {
      id: said(row, 'publisher') ?? '',
      name: wordsIn(row, 'publisher.name') ?? {},
      ...(Object.keys(contact).length === 0 ? {} : { contact }),
    },
    attribute: attribute as SharingAttribute,
    delivery: many(row, 'delivery') as readonly Delivery[],
    legislation: many(row, 'legislation'),
    domains: many(row, 'domains'),
    versions: many(row, 'versions').map(Number),
    ...present({
      updateFrequency: said(row, 'updateFrequency'),
      scope: wordsIn(row, 'scope'),
      use: wordsIn(row, 'use'),
      refusal: wordsIn(row, 'refusal'),
      category: said(row, 'category'),
      kind: said(row, 'kind'),
      issued: said(row, 'issued'),
    }),
  };
}

/** @throws YitongError `bad_request` */
export function fromCatalogueCsv(text: string): ExchangedCatalogue {
  let rows: Row[];
  try {
    rows = parse(text, { bom: true, columns: true, skip_empty_lines: true });
  } catch (cause) {
    throw new YitongError('bad_request', 'the file is no CSV with a row of titles', { cause });
  }
  if (rows.length === 0 || rows[0]?.['id'] === undefined)
    throw new YitongError('bad_request', 'the file has no entry, or no column `id`');
  return { title: {}, prefix: '', entries: rows.map((row, at) => entryOf(row, at + 1)) };
}
