/** The pages of a report on sharing to the government, and of an evaluation. */
import { canonicalJson } from '../../../../contracts/canonical.js';
import type { Localised } from '../../../../contracts/types.js';
import { localSecond } from '../../../ground/language/time.js';
import type { SharingPaper, SignedPaper } from '../../../procedures/sharing/machines/papers.js';
import { MODEL_FILE } from '../../signed/pdf-signed.js';
import { cellText, type FigureTable, figureFacts, figureTables, gradeNames } from '../../words/sharing-tables.js';
import { type Drawn, facts } from '../draw.js';
import { Flow } from '../flow.js';
import { qrFrame, qrRoom } from '../frame.js';
import { section as keptSection, titled } from '../parts.js';
import { type Element, INK, LEFT, LINE, leading, RIGHT, Sheet, SOFT } from '../sheet.js';
import { outsideNote } from '../words.js';
import { approvedWords, kindWords, labels, noRows, scan } from './words.js';

/** What is attached, as canonical JSON. */
export interface SharingModel {
  readonly format: 'yitong-sharing/1';
  readonly kind: SignedPaper['machine'];
  readonly title: Localised;
  readonly issuer: Localised;
  /** ISO 8601 UTC, when it was approved. */
  readonly issuedAt: string;
  /** Of the entry by which it was. */
  readonly receipt: string;
  /** SHA-256 (base64url) over the canonical JSON of `paper`. */
  readonly digest: string;
  readonly paper: SharingPaper;
}

export interface SharingOptions {
  readonly authority: string;
  readonly government: string;
  readonly code: string;
  readonly url: string;
  readonly signer: string;
  /** Moment of signing, as it is said. */
  readonly at: Date;
  readonly room: number;
}

const plain = (zh: string): Localised => ({ zh, en: '' });

export function drawSharing(model: SharingModel, options: SharingOptions): Drawn {
  const { paper, kind } = model;
  const { code, url, signer, at, room } = options;
  const { title, basis, statute } = kindWords[kind];
  const qr = qrRoom(url);
  const nameOf = (id: string): Localised => paper.names[id] ?? plain(id);
  const sheet = new Sheet({
    title: `${title.zh} ${title.en}`,
    author: nameOf(options.authority).zh,
    info: { VerificationCode: code },
    at,
    bottom: qr.bottom,
  });
  sheet.noteAll([model, code, url, signer]);
  const flow = new Flow(sheet);
  const { root } = sheet;
  flow.page();
  titled(flow, title);
  facts(flow, root, [
    [labels.from, nameOf(options.authority)],
    [labels.to, nameOf(options.government)],
    [labels.period, plain(`${paper.from} 至 ${paper.to}`)],
    [labels.approvedAt, plain(`${localSecond(model.issuedAt)}（北京时间）`)],
  ]);
  section(flow, root, labels.basis, (part) => {
    flow.text(part, 'P', basis.zh, { size: 9.5, weight: 'bold' });
    flow.text(part, 'P', basis.en, { size: 7, colour: SOFT }, 'en');
    flow.text(part, 'P', `“${statute}”`, { size: 9.5 });
  });
  section(flow, root, labels.overview, (part) => lines(flow, part, figureFacts(paper.statistics)));
  if (paper.grades !== undefined)
    section(flow, root, labels.grades, (part) => table(flow, part, gradesTable(paper, nameOf)));
  for (const one of figureTables(paper.statistics, nameOf))
    section(flow, root, one.title, (part) => table(flow, part, one));
  section(flow, root, labels.findings, (part) => paragraphs(flow, part, paper.findings));
  section(flow, root, labels.measures, (part) => paragraphs(flow, part, paper.measures));
  section(flow, root, labels.signature, (part) => {
    const notes = [approvedWords, ...(sheet.outside.size === 0 ? [] : [outsideNote([...sheet.outside])])];
    for (const { zh, en } of notes) {
      flow.text(part, 'P', zh, { size: 9 });
      flow.text(part, 'P', en, { size: 7, colour: SOFT }, 'en');
      flow.gap(3);
    }
    lines(flow, part, [
      [labels.signedBy, signer],
      [labels.code, code],
      [labels.receipt, model.receipt],
      [labels.digest, model.digest],
    ]);
  });
  qrFrame(sheet, { title, issuer: nameOf(options.authority), synthetic: paper.synthetic, code, url, scan, qr });
  sheet.file(Buffer.from(canonicalJson(model)), {
    name: MODEL_FILE,
    type: 'application/json',
    description: `${title.zh}（数据） ${title.en} (data)`,
    relationship: 'Data',
    creationDate: at,
    modifiedDate: at,
  } as PDFKit.Mixins.PDFAttachmentOptions);
  sheet.signable(room, at);
  return { bytes: sheet.finish(), outside: [...sheet.outside] };
}

/** A heading, the heads of a table and its first row stay together. */
const section = (flow: Flow, parent: Element, title: Localised, draw: (part: Element) => void): void =>
  keptSection(flow, parent, title, draw, 110);

function paragraphs(flow: Flow, parent: Element, text: string): void {
  for (const one of text.split(/\n+/).filter((part) => part.trim() !== '')) {
    flow.text(parent, 'P', one, { size: 10 });
    flow.gap(4);
  }
}

const LABEL = 124;

