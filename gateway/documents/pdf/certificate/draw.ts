/** The pages of a certificate of proof. */
import type { Localised } from '../../../../contracts/types.js';
import { localSecond } from '../../../ground/language/time.js';
import { type Drawn, facts } from '../draw.js';
import { columnHeads } from '../findings.js';
import { Flow } from '../flow.js';
import { BRAND, type Element, HEIGHT, INK, LEFT, LINE, leading, RIGHT, Sheet, SOFT, WIDTH } from '../sheet.js';
import { outsideNote, pageOf, sentences } from '../words.js';
import type { CertificateModel } from './model.js';
import { ATTACHED, certified, checking, goneWords, labels, notCertified } from './words.js';

export interface CertificateOptions {
  /** Name of who signs. */
  readonly signer: string;
  /** Moment of signing, as it is said. */
  readonly at: Date;
  /** Bytes to leave for the signature. */
  readonly room: number;
}

const BOTTOM = HEIGHT - 52;
const AMBER = '#8a5a00';

export function drawCertificate(model: CertificateModel, { signer, at, room }: CertificateOptions): Drawn {
  const sheet = new Sheet({
    title: `${labels.title.zh} ${labels.title.en}：${model.receipt}`,
    author: signer,
    info: { Subject: model.receipt },
    at,
    bottom: BOTTOM,
  });
  sheet.noteAll([model, signer]);
  const flow = new Flow(sheet);
  const { root } = sheet;
  flow.page();
  flow.text(root, 'H1', labels.title.zh, { size: 22, weight: 'bold' });
  flow.text(root, 'P', labels.title.en, { size: 10.5, colour: SOFT }, 'en');
  flow.gap(4);
  sheet.artifact(() => sheet.rule(LEFT, flow.y, RIGHT, BRAND, 1.4));
  flow.gap(8);
  facts(flow, root, [
    [labels.issuer, model.city],
    [labels.index, { zh: `第 ${String(model.index)} 条（${model.receipt}）`, en: '' }],
    [labels.issuedAt, { zh: `${localSecond(model.issuedAt)}（北京时间）`, en: '' }],
    [labels.signer, { zh: signer, en: '' }],
  ]);
  section(flow, root, labels.certified, (part) => numbered(flow, part, certified(model)));
  section(flow, root, labels.not, (part) => numbered(flow, part, notCertified));
  section(flow, root, labels.entry, (part) => entry(flow, part, model));
  section(flow, root, labels.proof, (part) => proof(flow, part, model));
  section(flow, root, labels.check, (part) =>
    numbered(flow, part, [
      ...checking(model, signer),
      ...(sheet.outside.size === 0 ? [] : [outsideNote([...sheet.outside])]),
    ]),
  );
  frame(sheet, model);
  sheet.file(Buffer.from(model.attached), {
    name: ATTACHED,
    type: 'application/json',
    description: '条目与存证 the entry and its proof',
    relationship: 'Data',
    creationDate: at,
    modifiedDate: at,
  } as PDFKit.Mixins.PDFAttachmentOptions);
  sheet.signable(room, at);
  return { bytes: sheet.finish(), outside: [...sheet.outside] };
}

function section(flow: Flow, parent: Element, title: Localised, draw: (part: Element) => void): void {
  flow.sheet.group(parent, 'Sect', (part) => {
    flow.heading(part, title);
    draw(part);
    flow.gap(4);
  });
}

/** Sentences with their numbers, each kept on one page. */
function numbered(flow: Flow, parent: Element, all: readonly Localised[]): void {
  const { sheet } = flow;
  const indent = LEFT + 20;
  sheet.group(parent, 'L', (list) => {
    for (const [i, { zh, en }] of all.entries()) {
      const chinese = sheet.lines(zh, RIGHT - indent, { size: 9.5 });
      const english = sheet.lines(en, RIGHT - indent, { size: 7.5 });
      const height = chinese.length * leading(9.5) + english.length * leading(7.5) + 5;
      flow.need(height);
      sheet.group(list, 'LI', (item) => {
        sheet.tag(item, 'Lbl', () =>
          sheet.put(`${String(i + 1)}．`, LEFT, flow.y, { size: 9.5, colour: BRAND, weight: 'bold' }),
        );
        sheet.group(item, 'LBody', (body) => {
          sheet.tag(body, 'P', () => sheet.putLines(chinese, indent, flow.y, { size: 9.5 }));
          sheet.tag(
            body,
            'P',
            () => sheet.putLines(english, indent, flow.y + chinese.length * leading(9.5), { size: 7.5, colour: SOFT }),
            { lang: 'en' },
          );
        });
      });
      flow.gap(height);
    }
  });
}

