/** What each domain answered: the companies at a glance, the counts of one, and its table of domains in two columns. */
import type { Localised } from '../../../contracts/types.js';
import { localMinute } from '../../ground/language/time.js';
import type { ReportModel, ReportSection, SectionState } from '../model/model.js';
import type { Flow } from './flow.js';
import { type Colour, type Element, INK, LEFT, LINE, leading, RIGHT, type Sheet, SOFT } from './sheet.js';
import { disputed, labels, states, stateTitles } from './words.js';

const ORDER: readonly SectionState[] = ['none', 'records', 'at_least', 'not_answered'];
export const colours: Readonly<Record<SectionState, Colour>> = {
  none: '#0d6b3f',
  records: '#a11f2b',
  at_least: '#a11f2b',
  not_answered: '#8a5a00',
};

export const sectionsOf = ({ sections, domains }: ReportModel, subject: number): readonly ReportSection[] =>
  sections.slice(subject * domains.length, (subject + 1) * domains.length);
export const count = (sections: readonly ReportSection[], state: SectionState): number =>
  sections.filter((section) => section.state === state).length;

/** A mark that is told apart without colour as well: a ring, a full disc, a half one, a square. */
export function mark(sheet: Sheet, state: SectionState, x: number, y: number): void {
  const colour = colours[state];
  sheet.lineWidth(0.9).strokeColor(colour).fillColor(colour);
  if (state === 'none') sheet.circle(x, y, 2.2).stroke();
  else if (state === 'records') sheet.circle(x, y, 2.6).fill();
  else if (state === 'at_least') {
    sheet.circle(x, y, 2.3).stroke();
    sheet.path(`M ${String(x)} ${String(y - 2.3)} A 2.3 2.3 0 0 0 ${String(x)} ${String(y + 2.3)} Z`).fill(colour);
  } else sheet.rect(x - 2.2, y - 2.2, 4.4, 4.4).stroke();
}

/** How many domains say what: four figures of one company. */
export function summaryOf(flow: Flow, parent: Element, model: ReportModel, subject: number): void {
  const { sheet } = flow;
  const sections = sectionsOf(model, subject);
  const height = 40;
  const width = (RIGHT - LEFT) / ORDER.length;
  flow.need(height + 60);
  sheet.artifact(() => {
    sheet
      .roundedRect(LEFT, flow.y, RIGHT - LEFT, height, 4)
      .lineWidth(0.6)
      .strokeColor(LINE)
      .stroke();
    for (let i = 1; i < ORDER.length; i++)
      sheet
        .moveTo(LEFT + i * width, flow.y + 7)
        .lineTo(LEFT + i * width, flow.y + height - 7)
        .stroke();
    ORDER.forEach((state, i) => mark(sheet, state, LEFT + i * width + 14, flow.y + 13));
  });
  sheet.group(parent, 'Table', (table) => {
    sheet.group(table, 'TR', (tr) => {
      ORDER.forEach((state, i) =>
        sheet.tag(
          tr,
          'TH',
          () => {
            sheet.put(stateTitles[state].zh, LEFT + i * width + 22, flow.y + 6, { size: 9 });
            sheet.put(stateTitles[state].en, LEFT + i * width + 22, flow.y + 19, { size: 6.5, colour: SOFT });
          },
          { scope: 'Column' },
        ),
      );
    });
    sheet.group(table, 'TR', (tr) => {
      ORDER.forEach((state, i) => {
        const number = String(count(sections, state));
        sheet.tag(tr, 'TD', () =>
          sheet.putRight(number, LEFT + (i + 1) * width - 12, flow.y + 5, {
            size: 18,
            weight: 'bold',
            colour: number === '0' ? SOFT : colours[state],
          }),
        );
      });
    });
  });
  flow.gap(height + 4);
}

const GUTTER = 14;
const HALF = (RIGHT - LEFT - GUTTER) / 2;
const NAME = 116;
const DATE = 44;
const HEAD = 18;

/** Height of a row: titles in two languages, each of as many lines as the longest needs. */
function rowOf(sheet: Sheet, { domains }: ReportModel): number {
  return Math.max(
    18.4,
    ...domains.map(
      ({ title: { zh, en } }) =>
        sheet.lines(zh, NAME - 6, { size: 8.5 }).length * leading(8.5) +
        sheet.lines(en, NAME - 6, { size: 6 }).length * leading(6) -
        3,
    ),
  );
}

