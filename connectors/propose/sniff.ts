/** What kind of file it is, and the `source` of the feed that reads it. */
import { open } from 'node:fs/promises';
import { extname } from 'node:path';
import { YitongError } from '../../contracts/errors.js';
import type { KeyScheme, Localised } from '../../contracts/types.js';
import type { Feed } from '../feed.js';
import { CHARSETS, type Charset, decoder, WrongCharset } from '../reading/charset.js';
import { csvItems } from '../sources/csv/records.js';
import { peekSheets } from '../sources/xlsx/peek.js';
import { findCharset } from './charsets.js';
import { type Answers, AS_SAID, because, count, type Decision, wrongAnswer } from './decision.js';
import { fixedColumns } from './fixed.js';
import { headerRowOf, isHeader } from './header.js';
import { findItems } from './items.js';
import type { Terms } from './terms.js';

interface Sniffed {
  readonly source: Feed['source'];
  readonly decisions: readonly Decision[];
}

interface Ground {
  readonly schemes: ReadonlyMap<string, KeyScheme>;
  readonly terms: Terms;
}

const HEAD = 524_288;

async function headOf(path: string): Promise<{ readonly head: Buffer; readonly whole: boolean }> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new YitongError('bad_feed', `the file \`${path}\` cannot be read; is the name right?`, { cause });
  });
  try {
    const buffer = Buffer.alloc(HEAD);
    const { bytesRead } = await file.read(buffer, 0, HEAD, 0);
    return { head: buffer.subarray(0, bytesRead), whole: bytesRead < HEAD };
  } finally {
    await file.close();
  }
}

function isCharset(text: string): text is Charset {
  return CHARSETS.some((known) => known === text);
}

const decided = (
  about: string,
  proposed: string,
  reason: Localised,
  option: string,
  sure = true,
  alternatives: readonly string[] = [],
): Decision => ({ about, proposed, ...because(reason), sure, alternatives, option });

/** Whole lines of the beginning, as text; the last one may be cut within a character. */
function textOf(head: Buffer, whole: boolean, charset: Charset): string {
  const decode = decoder(charset);
  const text = decode.write(head) + (whole ? decode.end() : '');
  if (whole) return text;
  const end = text.lastIndexOf('\n');
  return end < 0 ? text : text.slice(0, end + 1);
}

/** @throws YitongError `bad_feed` where the charset that was named has not these bytes */
function textIn(head: Buffer, whole: boolean, charset: Charset): string {
  try {
    return textOf(head, whole, charset);
  } catch (error) {
    if (!(error instanceof WrongCharset)) throw error;
    throw wrongAnswer(
      'charset',
      `\`--charset\`: the bytes of the file are not all of ${charset}`,
      '文件的字节不符合这种编码。',
      error,
    );
  }
}

async function* once(text: string): AsyncGenerator<string> {
  yield text;
}

interface Parsed {
  readonly rows: readonly (readonly string[])[];
  readonly broken: number;
}

async function parseCsv(text: string, separator: string, quote: string): Promise<Parsed> {
  const rows: (readonly string[])[] = [];
  let broken = 0;
  for await (const items of csvItems(once(text), { separator, quote })) {
    for (const item of items) {
      if (item.kind === 'fields') rows.push(item.fields);
      else broken += 1;
      if (rows.length > 2_000) return { rows, broken };
    }
  }
  return { rows, broken };
}

/** The most frequent number of cells, and the share of rows that have it. */
function width({ rows, broken }: Parsed): { readonly cells: number; readonly share: number } {
  const widths = new Map<number, number>();
  for (const row of rows) widths.set(row.length, (widths.get(row.length) ?? 0) + 1);
  const [cells, times] = [...widths].sort((a, b) => b[1] - a[1])[0] ?? [0, 0];
  return { cells, share: times / Math.max(1, rows.length + broken) };
}

const SEPARATORS = [',', ';', '\t', '|', '^', '\u0001', '|+|', '||'];
const spoken = (separator: string): string =>
  separator === '\t' ? 'tab' : separator === '\u0001' ? 'U+0001' : separator;

