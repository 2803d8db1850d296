/** The pages of a certificate of proof. */
import type { Localised } from '../../../../contracts/types.js';
import { localSecond } from '../../../ground/language/time.js';
import { type Drawn, facts } from '../draw.js';
import { columnHeads } from '../findings.js';
import { Flow } from '../flow.js';
import { FOOT, footFrame } from '../frame.js';
import { numbered, rows, section } from '../parts.js';
import { BRAND, type Element, INK, LEFT, LINE, leading, RIGHT, Sheet, SOFT } from '../sheet.js';
import { outsideNote } from '../words.js';
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

const AMBER = '#8a5a00';

export function drawCertificate(model: CertificateModel, { signer, at, room }: CertificateOptions): Drawn {
  const sheet = new Sheet({
    title: `${labels.title.zh} ${labels.title.en}：${model.receipt}`,
    author: signer,
    info: { Subject: model.receipt },
    at,
    bottom: FOOT,
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
  footFrame(sheet, {
    title: { zh: `${labels.title.zh} ${labels.title.en}`, en: '' },
    issuer: model.city,
    synthetic: model.synthetic,
    foot: {
      zh: `日志第 ${String(model.index)} 条 · 回执编号 ${model.receipt} · 附件 ${ATTACHED} 供独立核验`,
      en: `Entry ${String(model.index)} of the log ${model.proof.origin}; ${ATTACHED}, attached, proves it without us`,
    },
  });
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
