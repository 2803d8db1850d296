/** The pages of a material that is made: its text, the form with where each value comes from, and who signed it. */
import type { Localised } from '../../../../contracts/types.js';
import { localMinute, localSecond } from '../../../ground/language/time.js';
import type { PaperDocument } from '../../../procedures/cases/papers.js';
import { type MadeValue, valuesOf } from '../../../procedures/materials/made.js';
import { type Drawn, facts } from '../draw.js';
import { columnHeads } from '../findings.js';
import { Flow } from '../flow.js';
import { section, titled } from '../parts.js';
import { BRAND, type Element, HEIGHT, INK, LEFT, LINE, leading, RIGHT, Sheet, SOFT, WIDTH } from '../sheet.js';
import { outsideNote, pageOf, sentences } from '../words.js';
import {
  changedWords,
  fileWords,
  hiddenWords,
  issuedLater,
  labels,
  notWritten,
  signedWords,
  sourceWords,
  stateWords,
  unsignedWords,
} from './words.js';

export interface MaterialOptions {
  readonly city: Localised;
  readonly synthetic: boolean;
  /** ISO 8601: when it is made. */
  readonly at: string;
  /** Bytes to leave for the signature of whoever issues it; none for a draft. */
  readonly room?: number;
}

const BOTTOM = HEIGHT - 48;
/** A signature is not torn: what is said of it stands on one page. */
const SIGNATURE = 140;
const AMBER = '#8a5a00';
const X = { title: LEFT, value: LEFT + 150, source: LEFT + 352 };

export function drawMaterial(paper: PaperDocument, options: MaterialOptions): Drawn {
  // of what is filed the same pages come each time
  const at = new Date(paper.filedAt ?? options.at);
  const sheet = new Sheet({
    title: `${paper.heading} ${paper.title.en}：${paper.case}`,
    author: options.city.zh,
    info: { Subject: paper.case },
    at,
    bottom: BOTTOM,
  });
  sheet.noteAll([paper, options.city]);
  const flow = new Flow(sheet);
  const { root } = sheet;
  flow.page();
  heading(flow, paper, options);
  const inForm = new Set(
    paper.blocks
      .flatMap((one) => (one.block === 'form' ? valuesOf(one, paper.values) : []))
      .map(({ element }) => element),
  );
  for (const one of paper.blocks)
    if (one.block === 'form') formTable(flow, root, valuesOf(one, paper.values), 'H2');
    else if (one.block === 'heading') blockHeading(flow, root, one.text);
    else paragraph(flow, root, one.text);
  const named = paper.values.filter(({ element }) => !inForm.has(element));
  if (named.length > 0) section(flow, root, labels.sources, (part) => formTable(flow, part, named, 'H3'));
  if (paper.parts.length > 0) section(flow, root, labels.parts, (part) => listed(flow, part, paper.parts));
  if (paper.attached.length > 0) section(flow, root, labels.attached, (part) => attachments(flow, part, paper));
  section(flow, root, labels.signature, (part) => signature(flow, part, paper), SIGNATURE);
  frame(sheet, paper, options);
  if (options.room !== undefined) sheet.signable(options.room, at);
  return { bytes: sheet.finish(), outside: [...sheet.outside] };
}

const plain = (text: string): Localised => ({ zh: text, en: '' });
const moment = (at: string): Localised => plain(`${localSecond(at)}（北京时间）`);

function heading(flow: Flow, paper: PaperDocument, { at }: MaterialOptions): void {
  const { sheet } = flow;
  titled(flow, { zh: paper.heading, en: paper.title.en });
  facts(flow, sheet.root, [
    [labels.matter, paper.bundle],
    [labels.case, plain(paper.case)],
    [labels.state, stateWords[paper.state]],
    paper.filedAt === undefined ? [labels.made, moment(at)] : [labels.filed, moment(paper.filedAt)],
  ]);
  if (paper.hidden > 0) {
    flow.text(sheet.root, 'P', hiddenWords(paper.hidden).zh, { size: 9, weight: 'bold', colour: AMBER });
    flow.text(sheet.root, 'P', hiddenWords(paper.hidden).en, { size: 7, colour: SOFT }, 'en');
    flow.gap(6);
  }
}