const separatorGiven = (text: string): string => (text === 'tab' || text === '\\t' ? '\t' : text);

async function sniffText(
  path: string,
  { head, whole }: Awaited<ReturnType<typeof headOf>>,
  answers: Answers,
  ground: Ground,
): Promise<Sniffed> {
  const decisions: Decision[] = [];
  let charset: Charset;
  if (answers.charset !== undefined) {
    if (!isCharset(answers.charset))
      throw wrongAnswer(
        'charset',
        `\`--charset\` is one of ${CHARSETS.join(', ')}, not \`${answers.charset}\``,
        '没有这种字符编码。',
      );
    charset = answers.charset;
    decisions.push(decided('charset', charset, AS_SAID, '--charset '));
  } else {
    const found = await findCharset(path, head);
    if (found === undefined)
      throw new YitongError(
        'bad_feed',
        `the bytes of \`${path}\` are of no charset that is read here (${CHARSETS.join(', ')}); is it a text file?`,
      );
    charset = found.charset;
    decisions.push(found.decision);
  }
  const text = textIn(head, whole, charset);
  const start = text.trimStart().charAt(0);
  if (answers.delimiter === undefined && (start === '{' || start === '[')) {
    const items = findItems(text, whole, answers.items);
    if (items !== undefined)
      return { source: { kind: 'json', ...items.source, charset }, decisions: [...decisions, ...items.decisions] };
  }
  return sniffTable(text, charset, decisions, answers, ground);
}

/** Whether the first row names the columns. */
function headerIn(
  { rows }: Parsed,
  answers: Answers,
  { schemes }: Ground,
): { readonly header: boolean; readonly decision: Decision } {
  const { header, sure, reason } =
    answers.header === undefined
      ? isHeader(rows[0] ?? [], rows.slice(1, 200), schemes)
      : { header: answers.header === 'first', sure: true, reason: AS_SAID };
  return {
    header,
    decision: decided(
      'header',
      header ? 'first row' : 'none',
      reason,
      '--header ',
      sure,
      sure ? [] : [header ? 'none' : 'first'],
    ),
  };
}

async function sniffTable(
  text: string,
  charset: Charset,
  decisions: Decision[],
  answers: Answers,
  ground: Ground,
): Promise<Sniffed> {
  const given = answers.delimiter === undefined ? undefined : separatorGiven(answers.delimiter);
  const tried = await Promise.all(
    (given === undefined ? SEPARATORS : [given]).flatMap((separator) =>
      ['"', ''].map(async (quote) => {
        const parsed = await parseCsv(text, separator, quote);
        return { separator, quote, parsed, ...width(parsed) };
      }),
    ),
  );
  const good = tried
    .filter(({ cells, share }) => cells > 1 && share >= 0.9)
    .sort((a, b) => Number(b.share >= 0.98) - Number(a.share >= 0.98) || b.cells - a.cells || b.share - a.share);
  // quotes are quotes unless rows break by them
  const best =
    good.find(
      (one) => one.quote === '"' && one.cells === good[0]?.cells && one.share >= (good[0]?.share ?? 0) - 0.02,
    ) ??
    good[0] ??
    (given === undefined ? undefined : tried[0]);
  if (best === undefined) {
    const fixed = fixedColumns(text, charset);
    if (fixed !== undefined)
      return {
        source: { kind: 'fixed-width', ...fixed.source, charset },
        decisions: [...decisions, ...fixed.decisions],
      };
    throw new YitongError(
      'bad_feed',
      'no separator and no fixed columns can be seen in the file; say `--delimiter`, or write the feed by hand ' +
        '(docs/mapping.md)',
    );
  }
  const others = [
    ...new Set(
      good
        .filter((one) => one.separator !== best.separator && one.share >= 0.98 && one.cells * 2 >= best.cells)
        .map((one) => spoken(one.separator)),
    ),
  ];
  decisions.push(
    given === undefined
      ? decided(
          'delimiter',
          spoken(best.separator),
          {
            zh: `前 ${best.parsed.rows.length.toLocaleString('en')} 行中有 ${
              Math.round(best.share * 1000) / 10
            }% 被分为 ${best.cells} 格`,
            en:
              `it makes ${best.cells} cells of ${Math.round(best.share * 1000) / 10} % of the first ` +
              `${count(best.parsed.rows.length, 'row')}`,
          },
          '--delimiter ',
          others.length === 0,
          others,
        )
      : decided('delimiter', spoken(best.separator), AS_SAID, '--delimiter '),
  );
  if (best.quote === '')
    decisions.push(
      decided(
        'quote',
        'none',
        { zh: '若把引号当作引号，有的行会断开', en: 'with quotes as quotes rows would break' },
        '',
        false,
      ),
    );
  const first = best.parsed.rows[0] ?? [];
  const header = headerIn(best.parsed, answers, ground);
  decisions.push(header.decision);
  return {
    source: {
      kind: 'csv',
      charset,
      separator: best.separator,
      ...(best.quote === '' ? { quote: '' } : {}),
      ...(header.header ? {} : { header: first.map((_, i) => `column${i + 1}`) }),
    },
    decisions,
  };
}

