/**
 * The companies of a report on several: the table of what was found that it opens with, and those that stand alike,
 * told together.
 */
import { keyOf } from '../../../contracts/ids.js';
import type { Localised } from '../../../contracts/types.js';
import type { ReportModel, SectionState } from '../model/model.js';
import { colours, count, drawFindings, mark, overviewHeight, sectionsOf } from './findings.js';
import type { Flow } from './flow.js';
import { type Element, INK, LEFT, LINE, leading, RIGHT, type Sheet, SOFT, TOP } from './sheet.js';
import { alikeNote, inShort, labels, relations, sentences, shortTitles } from './words.js';

/** How a company stands on the whole. */
function standing(model: ReportModel, subject: number): SectionState {
  const sections = sectionsOf(model, subject);
  const has = (state: SectionState): boolean => sections.some((section) => section.state === state);
  return has('records') ? 'records' : has('at_least') ? 'at_least' : has('not_answered') ? 'not_answered' : 'none';
}

interface Gathered {
  /** Companies with records: each has its own part. */
  readonly told: readonly number[];
  /** Those without, in groups that have the same answer in every domain. */
  readonly alike: readonly (readonly number[])[];
}

export function gathered(model: ReportModel): Gathered {
  const told: number[] = [];
  const alike = new Map<string, number[]>();
  model.subjects.forEach((_, subject) => {
    const sections = sectionsOf(model, subject);
    if (sections.some(({ records }) => records.length > 0)) {
      told.push(subject);
      return;
    }
    const stands = sections.map(({ state, asOf = '' }) => `${state} ${asOf}`).join('|');
    const known = alike.get(stands);
    if (known === undefined) alike.set(stands, [subject]);
    else known.push(subject);
  });
  return { told, alike: [...alike.values()] };
}

const X = {
  mark: LEFT + 25,
  name: LEFT + 34,
  relation: LEFT + 294,
  found: LEFT + 398,
  none: LEFT + 436,
  silent: LEFT + 474,
};
const HEAD = 26;
const ROW = { size: 8.5, code: 6.8 };

function heads(flow: Flow, table: Element): void {
  const { sheet, y } = flow;
  const left = (tr: Element, { zh, en }: Localised, x: number): void =>
    sheet.tag(
      tr,
      'TH',
      () => {
        sheet.put(zh, x, y, { size: 8, colour: SOFT });
        sheet.put(en, x, y + 10.5, { size: 6.2, colour: SOFT });
      },
      { scope: 'Column' },
    );
  const right = (tr: Element, { zh, en }: Localised, x: number): void =>
    sheet.tag(
      tr,
      'TH',
      () => {
        sheet.putRight(zh, x, y, { size: 8, colour: SOFT });
        sheet.putRight(en, x, y + 10.5, { size: 6.2, colour: SOFT });
      },
      { scope: 'Column' },
    );
  sheet.group(table, 'TR', (tr) => {
    left(tr, labels.number, LEFT);
    left(tr, labels.subject, X.name);
    left(tr, labels.relation, X.relation);
    right(tr, { zh: shortTitles.records, en: 'found in' }, X.found);
    right(tr, { zh: shortTitles.none, en: 'none in' }, X.none);
    right(tr, { zh: shortTitles.not_answered, en: 'no answer' }, X.silent);
    right(tr, labels.page, RIGHT);
  });
  sheet.artifact(() => sheet.rule(LEFT, y + HEAD - 4, RIGHT, INK, 0.7));
  flow.gap(HEAD);
}

/** A cross, of a company that is left out. */
function cross(sheet: Sheet, x: number, y: number): void {
  sheet
    .lineWidth(0.9)
    .strokeColor(SOFT)
    .moveTo(x - 2, y - 2)
    .lineTo(x + 2, y + 2)
    .stroke()
    .moveTo(x + 2, y - 2)
    .lineTo(x - 2, y + 2)
    .stroke();
}

interface Line {
  readonly number: string;
  readonly name: string;
  readonly key: string;
  readonly relation: Localised;
  /** Of a company that is in the report. */
  readonly subject?: number;
}