/** Label and value over the whole width, a line each. */
function lines(flow: Flow, parent: Element, pairs: readonly (readonly [Localised, string])[]): void {
  const { sheet } = flow;
  sheet.group(parent, 'Table', (rows) => {
    for (const [title, said] of pairs) {
      const values = sheet.lines(said, RIGHT - LEFT - LABEL, { size: 9.5 });
      const height = Math.max(leading(9) + leading(6.5), values.length * leading(9.5)) + 3;
      flow.need(height);
      const { y } = flow;
      sheet.group(rows, 'TR', (row) => {
        sheet.tag(
          row,
          'TH',
          () => {
            sheet.put(title.zh, LEFT, y, { size: 9, colour: SOFT });
            sheet.put(title.en, LEFT, y + leading(9) - 1, { size: 6.5, colour: SOFT });
          },
          { scope: 'Row' },
        );
        sheet.tag(row, 'TD', () => sheet.putLines(values, LEFT + LABEL, y, { size: 9.5 }));
      });
      flow.gap(height);
    }
  });
}

type DrawnTable = Pick<FigureTable, 'columns' | 'rows' | 'left'>;

const gradesTable = ({ grades = [] }: SharingPaper, nameOf: (id: string) => Localised): DrawnTable => ({
  columns: [
    { title: labels.department, number: false },
    { title: labels.grade, number: false },
    { title: labels.reason, number: false },
  ],
  rows: grades.map(({ authority, grade, reason }) => [nameOf(authority), gradeNames[grade], plain(reason)]),
});

const SIZE = 8;
const NUMBER = 44;

/** Where each column begins: numbers are narrow, words share what is left. */
function columnsOf({ columns }: DrawnTable): readonly { readonly x: number; readonly width: number }[] {
  const words = columns.filter(({ number }) => !number).length;
  const narrow = Math.min(NUMBER, ((RIGHT - LEFT) * 0.75) / Math.max(1, columns.length - words));
  const wide = (RIGHT - LEFT - narrow * (columns.length - words)) / Math.max(1, words);
  let x = LEFT;
  return columns.map(({ number }) => {
    const width = number ? narrow : wide;
    const at = { x, width };
    x += width;
    return at;
  });
}

function table(flow: Flow, parent: Element, drawn: DrawnTable): void {
  if (drawn.rows.length > 0) rowsOf(flow, parent, drawn);
  const note = drawn.left ?? (drawn.rows.length === 0 ? noRows : undefined);
  if (note === undefined) return;
  flow.text(parent, 'P', note.zh, { size: 8.5 });
  flow.text(parent, 'P', note.en, { size: 7, colour: SOFT }, 'en');
}

function rowsOf(flow: Flow, parent: Element, drawn: DrawnTable): void {
  const { sheet } = flow;
  const places = columnsOf(drawn);
  sheet.group(parent, 'Table', (rows) => {
    const heads = (): void => headRow(flow, rows, drawn, places);
    heads();
    for (const row of drawn.rows) bodyRow(flow, rows, row, { drawn, places, heads });
  });
}

type Places = ReturnType<typeof columnsOf>;

function headRow(flow: Flow, parent: Element, { columns }: DrawnTable, places: Places): void {
  const { sheet } = flow;
  flow.need(60);
  const { y } = flow;
  const titles = columns.map(({ title }, at) => sheet.lines(title.zh, (places[at]?.width ?? 0) - 5, { size: 7.5 }));
  const height = Math.max(...titles.map(({ length }) => length)) * leading(7.5);
  sheet.group(parent, 'TR', (row) => {
    for (const [at, { number }] of columns.entries()) {
      const { x = LEFT, width = 0 } = places[at] ?? {};
      sheet.tag(row, 'TH', () => putCell(sheet, titles[at] ?? [], { x, width, y, number, size: 7.5 }, SOFT), {
        scope: 'Column',
      });
    }
  });
  flow.gap(height + 3);
  sheet.artifact(() => sheet.rule(LEFT, flow.y - 2, RIGHT, INK, 0.6));
  flow.gap(1);
}

interface Place {
  readonly x: number;
  readonly width: number;
  readonly y: number;
  readonly number: boolean;
  readonly size: number;
}

function putCell(sheet: Sheet, said: readonly string[], { x, width, y, number, size }: Place, colour: string): void {
  if (!number) {
    sheet.putLines(said, x, y, { size, colour });
    return;
  }
  for (const [at, line] of said.entries())
    sheet.putRight(line, x + width - 3, y + at * leading(size), { size, colour });
}

function bodyRow(
  flow: Flow,
  parent: Element,
  row: DrawnTable['rows'][number],
  { drawn: { columns }, places, heads }: { drawn: DrawnTable; places: Places; heads: () => void },
): void {
  const { sheet } = flow;
  const cells = row.map((cell, at) => sheet.lines(cellText(cell, 'zh'), (places[at]?.width ?? 0) - 5, { size: SIZE }));
  const height = Math.max(1, ...cells.map(({ length }) => length)) * leading(SIZE) + 3;
  if (flow.left < height) {
    flow.page();
    heads();
  }
  const { y } = flow;
  sheet.group(parent, 'TR', (tr) => {
    for (const [at, said] of cells.entries()) {
      const { x = LEFT, width = 0 } = places[at] ?? {};
      const place = { x, width, y, number: columns[at]?.number === true, size: SIZE };
      sheet.tag(tr, at === 0 ? 'TH' : 'TD', () => putCell(sheet, said, place, INK), at === 0 ? { scope: 'Row' } : {});
    }
  });
  sheet.artifact(() => sheet.rule(LEFT, y + height - 2, RIGHT, LINE, 0.3));
  flow.gap(height);
}
