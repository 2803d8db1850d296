/** The pages of a report. */

import { canonicalJson } from '../../../contracts/canonical.js';
import { keyOf } from '../../../contracts/ids.js';
import type { SealDefinition } from '../../../contracts/reports.js';
import type { Localised } from '../../../contracts/types.js';
import { localSecond } from '../../ground/language/time.js';
import type { ReportModel } from '../model/model.js';
import { MODEL_FILE } from '../signed/pdf-signed.js';
import { drawAlike, drawCompanies, gathered } from './companies.js';
import { drawFindings, overviewHeight, summaryOf } from './findings.js';
import { Flow } from './flow.js';
import { qrFrame, qrRoom } from './frame.js';
import { titled } from './parts.js';
import { drawMissing, drawRecords } from './records.js';
import { BRAND, type Element, LEFT, leading, RIGHT, Sheet, SOFT, TOP } from './sheet.js';
import { labels, outsideNote, relations, sentences } from './words.js';

export interface DrawOptions {
  /** By which a reader finds the original, and the address of the page that shows it. */
  readonly code: string;
  readonly url: string;
  /** Name of who signs. */
  readonly signer: string;
  /** Moment of signing, as it is said. */
  readonly at: Date;
  /** Bytes to leave for the signature. */
  readonly room: number;
  readonly seal?: SealDefinition;
}

export interface Drawn {
  /** Not signed yet. */
  readonly bytes: Buffer;
  /** Characters that the font has not, `U+…`: replaced by a sign, named in a note. */
  readonly outside: readonly string[];
}

/** @throws YitongError `bad_value` for a model that is no JSON */
export function draw(model: ReportModel, { code, url, signer, at, room, seal }: DrawOptions): Drawn {
  const qr = qrRoom(url);
  const sheet = new Sheet({
    title: `${model.title.zh} ${model.title.en}`,
    author: model.issuer.zh,
    info: { VerificationCode: code },
    at,
    bottom: qr.bottom,
  });
  // before anything is drawn, so that the note on them can stand anywhere
  sheet.noteAll([model, code, url, signer, seal?.words]);
  const flow = new Flow(sheet);
  const { root } = sheet;
  flow.page();
  titled(flow, model.title);
  facts(flow, root, [
    ...(model.subjects.length === 1 && model.leftOut === undefined ? subjectFacts(model) : []),
    [labels.issuer, model.issuer],
    [labels.issuedAt, { zh: `${localSecond(model.issuedAt)}（北京时间）`, en: '' }],
    [labels.cut, { zh: `${localSecond(model.cut.time)}（北京时间）`, en: '' }],
    [labels.range, { zh: `${model.range.from} 至 ${model.range.to}`, en: '' }],
    [labels.purpose, model.purpose.name],
    [labels.bearer, { zh: model.bearer, en: '' }],
  ]);
  const several = model.subjects.length > 1 || model.leftOut !== undefined;
  const { told, alike } = several ? gathered(model) : { told: [0], alike: [] };
  const number = several ? drawCompanies(flow, root, model) : () => undefined;
  // of many companies, what is missing is told before the first of them
  if (several) drawMissing(flow, root, model);
  const pages = new Map<number, number>();
  told.forEach((subject) => {
    sheet.group(root, 'Sect', (section) => {
      if (several) heading(flow, section, model, subject);
      pages.set(subject, sheet.pageNumber);
      summaryOf(flow, section, model, subject);
      drawFindings(flow, section, model, subject);
      drawRecords(flow, section, model, subject);
    });
  });
  for (const some of alike) {
    sheet.group(root, 'Sect', (section) => {
      const page = drawAlike(flow, section, model, some);
      for (const subject of some) pages.set(subject, page);
    });
  }
  if (!several) drawMissing(flow, root, model);
  sheet.group(root, 'Sect', (section) =>
    notes(flow, section, sheet.outside.size === 0 ? model.notes : [...model.notes, outsideNote([...sheet.outside])]),
  );
  ending(flow, root, model, { code, url, signer });
  signature(flow, root, model, seal);
  number(pages);
  const { title: named, issuer, synthetic } = model;
  qrFrame(sheet, { title: named, issuer, synthetic, code, url, scan: sentences.scan, qr });
  sheet.file(Buffer.from(canonicalJson(model)), {
    name: MODEL_FILE,
    type: 'application/json',
    description: `${model.title.zh}（数据） ${model.title.en} (data)`,
    relationship: 'Data',
    creationDate: at,
    modifiedDate: at,
  } as PDFKit.Mixins.PDFAttachmentOptions);
  sheet.signable(room, at);
  return { bytes: sheet.finish(), outside: [...sheet.outside] };
}

const subjectFacts = ({ subjects: [subject] }: ReportModel): (readonly [Localised, Localised])[] =>
  subject === undefined
    ? []
    : [
        [labels.subject, { zh: subject.name, en: '' }],
        [labels.code, { zh: keyOf(subject.subject), en: '' }],
        [labels.relation, relations[subject.relation]],
      ];