const LABEL = 124;

/** Label and value over the whole width, a line each. */
function rows(flow: Flow, parent: Element, pairs: readonly (readonly [Localised, Localised])[]): void {
  const { sheet } = flow;
  sheet.group(parent, 'Table', (table) => {
    for (const [title, { zh, en }] of pairs) {
      const chinese = sheet.lines(zh, RIGHT - LEFT - LABEL, { size: 9 });
      const english = en === '' ? [] : sheet.lines(en, RIGHT - LEFT - LABEL, { size: 7 });
      const height = Math.max(leading(9), chinese.length * leading(9) + english.length * leading(7)) + 4;
      flow.need(height);
      sheet.group(table, 'TR', (tr) => {
        sheet.tag(
          tr,
          'TH',
          () => {
            sheet.put(title.zh, LEFT, flow.y, { size: 9, colour: SOFT });
            sheet.put(title.en, LEFT + sheet.widthOf(title.zh, { size: 9 }) + 5, flow.y + 2.2, {
              size: 6,
              colour: SOFT,
            });
          },
          { scope: 'Row' },
        );
        sheet.tag(tr, 'TD', () => {
          const under = sheet.putLines(chinese, LEFT + LABEL, flow.y, { size: 9 });
          sheet.putLines(english, LEFT + LABEL, under - 1.5, { size: 7, colour: SOFT });
        });
      });
      flow.gap(height);
      sheet.artifact(() => sheet.rule(LEFT, flow.y - 2, RIGHT, LINE, 0.3));
    }
  });
}

function entry(flow: Flow, parent: Element, model: CertificateModel): void {
  if (model.gone !== undefined) {
    const { zh, en } = goneWords(model.gone);
    flow.text(parent, 'P', zh, { size: 9.5, weight: 'bold', colour: AMBER });
    flow.text(parent, 'P', en, { size: 7.5, colour: SOFT }, 'en');
    flow.gap(5);
  }
  if (model.facts.length === 0) return;
  flow.text(parent, 'P', model.summary.zh, { size: 10.5, weight: 'bold' });
  flow.text(parent, 'P', model.summary.en, { size: 7.5, colour: SOFT }, 'en');
  flow.gap(4);
  rows(flow, parent, model.facts);
  if (model.datasets.length > 0) decision(flow, parent, model);
}