/** What the counts and the table of one company take. */
export const overviewHeight = (sheet: Sheet, model: ReportModel): number =>
  44 + 36 + HEAD + Math.ceil(model.domains.length / 2) * rowOf(sheet, model);

/** All domains of a company: as many rows as fit, side by side, then on the next page. */
export function drawFindings(flow: Flow, parent: Element, model: ReportModel, subject: number): void {
  const { sheet } = flow;
  const titles = model.domains.map(({ title: { zh, en } }) => ({
    zh: sheet.lines(zh, NAME - 6, { size: 8.5 }),
    en: sheet.lines(en, NAME - 6, { size: 6 }),
  }));
  const row = rowOf(sheet, model);
  const sections = sectionsOf(model, subject);
  flow.heading(parent, labels.overview, HEAD + row * Math.min(4, Math.ceil(sections.length / 2)) + 40);
  for (let at = 0; at < sections.length; ) {
    flow.need(HEAD + row * 2);
    const fit = Math.max(1, Math.floor((flow.left - HEAD) / row));
    const some = sections.slice(at, at + fit * 2);
    const first = Math.ceil(some.length / 2);
    column(flow, parent, some.slice(0, first), titles.slice(at, at + first), LEFT, row);
    if (some.length > first)
      column(flow, parent, some.slice(first), titles.slice(at + first), LEFT + HALF + GUTTER, row);
    flow.gap(HEAD + first * row + 4);
    at += some.length;
  }
  flow.gap(4);
}

/** Titles in both languages, over columns that begin at `xs`. @param more adds further cells to the row */
export function columnHeads(
  sheet: Sheet,
  table: Element,
  y: number,
  heads: readonly (readonly [Localised, number])[],
  more: (tr: Element) => void = () => undefined,
): void {
  sheet.group(table, 'TR', (tr) => {
    for (const [{ zh, en }, x] of heads) {
      sheet.tag(
        tr,
        'TH',
        () => {
          sheet.put(zh, x, y, { size: 8, colour: SOFT });
          sheet.put(en, x + sheet.widthOf(zh, { size: 8 }) + 4, y + 1.4, { size: 6.5, colour: SOFT });
        },
        { scope: 'Column' },
      );
    }
    more(tr);
  });
}

function column(
  flow: Flow,
  parent: Element,
  sections: readonly ReportSection[],
  titles: readonly { readonly zh: readonly string[]; readonly en: readonly string[] }[],
  x: number,
  row: number,
): void {
  const { sheet, y: top } = flow;
  sheet.artifact(() => {
    sheet.rule(x, top + 14, x + HALF, INK, 0.7);
    sections.forEach((_, i) => sheet.rule(x, top + HEAD + (i + 1) * row - 0.8, x + HALF, LINE, 0.4));
    sections.forEach(({ state }, i) => mark(sheet, state, x + NAME + 4, top + HEAD + i * row + 6.2));
  });
  sheet.group(parent, 'Table', (table) => {
    columnHeads(sheet, table, top, [
      [labels.domain, x],
      [labels.state, x + NAME + 11],
      [labels.asOf, x + HALF - DATE - 8],
    ]);
    sections.forEach(({ state, records, asOf, marks = [] }, i) => {
      const y = top + HEAD + i * row;
      sheet.group(table, 'TR', (tr) => {
        sheet.tag(
          tr,
          'TH',
          () => {
            const under = sheet.putLines(titles[i]?.zh ?? [], x, y, { size: 8.5 });
            sheet.putLines(titles[i]?.en ?? [], x, under - 2.5, { size: 6, colour: SOFT });
          },
          { scope: 'Row' },
        );
        const finding = states[state](records.length);
        const { zh, en } = marks.includes('objection') ? disputed(finding) : finding;
        sheet.tag(tr, 'TD', () => {
          sheet.put(zh, x + NAME + 11, y, {
            size: 8.5,
            weight: state === 'none' ? 'regular' : 'bold',
            colour: colours[state],
          });
          sheet.put(en, x + NAME + 11, y + leading(8.5) - 2.5, { size: 6, colour: SOFT });
        });
        sheet.tag(tr, 'TD', () => {
          const [day = '—', minute = ''] = asOf === undefined ? [] : localMinute(asOf).split(' ');
          sheet.putRight(day, x + HALF, y + 0.7, { size: 7.5 });
          sheet.putRight(minute, x + HALF, y + leading(8.5) - 2.5, { size: 6, colour: SOFT });
        });
      });
    });
  });
}