function blockHeading(flow: Flow, parent: Element, text: string): void {
  flow.need(60);
  flow.gap(6);
  const { sheet } = flow;
  sheet.artifact(() => sheet.rect(LEFT, flow.y + 3, 3, 12).fill(BRAND));
  const lines = sheet.lines(text, RIGHT - LEFT - 9, { size: 12, weight: 'bold' });
  sheet.tag(parent, 'H2', () => {
    flow.y = sheet.putLines(lines, LEFT + 9, flow.y, { size: 12, weight: 'bold' });
  });
  flow.gap(4);
}

function paragraph(flow: Flow, parent: Element, text: string): void {
  flow.text(parent, 'P', text, { size: 10.5 });
  flow.gap(7);
}

/** Rows of a group under its name; heads again on each page. */
function formTable(flow: Flow, parent: Element, values: readonly MadeValue[], rank: 'H2' | 'H3'): void {
  const { sheet } = flow;
  const groups = [...new Set(values.map(({ group }) => group.zh))];
  flow.gap(2);
  for (const name of groups) {
    const rows = values.filter(({ group }) => group.zh === name);
    const [first] = rows;
    if (first === undefined) continue;
    flow.need(64);
    sheet.tag(parent, rank, () => {
      sheet.put(sheet.drawable(name), LEFT, flow.y, { size: 10, weight: 'bold', colour: BRAND });
      sheet.put(first.group.en, LEFT + sheet.widthOf(name, { size: 10, weight: 'bold' }) + 6, flow.y + 3, {
        size: 7,
        colour: SOFT,
      });
    });
    flow.gap(leading(10) + 2);
    sheet.group(parent, 'Table', (table) => {
      const heads = (): void => {
        columnHeads(sheet, table, flow.y, [
          [labels.title, X.title],
          [labels.value, X.value],
          [labels.source, X.source],
        ]);
        sheet.artifact(() => sheet.rule(LEFT, flow.y + 14, RIGHT, INK, 0.6));
        flow.gap(17);
      };
      heads();
      for (const row of rows) formRow(flow, table, row, heads);
    });
    flow.gap(8);
  }
}

function formRow(flow: Flow, table: Element, value: MadeValue, heads: () => void): void {
  const { sheet } = flow;
  const { title, text, from, register } = value;
  const said = text ?? (from === 'issued' ? issuedLater : notWritten);
  const small = { size: 6.5, colour: SOFT };
  const titles = sheet.lines(title.zh, X.value - X.title - 8, { size: 9 });
  const english = sheet.lines(title.en, X.value - X.title - 8, small);
  const chinese = sheet.lines(said.zh, X.source - X.value - 10, { size: 9.5 });
  const also = said.en === said.zh.replaceAll('、', ', ') ? [] : sheet.lines(said.en, X.source - X.value - 10, small);
  const source = sourceWords(value);
  const when = register === undefined || register.sourceTime === '' ? '' : ` · ${localMinute(register.sourceTime)}`;
  const sources = sheet.lines(`${source.zh}${when}`, RIGHT - X.source, { size: 7.5 });
  const sourceEnglish = sheet.lines(source.en, RIGHT - X.source, small);
  const high = (lines: number, size: number, more: number): number => lines * leading(size) + more * leading(6.5);
  const height =
    Math.max(
      high(titles.length, 9, english.length),
      high(chinese.length, 9.5, also.length),
      high(sources.length, 7.5, sourceEnglish.length),
    ) + 4;
  if (flow.left < Math.min(height, 200)) {
    flow.page();
    heads();
  }
  // one that is longer than a page goes over pages by itself
  if (height > flow.left) return longRow(flow, table, value, said, heads);
  const { y } = flow;
  sheet.group(table, 'TR', (tr) => {
    sheet.tag(
      tr,
      'TH',
      () => sheet.putLines(english, X.title, sheet.putLines(titles, X.title, y, { size: 9 }) - 1.5, small),
      { scope: 'Row' },
    );
    sheet.tag(tr, 'TD', () => {
      const colour = text === undefined ? SOFT : INK;
      sheet.putLines(also, X.value, sheet.putLines(chinese, X.value, y - 0.5, { size: 9.5, colour }) - 1.5, small);
    });
    sheet.tag(tr, 'TD', () =>
      sheet.putLines(
        sourceEnglish,
        X.source,
        sheet.putLines(sources, X.source, y + 1, { size: 7.5, colour: SOFT }) - 1.5,
        small,
      ),
    );
  });
  sheet.artifact(() => sheet.rule(LEFT, y + height - 2, RIGHT, LINE, 0.3));
  flow.gap(height);
}

