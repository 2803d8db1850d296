/** Each record with its facts, and who did not answer. */
import { present } from '../../../contracts/present.js';
import type { Localised } from '../../../contracts/types.js';
import { localMinute } from '../../ground/language/time.js';
import type { ReportModel, ReportRecord, ReportSection } from '../model/model.js';
import { colours, columnHeads, sectionsOf } from './findings.js';
import type { Flow } from './flow.js';
import { type Element, INK, LEFT, LINE, leading, RIGHT, SOFT, TOP } from './sheet.js';
import { kindOf, labels, lacking, sentences } from './words.js';

export function drawRecords(flow: Flow, parent: Element, model: ReportModel, subject: number): void {
  const sections = sectionsOf(model, subject).filter(({ records }) => records.length > 0);
  const first = sections[0]?.records[0];
  // with the first card, where a page holds both
  flow.heading(
    parent,
    labels.records,
    Math.min(flow.sheet.bottom - TOP, 34 + (first === undefined ? 16 : cardOf(flow, first).height)),
  );
  if (sections.length === 0)
    flow.text(parent, 'P', `${sentences.noRecords.zh} ${sentences.noRecords.en}`, { size: 9, colour: SOFT });
  for (const section of sections) {
    section.records.forEach((record, i) => drawRecord(flow, parent, model, section, record, i));
    if (section.state !== 'at_least') continue;
    flow.text(parent, 'P', sentences.atLeast.zh, { size: 8, colour: colours.not_answered });
    flow.text(parent, 'P', sentences.atLeast.en, { size: 6.5, colour: SOFT }, 'en');
    flow.gap(6);
  }
  for (const { domain, marks = [] } of sectionsOf(model, subject)) {
    if (!marks.includes('objection')) continue;
    const { zh, en } = lacking(model.domains[domain]?.title ?? plain(''));
    flow.text(parent, 'P', zh, { size: 8, colour: colours.not_answered });
    flow.text(parent, 'P', en, { size: 6.5, colour: SOFT }, 'en');
    flow.gap(6);
  }
}

const plain = (zh: string, en = ''): Localised => ({ zh, en });

function rowsOf({
  facts,
  authority,
  endedOn,
  reportableUntil,
  displayed,
  marks,
  register,
}: ReportRecord): (readonly [Localised, Localised])[] {
  const yes = displayed ? sentences.yes : sentences.no;
  return [
    [labels.authority, authority],
    ...facts.map(({ title, value }): readonly [Localised, Localised] => [
      title,
      typeof value === 'string' ? plain(value) : value,
    ]),
    ...(endedOn === undefined ? [] : [[labels.endedOn, plain(endedOn)] as const]),
    [
      labels.reportableUntil,
      reportableUntil !== undefined
        ? plain(reportableUntil)
        : endedOn === undefined
          ? sentences.goesOn
          : sentences.noEnd,
    ],
    [labels.displayed, yes],
    [labels.marks, marks.includes('objection') ? sentences.objection : sentences.noObjection],
    ...(marks.includes('correction') ? [[labels.correction, sentences.correction] as const] : []),
    ...(register === undefined ? [] : [[labels.source, register] as const]),
  ];
}

const PAD = 8;
const LABEL = 86;
const INNER = RIGHT - LEFT - 2 * PAD;
const COLUMN = (INNER - 14) / 2;
const BAR = 20;
/** Columns under the value of a fact that stands alone in its row, beside rows of two titles and two values. */
const WHOLE = 3;

interface Cell {
  readonly title: Localised;
  readonly titleLines: readonly string[];
  readonly zh: readonly string[];
  readonly en: readonly string[];
  readonly wide: boolean;
  readonly height: number;
}

/** Short facts stand two a row, long ones over the whole width. */
function rowsOfCells(cells: readonly Cell[]): readonly (readonly Cell[])[] {
  const rows: Cell[][] = [];
  for (const cell of cells) {
    const last = rows.at(-1);
    if (!cell.wide && last?.length === 1 && last[0]?.wide === false) last.push(cell);
    else rows.push([cell]);
  }
  return rows;
}

