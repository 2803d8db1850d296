/**
 * The table of entries as a workbook (ECMA-376, SpreadsheetML) of two sheets: the entries, and what their columns are.
 * Written as it is read, so that a million rows need no memory. Texts are inline strings, which no spreadsheet runs;
 * times are numbers with a format.
 */
import type { ExportedEntry } from './evidence.js';
import { type Cell, columnsOf, type ExportWords, rowsOf, titlesOf } from './table.js';
import { type ZipPart, zipped } from './zip.js';

/** Rows of a sheet, its head too, and characters of a cell (ECMA-376 as every program has it). */
const MOST_ROWS = 1_048_576;
const MOST_CHARACTERS = 32_767;

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const RELATIONSHIPS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';

/** Cell formats of `styles.xml`: plain, bold on a tint, time, whole number. */
const [HEAD, TIME, NUMBER] = [1, 2, 3];

// control characters cannot stand in XML 1.0, not even escaped
const CONTROL = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/;
const HALF_OF_PAIR = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;
const OUTSIDE = new RegExp(`${CONTROL.source}|${HALF_OF_PAIR.source}`, 'g');
const escaped = (text: string): string =>
  text.replace(OUTSIDE, '\uFFFD').replace(/[&<>"]/g, (sign) => `&#${String(sign.charCodeAt(0))};`);

function nameOf(column: number): string {
  let name = '';
  for (let n = column + 1; n > 0; n = Math.floor((n - 1) / 26)) name = String.fromCharCode(65 + ((n - 1) % 26)) + name;
  return name;
}

/** Days since 1899-12-30, as the city's clock shows them, to the second. */
const serial = (at: Date): string => ((Math.floor(at.getTime() / 1000) + 8 * 3600) / 86_400 + 25_569).toFixed(8);

const tooLong: Readonly<Record<ExportWords['language'], string>> = {
  zh: '（内容超过单元格上限，见 NDJSON 导出）',
  en: '(longer than a cell may be: the NDJSON export has it)',
};

const tooMany: Readonly<Record<ExportWords['language'], string>> = {
  zh: '其余记录超出工作表行数上限，请缩小检索范围',
  en: 'more entries than a sheet has rows: narrow the search',
};

function textCell(at: string, text: string, style = 0): string {
  const styled = style === 0 ? '' : ` s="${String(style)}"`;
  return `<c r="${at}" t="inlineStr"${styled}><is><t xml:space="preserve">${escaped(text)}</t></is></c>`;
}

function cell(value: Cell, at: string, { language }: ExportWords): string {
  if (value === undefined || value === '') return '';
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? '' : `<c r="${at}" s="${String(TIME)}"><v>${serial(value)}</v></c>`;
  if (typeof value === 'number') return `<c r="${at}" s="${String(NUMBER)}"><v>${String(value)}</v></c>`;
  return textCell(at, value.length > MOST_CHARACTERS ? tooLong[language] : value);
}

const columnOf = (column: number, width: number): string =>
  `<col min="${String(column)}" max="${String(column)}" width="${String(width)}" customWidth="1"/>`;

const rowOf = (row: number, cells: readonly string[]): string => `<row r="${String(row)}">${cells.join('')}</row>`;

const sheetHead = (widths: readonly number[], frozen: string): string =>
  `${XML}<worksheet xmlns="${MAIN}"><sheetViews><sheetView workbookViewId="0">${frozen}</sheetView></sheetViews>` +
  `<cols>${widths.map((width, i) => columnOf(i + 1, width + 2)).join('')}</cols><sheetData>`;

async function* entrySheet(
  entries: AsyncIterable<ExportedEntry>,
  words: ExportWords,
): AsyncGenerator<string, void, undefined> {
  const columns = columnsOf(words);
  const names = columns.map((_, i) => nameOf(i));
  yield sheetHead(
    columns.map(({ width }) => width),
    '<pane xSplit="2" ySplit="1" topLeftCell="C2" activePane="bottomRight" state="frozen"/>',
  );
  yield `<row r="1">${titlesOf(words)
    .map((title, i) => textCell(`${names[i] ?? ''}1`, title, HEAD))
    .join('')}</row>`;
  let row = 1;
  let over = false;
  for await (const entry of entries) {
    const rows = rowsOf(entry, words, columns);
    // one is kept for saying that there are more
    if (row + rows.length >= MOST_ROWS) {
      over = true;
      break;
    }
    let text = '';
    for (const cells of rows) {
      row++;
      text += rowOf(
        row,
        cells.map((value, i) => cell(value, `${names[i] ?? ''}${String(row)}`, words)),
      );
    }
    yield text;
  }
  if (over) yield rowOf(row + 1, [textCell(`A${String(row + 1)}`, tooMany[words.language])]);
  yield `</sheetData><autoFilter ref="A1:${names.at(-1) ?? 'A'}${String(row)}"/></worksheet>`;
}

function aboutSheet({ language }: ExportWords): string {
  const zh = language === 'zh';
  const lines: readonly (readonly [string, string])[] = [
    [
      zh ? '内容' : 'what this is',
      zh
        ? '审计日志条目，每个数据集一行；同一条目的各行序号相同。'
        : 'Entries of the audit log, a row a dataset; rows of one entry have the same index.',
    ],
    [
      zh ? '时间' : 'times',
      zh ? '均为北京时间（Asia/Shanghai，UTC+08:00）。' : 'All are of Asia/Shanghai (UTC+08:00).',
    ],
    [
      zh ? '多个值' : 'lists',
      zh ? '同一单元格内的多个值以“; ”分隔。' : 'Several values in one cell have `; ` between them.',
    ],
    [
      zh ? '存证' : 'proof',
      zh
        ? '末四列为存证：随机数与原文合并计算的摘要即公开日志中的条目，路径由此通向检查点的根；格式见 docs/log.md。检查点仅列于第一行。'
        : 'The last four columns prove an entry: SHA-256 over salt and body is the entry of the published log, ' +
          'and the path leads from it to the root of the checkpoint, which stands in the first row alone; ' +
          'docs/log.md has the formats.',
    ],
  ];
  const rows = lines.map(([title, text], i) => {
    const row = String(i + 1);
    return rowOf(i + 1, [textCell(`A${row}`, title, HEAD), textCell(`B${row}`, text)]);
  });
  return `${sheetHead([16, 110], '')}${rows.join('')}</sheetData></worksheet>`;
}

const STYLES =
  `${XML}<styleSheet xmlns="${MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ ` +
  'hh:mm:ss"/></numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz ' +
  'val="11"/><name val="Calibri"/></font></fonts><fills count="3"><fill><patternFill ' +
  'patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill><fill><patternFill ' +
  'patternType="solid"><fgColor rgb="FFE7F0EE"/></patternFill></fill></fills><borders ' +
  'count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="4"><xf/><xf ' +
  'fontId="1" fillId="2" applyFont="1" applyFill="1"/><xf numFmtId="164" applyNumberFormat="1"/><xf numFmtId="1" ' +
  'applyNumberFormat="1"/></cellXfs></styleSheet>';

/** The file, piece by piece. */
export function workbookOf(
  entries: AsyncIterable<ExportedEntry>,
  words: ExportWords,
): AsyncGenerator<Buffer, void, undefined> {
  const zh = words.language === 'zh';
  return packed([
    { name: zh ? '审计日志' : 'Audit log', text: entrySheet(entries, words) },
    { name: zh ? '说明' : 'About', text: [aboutSheet(words)] },
  ]);
}

const cut: Readonly<Record<ExportWords['language'], string>> = {
  zh: '（内容超过单元格上限，见纯文本表格）',
  en: '(longer than a cell may be: the CSV file has it)',
};

/** Of rows of texts, the first of which is the head: for people who correct them. No more than a sheet has. */
export function plainWorkbook(
  name: string,
  rows: readonly (readonly (string | undefined)[])[],
  language: ExportWords['language'],
): AsyncGenerator<Buffer, void, undefined> {
  function* sheet(): Generator<string, void, undefined> {
    const columns = rows[0]?.length ?? 1;
    yield sheetHead(
      Array.from({ length: columns }, () => 20),
      '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>',
    );
    for (const [row, cells] of rows.entries()) {
      const texts = cells.map((text = '', i) => {
        const fitting = text.length > MOST_CHARACTERS ? cut[language] : text;
        return fitting === '' ? '' : textCell(`${nameOf(i)}${String(row + 1)}`, fitting, row === 0 ? HEAD : 0);
      });
      yield rowOf(row + 1, texts);
    }
    yield '</sheetData></worksheet>';
  }
  return packed([{ name, text: sheet() }]);
}

interface Sheet {
  readonly name: string;
  readonly text: ZipPart['text'];
}

/** Sheets as a file; the first is the one that is shown, and is written last. */
function packed(sheets: readonly Sheet[]): AsyncGenerator<Buffer, void, undefined> {
  const type = (part: string, kind: string): string =>
    `<Override PartName="/${part}" ` +
    `ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.${kind}+xml"/>`;
  const related = (id: number, kind: string, target: string): string =>
    `<Relationship Id="rId${String(id)}" Type="${RELATIONSHIPS}/${kind}" Target="${target}"/>`;
  const parts: readonly ZipPart[] = [
    {
      name: '[Content_Types].xml',
      text: [
        `${XML}<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ` +
          'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>' +
          `<Default Extension="xml" ContentType="application/xml"/>${type('xl/workbook.xml', 'sheet.main')}`,
        ...sheets.map((_, i) => type(`xl/worksheets/sheet${String(i + 1)}.xml`, 'worksheet')),
        `${type('xl/styles.xml', 'styles')}</Types>`,
      ],
    },
    {
      name: '_rels/.rels',
      text: [
        `${XML}<Relationships ` +
          `xmlns="${PACKAGE}/relationships">${related(1, 'officeDocument', 'xl/workbook.xml')}</Relationships>`,
      ],
    },
    {
      name: 'xl/workbook.xml',
      text: [
        `${XML}<workbook xmlns="${MAIN}" xmlns:r="${RELATIONSHIPS}"><sheets>`,
        ...sheets.map(({ name }, i) => `<sheet name="${name}" sheetId="${String(i + 1)}" r:id="rId${String(i + 1)}"/>`),
        '</sheets></workbook>',
      ],
    },
    {
      name: 'xl/_rels/workbook.xml.rels',
      text: [
        `${XML}<Relationships xmlns="${PACKAGE}/relationships">`,
        ...sheets.map((_, i) => related(i + 1, 'worksheet', `worksheets/sheet${String(i + 1)}.xml`)),
        `${related(sheets.length + 1, 'styles', 'styles.xml')}</Relationships>`,
      ],
    },
    { name: 'xl/styles.xml', text: [STYLES] },
    ...sheets.map(({ text }, i) => ({ name: `xl/worksheets/sheet${String(i + 1)}.xml`, text })).reverse(),
  ];
  return zipped(parts);
}