async function sniffWorkbook(path: string, answers: Answers, ground: Ground): Promise<Sniffed> {
  const sheets = await peekSheets(path);
  const wide = sheets.filter(
    ({ rows }) => rows.length >= 2 && rows.some(({ cells }) => cells.filter((cell) => cell !== '').length >= 2),
  );
  const given =
    answers.sheet === undefined
      ? undefined
      : sheets.find(({ name, number }) => name === answers.sheet || String(number) === answers.sheet);
  if (answers.sheet !== undefined && given === undefined)
    throw wrongAnswer(
      'sheet',
      `the workbook has no sheet \`${answers.sheet}\`; it has ${sheets.map(({ name }) => `\`${name}\``).join(', ')}`,
      '文件中没有这个工作表。',
    );
  const sheet = given ?? wide[0];
  if (sheet === undefined) throw new YitongError('bad_feed', 'no sheet of the workbook holds a table');
  const row = headerRowOf(sheet.rows, ground.schemes);
  return {
    source: { kind: 'xlsx', sheet: sheet.name, ...(row.number === 1 ? {} : { headerRow: row.number }) },
    decisions: [
      decided(
        'sheet',
        sheet.name,
        given !== undefined
          ? AS_SAID
          : wide.length === 1
            ? { zh: '只有这个工作表里有表格', en: 'the only sheet with a table' }
            : { zh: '第一个有表格的工作表', en: 'the first sheet with a table' },
        '--sheet ',
        given !== undefined || wide.length === 1,
        wide.filter((one) => one !== sheet).map(({ name }) => name),
      ),
      decided('header', `row ${row.number}`, row.reason, '', row.sure),
    ],
  };
}

/** @throws YitongError `bad_feed` where it is no file of a kind that is read here */
export async function sniffFile(path: string, answers: Answers, ground: Ground): Promise<Sniffed> {
  const begun = await headOf(path);
  const { head } = begun;
  if (head.length === 0) throw new YitongError('bad_feed', `the file \`${path}\` is empty`);
  if (head.toString('latin1', 0, 4) === 'PK\u0003\u0004') return sniffWorkbook(path, answers, ground);
  if (head[0] === 0xd0 && head[1] === 0xcf)
    throw new YitongError(
      'bad_feed',
      'this is a workbook of the old form or one with a password; save it as `.xlsx` without',
    );
  if (head[0] === 0xfe && head[1] === 0xff)
    throw new YitongError(
      'bad_feed',
      'the file is UTF-16 with the large byte first, which is not read; save it as UTF-8',
    );
  if (['.parquet', '.gz', '.zip', '.7z', '.pdf', '.doc', '.docx'].includes(extname(path).toLowerCase()))
    throw new YitongError('bad_feed', 'this kind of file is not read; export CSV, JSON or XLSX');
  return sniffText(path, begun, answers, ground);
}