/** Those with records first; whoever is left out comes last. */
function linesOf(model: ReportModel): readonly Line[] {
  const lines = model.subjects.map(({ subject, name, relation, of }, n): Line & { readonly subject: number } => {
    const { zh, en } = relations[relation];
    return {
      number: String(n + 1),
      name,
      key: keyOf(subject),
      subject: n,
      relation:
        of === undefined ? { zh, en } : { zh: `${zh}（属 ${String(of + 1)}）`, en: `${en} of ${String(of + 1)}` },
    };
  });
  const found = (line: { readonly subject: number }): boolean =>
    ['records', 'at_least'].includes(standing(model, line.subject));
  return [
    ...lines.filter(found),
    ...lines.filter((line) => !found(line)),
    ...(model.leftOut ?? []).map(
      ({ subject, name, relation }): Line => ({
        number: '–',
        name,
        key: keyOf(subject),
        relation: relations[relation],
      }),
    ),
  ];
}

/** @returns what writes the page of each company into the table, once it is known */
export function drawCompanies(
  flow: Flow,
  parent: Element,
  model: ReportModel,
): (pages: ReadonlyMap<number, number>) => void {
  const { sheet } = flow;
  flow.heading(parent, labels.found);
  const stands = model.subjects.map((_, subject) => standing(model, subject));
  const number = (...states: readonly SectionState[]): number =>
    stands.filter((state) => states.includes(state)).length;
  const leftOut = model.leftOut?.length ?? 0;
  const short = inShort({
    companies: model.subjects.length + leftOut,
    domains: model.domains.length,
    found: number('records', 'at_least'),
    clean: number('none'),
    unanswered: number('not_answered'),
    leftOut,
  });
  flow.text(parent, 'P', short.zh, { size: 10, weight: 'bold' });
  flow.text(parent, 'P', short.en, { size: 7, colour: SOFT }, 'en');
  flow.gap(5);
  const table = sheet.open(parent, 'Table');
  heads(flow, table);
  const later: ((pages: ReadonlyMap<number, number>) => void)[] = [];
  for (const line of linesOf(model)) {
    const { subject } = line;
    const names = sheet.lines(line.name, X.relation - X.name - 8, { size: ROW.size });
    const height = names.length * leading(ROW.size) + leading(ROW.code) + 1;
    if (flow.left < height) {
      flow.page();
      heads(flow, table);
    }
    const { y } = flow;
    const page = sheet.pageNumber;
    const tr = sheet.open(table, 'TR');
    sheet.artifact(() => {
      if (subject === undefined) cross(sheet, X.mark, y + 6.2);
      else mark(sheet, stands[subject] ?? 'not_answered', X.mark, y + 6.2);
      sheet.rule(LEFT, y + height - 1, RIGHT, LINE, 0.4);
    });
    sheet.tag(tr, 'TD', () => sheet.put(line.number, LEFT, y, { size: 8, colour: SOFT }));
    sheet.tag(
      tr,
      'TH',
      () => {
        const under = sheet.putLines(names, X.name, y, {
          size: ROW.size,
          weight: subject !== undefined && ['records', 'at_least'].includes(stands[subject] ?? '') ? 'bold' : 'regular',
        });
        sheet.put(sheet.drawable(line.key), X.name, under - 1.5, { size: ROW.code, colour: SOFT });
      },
      { scope: 'Row' },
    );
    sheet.tag(tr, 'TD', () => {
      sheet.put(line.relation.zh, X.relation, y, { size: 8 });
      sheet.put(line.relation.en, X.relation, y + leading(8) - 1, { size: 6.2, colour: SOFT });
    });
    if (subject === undefined) leftOutCells(sheet, tr, y);
    else countCells(sheet, tr, model, subject, y);
    later.push((pages) => {
      const at = subject === undefined ? undefined : pages.get(subject);
      sheet.switchToPage(page - 1);
      sheet.tag(tr, 'TD', () => sheet.putRight(at === undefined ? '–' : String(at), RIGHT, y, { size: 8.5 }));
      tr.end();
    });
    flow.gap(height + 1);
  }
  if (leftOut > 0) {
    flow.gap(3);
    flow.text(parent, 'P', sentences.leftOutNote.zh, { size: 8 });
    flow.text(parent, 'P', sentences.leftOutNote.en, { size: 6.5, colour: SOFT }, 'en');
  }
  flow.gap(6);
  return (pages) => {
    for (const write of later) write(pages);
    table.end();
  };
}