/** Label and value, two pairs a row where they fit. */
export function facts(flow: Flow, parent: Element, pairs: readonly (readonly [Localised, Localised])[]): void {
  const { sheet } = flow;
  const half = (RIGHT - LEFT - 16) / 2;
  const label = 92;
  sheet.group(parent, 'Table', (table) => {
    for (let i = 0; i < pairs.length; i += 2) {
      const row = pairs.slice(i, i + 2);
      const cells = row.map(([, { zh, en }]) => ({
        zh: sheet.lines(zh, half - label, { size: 9.5 }),
        en: en === '' ? [] : sheet.lines(en, half - label, { size: 7 }),
      }));
      const height =
        Math.max(
          leading(9.5) + leading(6.5),
          ...cells.map(({ zh, en }) => zh.length * leading(9.5) + en.length * leading(7)),
        ) + 1;
      flow.need(height);
      sheet.group(table, 'TR', (tr) => {
        row.forEach(([name], n) => {
          const x = LEFT + n * (half + 16);
          sheet.tag(
            tr,
            'TH',
            () => {
              sheet.put(name.zh, x, flow.y, { size: 9, colour: SOFT });
              sheet.put(name.en, x, flow.y + leading(9) - 1, { size: 6.5, colour: SOFT });
            },
            { scope: 'Row' },
          );
          const cell = cells[n];
          sheet.tag(
            tr,
            'TD',
            () => {
              const under = sheet.putLines(cell?.zh ?? [], x + label, flow.y, {
                size: 9.5,
                weight: n === 0 && i === 0 ? 'bold' : 'regular',
              });
              sheet.putLines(cell?.en ?? [], x + label, under, { size: 7, colour: SOFT });
            },
            { columns: row.length === 1 && pairs.length > 1 ? 3 : 1 },
          );
        });
      });
      flow.gap(height);
    }
  });
  flow.gap(4);
}

function heading(flow: Flow, parent: Element, model: ReportModel, index: number): void {
  const subject = model.subjects[index];
  if (subject === undefined) return;
  const of = subject.of === undefined ? undefined : model.subjects[subject.of];
  const relation = relations[subject.relation];
  // heading, counts and table on one page, where a page holds them
  flow.need(Math.min(flow.sheet.bottom - TOP, 50 + overviewHeight(flow.sheet, model)));
  flow.gap(8);
  flow.text(parent, 'H2', `${String(index + 1)}．${subject.name}`, { size: 13, weight: 'bold', colour: BRAND });
  flow.text(
    parent,
    'P',
    `${keyOf(subject.subject)} · ${relation.zh} ${relation.en}${of === undefined ? '' : ` · 所属 of ${of.name}`}`,
    { size: 8, colour: SOFT },
  );
  flow.gap(4);
}

function notes(flow: Flow, parent: Element, all: readonly Localised[]): void {
  flow.heading(parent, labels.notes);
  for (const { zh, en } of all) {
    flow.text(parent, 'P', zh, { size: 9 });
    flow.text(parent, 'P', en, { size: 7, colour: SOFT }, 'en');
    flow.gap(3);
  }
}

function ending(
  flow: Flow,
  parent: Element,
  model: ReportModel,
  { code, url, signer }: { readonly code: string; readonly url: string; readonly signer: string },
): void {
  flow.sheet.group(parent, 'Sect', (section) => {
    flow.heading(section, labels.provenance);
    facts(flow, section, [
      [labels.verifyCode, { zh: code, en: '' }],
      [labels.signedBy, { zh: signer, en: '' }],
      [labels.definition, { zh: model.definition, en: '' }],
      [labels.digest, { zh: model.cut.digest, en: '' }],
      [labels.verifyAt, { zh: url, en: '' }],
    ]);
    flow.text(section, 'P', sentences.attached.zh, { size: 8.5 });
    flow.text(section, 'P', sentences.attached.en, { size: 7, colour: SOFT }, 'en');
  });
}

const SEAL = 104;

/** Who issued it and when, as the last thing that is read, beside the seal where there is one. */
function signature(flow: Flow, parent: Element, model: ReportModel, seal: SealDefinition | undefined): void {
  if (seal === undefined) return;
  const { sheet } = flow;
  const show = sheet.stamp('Seal', seal.image);
  flow.need(SEAL + 34);
  flow.gap(10);
  sheet.group(parent, 'Sect', (section) => {
    const [year = '', month = '', day = ''] = localSecond(model.issuedAt).slice(0, 10).split('-');
    const { y } = flow;
    const left = RIGHT - SEAL;
    const beside = left - 12;
    sheet.tag(section, 'P', () =>
      sheet.putRight(sheet.drawable(model.issuer.zh), beside, y + SEAL / 2 - 18, { size: 10.5 }),
    );
    sheet.tag(section, 'P', () =>
      sheet.putRight(`${year} 年 ${String(Number(month))} 月 ${String(Number(day))} 日`, beside, y + SEAL / 2 + 2, {
        size: 10.5,
      }),
    );
    sheet.tag(section, 'Figure', () => show(left, y, SEAL), {
      alt: `${seal.words.zh} ${seal.words.en}`,
      bbox: [left, y, RIGHT, y + SEAL],
    });
    flow.gap(SEAL + 2);
    for (const [text, size, lang] of [
      [seal.words.zh, 7.5, 'zh-CN'],
      [seal.words.en, 6.5, 'en'],
    ] as const) {
      sheet.tag(
        section,
        'P',
        () => {
          for (const line of sheet.lines(text, RIGHT - LEFT, { size })) {
            sheet.putRight(line, RIGHT, flow.y, { size, colour: SOFT });
            flow.gap(leading(size));
          }
        },
        { lang },
      );
    }
  });
}