/** Its value in pieces, a row each. */
function longRow(flow: Flow, table: Element, value: MadeValue, said: Localised, heads: () => void): void {
  const { sheet } = flow;
  const lines = sheet.lines(said.zh, X.source - X.value - 10, { size: 9.5 });
  const source = sheet.lines(sourceWords(value).zh, RIGHT - X.source, { size: 7.5 });
  const title = sheet.lines(value.title.zh, X.value - X.title - 8, { size: 9 });
  for (let at = 0; at < lines.length; ) {
    if (flow.left < 5 * leading(9.5)) {
      flow.page();
      heads();
    }
    const some = lines.slice(at, at + Math.floor((flow.left - 4) / leading(9.5)));
    const { y } = flow;
    sheet.group(table, 'TR', (tr) => {
      sheet.tag(tr, 'TH', () => sheet.putLines(title, X.title, y, { size: 9 }), { scope: 'Row' });
      sheet.tag(tr, 'TD', () => sheet.putLines(some, X.value, y - 0.5, { size: 9.5 }));
      sheet.tag(tr, 'TD', () => sheet.putLines(source, X.source, y + 1, { size: 7.5, colour: SOFT }));
    });
    at += some.length;
    flow.gap(Math.max(some.length, 3) * leading(9.5) + 4);
    sheet.artifact(() => sheet.rule(LEFT, flow.y - 2, RIGHT, LINE, 0.3));
  }
}

function listed(flow: Flow, parent: Element, all: readonly Localised[]): void {
  for (const { zh, en } of all) {
    flow.text(parent, 'P', zh, { size: 9.5 });
    flow.text(parent, 'P', en, { size: 7, colour: SOFT }, 'en');
    flow.gap(3);
  }
}

const sizeWords = (bytes: number): string =>
  bytes < 1024
    ? `${String(bytes)} B`
    : bytes < 1_048_576
      ? `${(bytes / 1024).toFixed(1)} KiB`
      : `${(bytes / 1_048_576).toFixed(1)} MiB`;

function attachments(flow: Flow, parent: Element, { attached }: PaperDocument): void {
  const { sheet } = flow;
  const x = { name: LEFT, kind: LEFT + 170, digest: LEFT + 250 };
  sheet.group(parent, 'Table', (table) => {
    columnHeads(sheet, table, flow.y, [
      [labels.file, x.name],
      [labels.kind, x.kind],
      [labels.digest, x.digest],
    ]);
    sheet.artifact(() => sheet.rule(LEFT, flow.y + 14, RIGHT, INK, 0.6));
    flow.gap(17);
    for (const { title, type, size, digest } of attached) {
      const names = sheet.lines(title.zh, x.kind - x.name - 8, { size: 9 });
      const digests = sheet.lines(digest, RIGHT - x.digest, { size: 8 });
      const height = Math.max(names.length * leading(9), digests.length * leading(8)) + 4;
      flow.need(height);
      const { y } = flow;
      sheet.group(table, 'TR', (tr) => {
        sheet.tag(tr, 'TH', () => sheet.putLines(names, x.name, y, { size: 9 }), { scope: 'Row' });
        sheet.tag(tr, 'TD', () =>
          sheet.put(`${fileWords[type] ?? type} · ${sizeWords(size)}`, x.kind, y, { size: 8.5 }),
        );
        sheet.tag(tr, 'TD', () => sheet.putLines(digests, x.digest, y, { size: 8 }));
      });
      sheet.artifact(() => sheet.rule(LEFT, y + height - 2, RIGHT, LINE, 0.3));
      flow.gap(height);
    }
  });
}