function cardOf(
  { sheet }: Flow,
  record: ReportRecord,
): { readonly rows: readonly (readonly Cell[])[]; readonly height: number } {
  const cells = rowsOf(record).map(([title, value]): Cell => {
    const wide = sheet.widthOf(value.zh, { size: 9 }) > COLUMN - LABEL || value.zh.includes('\n');
    const width = (wide ? INNER : COLUMN) - LABEL;
    const [zh, en] = [sheet.lines(value.zh, width), value.en === '' ? [] : sheet.lines(value.en, width, { size: 6.5 })];
    const titleLines = sheet.lines(title.zh, LABEL - 6, { size: 8 });
    const titleEn = sheet.lines(title.en, LABEL - 6, { size: 6 });
    return {
      title: { zh: title.zh, en: titleEn.join(' ') },
      titleLines,
      zh,
      en,
      wide,
      height:
        Math.max(
          zh.length * leading(9) + en.length * leading(6.5),
          titleLines.length * leading(8) + titleEn.length * leading(6),
        ) + 2,
    };
  });
  const rows = rowsOfCells(cells);
  return { rows, height: BAR + rows.reduce((sum, row) => sum + Math.max(...row.map((cell) => cell.height)), 0) + PAD };
}

function drawRecord(
  flow: Flow,
  parent: Element,
  model: ReportModel,
  section: ReportSection,
  record: ReportRecord,
  index: number,
): void {
  const { sheet } = flow;
  const { rows, height } = cardOf(flow, record);
  const page = sheet.bottom - TOP;
  flow.need(Math.min(height, page));
  const domain = model.domains[section.domain];
  const kind = kindOf(record);
  const heading = `${domain?.title.zh ?? ''} · ${kind.zh}（${String(index + 1)}/${String(section.records.length)}）`;
  const marked = record.marks.length > 0;
  sheet.artifact(() => {
    sheet.rect(LEFT, flow.y, RIGHT - LEFT, BAR - 4).fill('#eef2f0');
    sheet.rect(LEFT, flow.y, 2.5, BAR - 4).fill(marked ? colours.not_answered : colours.records);
  });
  sheet.tag(parent, 'H3', () => {
    sheet.put(sheet.drawable(heading), LEFT + PAD, flow.y + 1, { size: 9.5, weight: 'bold' });
    sheet.put(
      sheet.drawable(`${domain?.title.en ?? ''} · ${kind.en}`),
      LEFT + PAD + sheet.widthOf(heading, { size: 9.5, weight: 'bold' }) + 8,
      flow.y + 3.2,
      { size: 7, colour: SOFT },
    );
    if (marked)
      sheet.putRight(sentences.objection.zh, RIGHT - PAD, flow.y + 2, {
        size: 8.5,
        weight: 'bold',
        colour: colours.not_answered,
      });
  });
  flow.gap(BAR);
  sheet.group(parent, 'Table', (table) => {
    for (const row of rows) drawRow(flow, table, row, page);
  });
  sheet.artifact(() => sheet.rule(LEFT, flow.y + 2, RIGHT, LINE, 0.4));
  flow.gap(PAD + 4);
}

function drawRow(flow: Flow, table: Element, row: readonly Cell[], page: number): void {
  const { sheet } = flow;
  const height = Math.max(...row.map((cell) => cell.height));
  const [only] = row;
  if (only !== undefined && height > page) return drawLong(flow, table, only);
  flow.need(height);
  sheet.group(table, 'TR', (tr) => {
    row.forEach((cell, n) => {
      const x = LEFT + PAD + n * (COLUMN + 14);
      sheet.tag(tr, 'TH', () => title(flow, cell, x), { scope: 'Row' });
      sheet.tag(
        tr,
        'TD',
        () => {
          const under = sheet.putLines(cell.zh, x + LABEL, flow.y);
          sheet.putLines(cell.en, x + LABEL, under - 1.5, { size: 6.5, colour: SOFT });
        },
        { columns: row.length === 1 ? WHOLE : 1 },
      );
    });
  });
  flow.gap(height);
}

function title({ sheet, y }: Flow, { titleLines, title: { en } }: Cell, x: number): void {
  const under = sheet.putLines(titleLines, x, y + 0.6, { size: 8, colour: SOFT });
  sheet.putLines(sheet.lines(en, LABEL - 6, { size: 6 }), x, under - 1.5, { size: 6, colour: SOFT });
}

