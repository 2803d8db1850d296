/** Workbooks as a spreadsheet program writes them, packed by a ZIP writer that is not ours. */
import { strToU8, type Zippable, zipSync } from 'fflate';

const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006/relationships';
const head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';

export interface WorkbookParts {
  /** Name of the sheet → the XML within its `sheetData`. */
  readonly sheets: Readonly<Record<string, string>>;
  /** The XML within each `si`. */
  readonly strings?: readonly string[];
  /** Number formats: own ones by text, and those of the cell styles by number. */
  readonly formats?: readonly string[];
  readonly styles?: readonly number[];
  readonly date1904?: boolean;
  readonly more?: Readonly<Record<string, string>>;
  readonly level?: 0 | 6;
}

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');

export function makeWorkbook({
  sheets,
  strings = [],
  formats = [],
  styles = [0],
  date1904 = false,
  more = {},
  level = 6,
}: WorkbookParts): Uint8Array {
  const names = Object.keys(sheets);
  const relation = (id: string, type: string, target: string) =>
    `<Relationship Id="${id}" Type="${OFFICE}/${type}" Target="${target}"/>`;
  const files: Record<string, string> = {
    '[Content_Types].xml': `${head}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`,
    '_rels/.rels':
      `${head}<Relationships ` +
      `xmlns="${PACKAGE}">${relation('rId1', 'officeDocument', 'xl/workbook.xml')}</Relationships>`,
    'xl/workbook.xml': `${head}<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><workbookPr date1904="${date1904 ? 1 : 0}"/><sheets>${names
      .map((name, i) => `<sheet name="${escape(name)}" sheetId="${i + 7}" r:id="s${i}"/>`)
      .join('')}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `${head}<Relationships xmlns="${PACKAGE}">${names.map((_, i) => relation(`s${i}`, 'worksheet', i % 2 === 0 ? `worksheets/sheet${i}.xml` : `/xl/worksheets/sheet${i}.xml`)).join('')}${relation('st', 'styles', 'styles.xml')}${relation('ss', 'sharedStrings', 'sharedStrings.xml')}</Relationships>`,
    'xl/styles.xml': `${head}<styleSheet xmlns="${MAIN}"><numFmts>${formats.map((code, i) => `<numFmt numFmtId="${164 + i}" formatCode="${escape(code)}"/>`).join('')}</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs>${styles
      .map((id) => `<xf numFmtId="${id}"/>`)
      .join('')}</cellXfs></styleSheet>`,
    'xl/sharedStrings.xml': `${head}<sst xmlns="${MAIN}">${strings.map((string) => `<si>${string}</si>`).join('')}</sst>`,
  };
  names.forEach(
    (name, i) =>
      (files[`xl/worksheets/sheet${i}.xml`] =
        `${head}<worksheet xmlns="${MAIN}"><sheetData>${sheets[name] ?? ''}</sheetData><mergeCells><mergeCell ` +
        'ref="B2:B3"/></mergeCells></worksheet>'),
  );
  Object.assign(files, more);
  const zippable: Zippable = {};
  for (const [name, text] of Object.entries(files)) zippable[name] = [strToU8(text), { level }];
  return zipSync(zippable);
}

/** A row of inline texts, numbers and empty cells, without references, as some programs write it. */
export const row = (...cells: readonly (string | number | null)[]): string =>
  `<row>${cells.map((cell) => (cell === null ? '<c/>' : typeof cell === 'number' ? `<c><v>${cell}</v></c>` : `<c t="inlineStr"><is><t>${escape(cell)}</t></is></c>`)).join('')}</row>`;