const LABEL = 180;

/** Label and value over the whole width, a line each. */
function lines(flow: Flow, parent: Element, pairs: readonly (readonly [Localised, Localised])[]): void {
  const { sheet } = flow;
  sheet.group(parent, 'Table', (table) => {
    for (const [title, { zh }] of pairs) {
      const value = sheet.lines(zh, RIGHT - LEFT - LABEL, { size: 9.5 });
      const height = Math.max(leading(9) + leading(6.5), value.length * leading(9.5)) + 3;
      flow.need(height);
      const { y } = flow;
      sheet.group(table, 'TR', (tr) => {
        sheet.tag(
          tr,
          'TH',
          () => {
            sheet.put(title.zh, LEFT, y, { size: 9, colour: SOFT });
            sheet.put(title.en, LEFT, y + leading(9) - 1, { size: 6.5, colour: SOFT });
          },
          { scope: 'Row' },
        );
        sheet.tag(tr, 'TD', () => sheet.putLines(value, LEFT + LABEL, y, { size: 9.5 }));
      });
      flow.gap(height);
    }
  });
}

function signature(flow: Flow, parent: Element, { state, signed, digest }: PaperDocument): void {
  const isSigned = signed !== undefined && state !== 'changed';
  const words = isSigned ? signedWords : state === 'changed' ? changedWords : unsignedWords;
  flow.text(parent, 'P', words.zh, { size: 9.5, ...(isSigned ? {} : { colour: AMBER }) });
  flow.text(parent, 'P', words.en, { size: 7, colour: SOFT }, 'en');
  flow.gap(4);
  lines(flow, parent, [
    ...(isSigned
      ? ([
          [labels.signedAt, moment(signed.at)],
          [labels.receipt, plain(signed.receipt)],
        ] as const)
      : []),
    [labels.signedDigest, plain(digest)],
  ]);
  const { sheet } = flow;
  if (sheet.outside.size === 0) return;
  const note = outsideNote([...sheet.outside]);
  flow.text(parent, 'P', note.zh, { size: 8.5 });
  flow.text(parent, 'P', note.en, { size: 7, colour: SOFT }, 'en');
}

function frame(sheet: Sheet, paper: PaperDocument, { synthetic, city }: MaterialOptions): void {
  const { start, count } = sheet.bufferedPageRange();
  for (let page = start; page < start + count; page++) {
    sheet.switchToPage(page);
    sheet.artifact(() => {
      const y = 32;
      if (synthetic) {
        sheet.rect(0, 0, WIDTH, 20).fill('#fdf0d5');
        const banner = `${sentences.synthetic.zh}   ${sentences.synthetic.en}`;
        sheet.put(banner, (WIDTH - sheet.widthOf(banner, { size: 8, weight: 'bold' })) / 2, 4, {
          size: 8,
          weight: 'bold',
          colour: '#7a4d00',
        });
      }
      sheet.put(sheet.lines(paper.heading, (RIGHT - LEFT) * 0.6, { size: 8.5 })[0] ?? '', LEFT, y, {
        size: 8.5,
        weight: 'bold',
      });
      sheet.putRight(pageOf(page - start + 1, count), RIGHT, y, { size: 8.5 });
      sheet.put(sheet.drawable(`${city.zh} · ${paper.bundle.zh}`), LEFT, y + leading(8.5), { size: 7.5, colour: SOFT });
      sheet.rule(LEFT, y + leading(8.5) + leading(7.5) + 4, RIGHT, LINE);
      sheet.rule(LEFT, BOTTOM + 10, RIGHT, LINE);
      sheet.put(
        sheet.drawable(`办件编号 ${paper.case} · 内容摘要 ${paper.digest} · ${stateWords[paper.state].zh}`),
        LEFT,
        BOTTOM + 15,
        { size: 7, colour: SOFT },
      );
    }, 'Pagination');
  }
}