/** A fact that is longer than a page. */
function drawLong(flow: Flow, table: Element, cell: Cell): void {
  const { sheet } = flow;
  sheet.group(table, 'TR', (tr) => {
    sheet.tag(tr, 'TH', () => title(flow, cell, LEFT + PAD), { scope: 'Row' });
    const lines = [...cell.zh, ...cell.en];
    const parts = function* (): Generator<() => void> {
      for (let at = 0; at < lines.length; ) {
        flow.need(leading(9));
        const some = lines.slice(at, at + Math.max(1, Math.floor(flow.left / leading(9))));
        yield () => {
          flow.y = sheet.putLines(some, LEFT + PAD + LABEL, flow.y);
        };
        at += some.length;
      }
    };
    sheet.tagParts(tr, 'TD', parts(), { columns: WHOLE });
  });
}

/** Who did not answer, since when, and for which domains and companies. */
export function drawMissing(flow: Flow, parent: Element, model: ReportModel): void {
  const { sheet } = flow;
  const found = new Map<string, { readonly name: Localised; readonly since?: string; readonly domains: Set<number> }>();
  for (const { missing, domain } of model.sections) {
    for (const { authority, name, since } of missing) {
      const key = `${authority} ${since ?? ''}`;
      const held = found.get(key) ?? { name, ...present({ since }), domains: new Set<number>() };
      held.domains.add(domain);
      found.set(key, held);
    }
  }
  sheet.group(parent, 'Sect', (section) => {
    flow.heading(section, labels.missing);
    if (found.size === 0) {
      flow.text(section, 'P', `${sentences.noMissing.zh} ${sentences.noMissing.en}`, {});
      return;
    }
    flow.text(section, 'P', sentences.notNone.zh, { size: 9, weight: 'bold', colour: colours.not_answered });
    flow.text(section, 'P', sentences.notNone.en, { size: 7, colour: SOFT }, 'en');
    flow.gap(4);
    const [since, domains] = [LEFT + 170, LEFT + 262];
    sheet.group(section, 'Table', (table) => {
      const heads = (): void => {
        columnHeads(sheet, table, flow.y, [
          [labels.department, LEFT],
          [labels.since, since],
          [labels.domains, domains],
        ]);
        sheet.artifact(() => sheet.rule(LEFT, flow.y + 14, RIGHT, INK, 0.7));
        flow.gap(18);
      };
      flow.need(60);
      heads();
      for (const row of found.values()) {
        const name = sheet.lines(row.name.zh, since - LEFT - 8);
        const english = sheet.lines(row.name.en, since - LEFT - 8, { size: 6.5 });
        const titles = [...row.domains].sort((a, b) => a - b).map((domain) => model.domains[domain]?.title);
        const zh = sheet.lines(titles.map((one) => one?.zh ?? '').join('、'), RIGHT - domains);
        const en = sheet.lines(titles.map((one) => one?.en ?? '').join(', '), RIGHT - domains, { size: 6.5 });
        const height =
          Math.max(
            name.length * leading(9) + english.length * leading(6.5),
            zh.length * leading(9) + en.length * leading(6.5),
          ) + 3;
        if (flow.left < height) {
          flow.page();
          heads();
        }
        const { y } = flow;
        sheet.group(table, 'TR', (tr) => {
          sheet.tag(
            tr,
            'TH',
            () => sheet.putLines(english, LEFT, sheet.putLines(name, LEFT, y) - 1.5, { size: 6.5, colour: SOFT }),
            { scope: 'Row' },
          );
          sheet.tag(tr, 'TD', () => {
            sheet.put(row.since === undefined ? sentences.never.zh : localMinute(row.since), since, y, { size: 8.5 });
            if (row.since === undefined)
              sheet.put(sentences.never.en, since, y + leading(9) - 1.5, { size: 6.5, colour: SOFT });
          });
          sheet.tag(tr, 'TD', () =>
            sheet.putLines(en, domains, sheet.putLines(zh, domains, y) - 1.5, { size: 6.5, colour: SOFT }),
          );
        });
        sheet.artifact(() => sheet.rule(LEFT, y + height - 1, RIGHT, LINE, 0.4));
        flow.gap(height + 1);
      }
    });
  });
}