function countCells(sheet: Sheet, tr: Element, model: ReportModel, subject: number, y: number): void {
  const sections = sectionsOf(model, subject);
  const incomplete = count(sections, 'at_least');
  const found = count(sections, 'records') + incomplete;
  const cells: readonly (readonly [string, number, SectionState])[] = [
    [`${incomplete > 0 ? '≥' : ''}${String(found)}`, X.found, 'records'],
    [String(count(sections, 'none')), X.none, 'none'],
    [String(count(sections, 'not_answered')), X.silent, 'not_answered'],
  ];
  for (const [text, x, state] of cells) {
    const nothing = text === '0';
    sheet.tag(tr, 'TD', () =>
      sheet.putRight(text, x, y, {
        size: 9,
        weight: nothing || state === 'none' ? 'regular' : 'bold',
        colour: nothing ? SOFT : colours[state],
      }),
    );
  }
}

function leftOutCells(sheet: Sheet, tr: Element, y: number): void {
  sheet.tag(tr, 'TD', () => {
    sheet.putRight(sentences.leftOut.zh, X.silent, y, { size: 8, weight: 'bold', colour: colours.not_answered });
    sheet.putRight(sentences.leftOut.en, X.silent, y + leading(8) - 1, { size: 6.2, colour: SOFT });
  });
  for (let i = 0; i < 2; i++) sheet.tag(tr, 'TD', () => undefined);
}

const HALF = (RIGHT - LEFT - 16) / 2;

/**
 * Companies that have no record and the same answer in every domain: what was asked, who they are, and the domains
 * once.
 * @returns the number of the page on which it begins
 */
export function drawAlike(flow: Flow, parent: Element, model: ReportModel, some: readonly number[]): number {
  const { sheet } = flow;
  const unanswered = count(sectionsOf(model, some[0] ?? 0), 'not_answered');
  // of a small group all of it on one page, where a page holds it
  flow.need(Math.min(flow.sheet.bottom - TOP, 70 + Math.ceil(some.length / 2) * 24 + overviewHeight(sheet, model)));
  const title = unanswered === 0 ? labels.clean : labels.unanswered;
  flow.heading(parent, { zh: `${title.zh}（${String(some.length)} 家）`, en: `${title.en} (${String(some.length)})` });
  const page = sheet.pageNumber;
  const said = alikeNote(some.length, model.domains.length, unanswered);
  flow.text(parent, 'P', said.zh, { size: 9 });
  flow.text(parent, 'P', said.en, { size: 7, colour: SOFT }, 'en');
  flow.gap(6);
  sheet.group(parent, 'Table', (table) => {
    for (let i = 0; i < some.length; i += 2) {
      const cells = some.slice(i, i + 2).map((subject) => ({
        subject,
        names: sheet.lines(model.subjects[subject]?.name ?? '', HALF - 26, { size: ROW.size }),
      }));
      const height = Math.max(...cells.map(({ names }) => names.length)) * leading(ROW.size) + leading(ROW.code) + 1;
      flow.need(height);
      const { y } = flow;
      sheet.group(table, 'TR', (tr) => {
        for (let n = 0; n < 2; n++) {
          const cell = cells[n];
          const x = LEFT + n * (HALF + 16);
          sheet.tag(tr, 'TD', () => {
            if (cell === undefined) return;
            sheet.put(String(cell.subject + 1), x, y, { size: 8, colour: SOFT });
            const under = sheet.putLines(cell.names, x + 22, y, { size: ROW.size });
            sheet.put(sheet.drawable(keyOf(model.subjects[cell.subject]?.subject ?? '')), x + 22, under - 1.5, {
              size: ROW.code,
              colour: SOFT,
            });
          });
        }
      });
      sheet.artifact(() => sheet.rule(LEFT, y + height - 1, RIGHT, LINE, 0.4));
      flow.gap(height + 1);
    }
  });
  flow.gap(4);
  drawFindings(flow, parent, model, some[0] ?? 0);
  return page;
}