function decision(flow: Flow, parent: Element, { datasets }: CertificateModel): void {
  const { sheet } = flow;
  const x = { name: LEFT, outcome: LEFT + 158, because: LEFT + 214, records: RIGHT };
  flow.gap(6);
  sheet.group(parent, 'Table', (table) => {
    const heads = (): void => {
      columnHeads(sheet, table, flow.y, [
        [labels.dataset, x.name],
        [labels.outcome, x.outcome],
        [labels.because, x.because],
        [labels.records, RIGHT - 62],
      ]);
      sheet.artifact(() => sheet.rule(LEFT, flow.y + 14, RIGHT, INK, 0.7));
      flow.gap(18);
    };
    flow.need(60);
    heads();
    for (const { name, id, outcome, because, records } of datasets) {
      const titles = sheet.lines(name.zh, x.outcome - x.name - 8, { size: 9 });
      const why = sheet.lines(because.zh, RIGHT - 60 - x.because, { size: 9 });
      const english = sheet.lines(because.en, RIGHT - 60 - x.because, { size: 6.5 });
      const height =
        Math.max(titles.length * leading(9) + leading(6.5), why.length * leading(9) + english.length * leading(6.5)) +
        4;
      if (flow.left < height) {
        flow.page();
        heads();
      }
      const { y } = flow;
      sheet.group(table, 'TR', (tr) => {
        sheet.tag(
          tr,
          'TH',
          () =>
            sheet.put(sheet.drawable(id), x.name, sheet.putLines(titles, x.name, y, { size: 9 }) - 1.5, {
              size: 6.5,
              colour: SOFT,
            }),
          { scope: 'Row' },
        );
        sheet.tag(tr, 'TD', () => {
          sheet.put(outcome.zh, x.outcome, y, {
            size: 9,
            weight: 'bold',
            colour: outcome.en === 'denied' ? '#a11f2b' : '#0d6b3f',
          });
          sheet.put(outcome.en, x.outcome, y + leading(9) - 1.5, { size: 6.5, colour: SOFT });
        });
        sheet.tag(tr, 'TD', () =>
          sheet.putLines(english, x.because, sheet.putLines(why, x.because, y, { size: 9 }) - 1.5, {
            size: 6.5,
            colour: SOFT,
          }),
        );
        sheet.tag(tr, 'TD', () => sheet.putRight(records, RIGHT, y, { size: 9 }));
      });
      sheet.artifact(() => sheet.rule(LEFT, y + height - 2, RIGHT, LINE, 0.3));
      flow.gap(height);
    }
  });
}

function proof(
  flow: Flow,
  parent: Element,
  { proof: { commitment, leaf, origin, size, root, vkey, witnesses } }: CertificateModel,
): void {
  const said = (text: string): Localised => ({ zh: text, en: '' });
  rows(flow, parent, [
    ...(commitment === undefined ? [] : [[labels.commitment, said(commitment)] as const]),
    [labels.leaf, said(leaf)],
    [labels.origin, said(origin)],
    [labels.size, said(String(size))],
    [labels.root, said(root)],
    [labels.vkey, said(vkey)],
    ...witnesses.flatMap(({ name, at, vkey: key }, i): (readonly [Localised, Localised])[] => [
      [
        { zh: `${labels.witness.zh} ${String(i + 1)}`, en: labels.witness.en },
        { zh: `${name}，${localSecond(at)}（北京时间）签名`, en: `signed at ${at}` },
      ],
      [labels.key, said(key)],
    ]),
  ]);
}

function frame(sheet: Sheet, model: CertificateModel): void {
  const { start, count } = sheet.bufferedPageRange();
  for (let page = start; page < start + count; page++) {
    sheet.switchToPage(page);
    sheet.artifact(() => {
      const y = 32;
      if (model.synthetic) {
        sheet.rect(0, 0, WIDTH, 20).fill('#fdf0d5');
        const banner = `${sentences.synthetic.zh}   ${sentences.synthetic.en}`;
        sheet.put(banner, (WIDTH - sheet.widthOf(banner, { size: 8, weight: 'bold' })) / 2, 4, {
          size: 8,
          weight: 'bold',
          colour: '#7a4d00',
        });
      }
      sheet.put(`${labels.title.zh} ${labels.title.en}`, LEFT, y, { size: 8.5, weight: 'bold' });
      sheet.putRight(pageOf(page - start + 1, count), RIGHT, y, { size: 8.5 });
      sheet.put(sheet.drawable(model.city.zh), LEFT, y + leading(8.5), { size: 7.5, colour: SOFT });
      sheet.rule(LEFT, y + leading(8.5) + leading(7.5) + 4, RIGHT, LINE);
      sheet.rule(LEFT, BOTTOM + 10, RIGHT, LINE);
      sheet.put(
        sheet.drawable(`日志第 ${String(model.index)} 条 · 回执编号 ${model.receipt} · 附件 ${ATTACHED} 供独立核验`),
        LEFT,
        BOTTOM + 15,
        { size: 7.5, colour: SOFT },
      );
      sheet.put(
        sheet.drawable(
          `Entry ${String(model.index)} of the log ${model.proof.origin}; ${ATTACHED}, attached, proves it without us`,
        ),
        LEFT,
        BOTTOM + 26,
        { size: 6.5, colour: SOFT },
      );
    }, 'Pagination');
  }
}
