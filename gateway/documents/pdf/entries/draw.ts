/** The pages of a list of entries: cover, table, and what proves them. */
import type { Localised } from '../../../../contracts/types.js';
import { localSecond } from '../../../ground/language/time.js';
import { labels as proofLabels } from '../certificate/words.js';
import { type Drawn, facts } from '../draw.js';
import { Flow } from '../flow.js';
import { FOOT, footFrame } from '../frame.js';
import { numbered, rows, section, titled } from '../parts.js';
import { type Colour, type Element, INK, LEFT, LINE, leading, RIGHT, Sheet, SOFT, TOP } from '../sheet.js';
import { outsideNote } from '../words.js';
import type { EntriesModel } from './model.js';
import { ATTACHED, checking, claims, labels, nothing, titles, unsigned } from './words.js';

export interface EntriesOptions {
  /** Of who signs: the name, and bytes to leave for the signature; absent where nobody does. */
  readonly signed?: { readonly signer: string; readonly room: number };
}

export function drawEntries(model: EntriesModel, { signed }: EntriesOptions): Drawn {
  const { kind, city, synthetic, issuedAt, by, asked, checkpoint } = model;
  const title = titles[kind];
  const at = new Date(issuedAt);
  const sheet = new Sheet({
    title: `${title.zh} ${title.en}`,
    author: signed?.signer ?? city.zh,
    info: {},
    at,
    bottom: FOOT,
  });
  // what is attached is not drawn
  sheet.noteAll([city, by, asked, model.rows, checkpoint, signed?.signer]);
  const flow = new Flow(sheet);
  const { root } = sheet;
  flow.page();
  titled(flow, title);
  facts(flow, root, cover(model, signed?.signer));
  section(flow, root, kind === 'search' ? labels.asked : labels.drawn, (part) =>
    rows(
      flow,
      part,
      asked.map(([name, value]) => [name, plain(value)]),
    ),
  );
  section(flow, root, labels.entries, (part) => table(flow, part, model));
  section(flow, root, labels.claims, (part) => numbered(flow, part, claims(model)));
  if (checkpoint !== undefined) section(flow, root, labels.proof, (part) => proof(flow, part, model, checkpoint));
  section(flow, root, labels.check, (part) =>
    numbered(flow, part, [
      ...checking(model, signed?.signer),
      ...(sheet.outside.size === 0 ? [] : [outsideNote([...sheet.outside])]),
    ]),
  );
  footFrame(sheet, {
    title,
    issuer: city,
    synthetic,
    foot: {
      zh: `共 ${String(model.rows.length)} 条 · ${by}出具于 ${localSecond(issuedAt)}（北京时间） · 附件 ${ATTACHED} 供独立核验`,
      en: `${String(model.rows.length)} entries; ${ATTACHED}, attached, proves each without us`,
    },
  });
  if (model.rows.length > 0)
    sheet.file(Buffer.from(model.attached), {
      name: ATTACHED,
      type: 'application/x-ndjson',
      description: '记录原文与存证 the entries and what proves them',
      relationship: 'Data',
      creationDate: at,
      modifiedDate: at,
    } as PDFKit.Mixins.PDFAttachmentOptions);
  if (signed !== undefined) sheet.signable(signed.room, at);
  return { bytes: sheet.finish(), outside: [...sheet.outside] };
}

const plain = (text: string): Localised => ({ zh: text, en: '' });

function cover(
  { kind, city, by, issuedAt, rows: all, checkpoint }: EntriesModel,
  signer: string | undefined,
): readonly (readonly [Localised, Localised])[] {
  const times = all.map(({ time }) => time).sort();
  const [first, last] = [times[0], times.at(-1)];
  return [
    [labels.count, plain(`${String(all.length)} 条`)],
    [kind === 'search' ? labels.by : labels.maker, plain(by)],
    [labels.at, plain(`${localSecond(issuedAt)}（北京时间）`)],
    [labels.city, city],
    ...(first === undefined || last === undefined ? [] : [[labels.span, plain(`${first} 至 ${last}`)] as const]),
    ...(checkpoint === undefined
      ? []
      : [
          [
            { zh: '日志检查点', en: 'Checkpoint' },
            {
              zh: `覆盖公开日志 ${String(checkpoint.size)} 条，${String(checkpoint.witnesses.length)} 个见证方联署`,
              en: `over ${String(checkpoint.size)} entries, cosigned by ${String(checkpoint.witnesses.length)}`,
            },
          ] as const,
        ]),
    [labels.signer, signer === undefined ? unsigned : plain(signer)],
  ];
}

const SIZE = 7.5;
const STEP = leading(SIZE);
/** Below a row. */
const PAD = 5;
const HEAD = leading(8) + leading(6) + 4;
/** Lines of a row that stand together where it goes over pages. */
const TOGETHER = 6;

const COLUMNS = [
  { title: labels.entry, width: 62 },
  { title: labels.system, width: 94 },
  { title: labels.purpose, width: 66 },
  { title: labels.basis, width: 126 },
  { title: labels.datasets, width: 84 },
  { title: labels.outcome, width: RIGHT - LEFT - 432 },
] as const;
const X = COLUMNS.map((_, i) => LEFT + COLUMNS.slice(0, i).reduce((sum, { width }) => sum + width, 0));

interface Line {
  readonly text: string;
  readonly colour: Colour;
  readonly bold: boolean;
}

function table(flow: Flow, parent: Element, { rows: all }: EntriesModel): void {
  if (all.length === 0) {
    flow.text(parent, 'P', nothing.zh, { size: 9.5 });
    flow.text(parent, 'P', nothing.en, { size: 7, colour: SOFT }, 'en');
    return;
  }
  flow.sheet.group(parent, 'Table', (drawn) => {
    flow.need(HEAD + TOGETHER * STEP);
    heads(flow, drawn);
    for (const row of all) entryRow(flow, drawn, cellsOf(flow.sheet, row));
  });
}

function heads(flow: Flow, parent: Element): void {
  const { sheet } = flow;
  const { y } = flow;
  sheet.group(parent, 'TR', (tr) => {
    for (const [i, { title }] of COLUMNS.entries())
      sheet.tag(
        tr,
        'TH',
        () => {
          sheet.put(title.zh, X[i] ?? LEFT, y, { size: 8, colour: SOFT });
          sheet.put(title.en, X[i] ?? LEFT, y + leading(8) - 1, { size: 6, colour: SOFT });
        },
        { scope: 'Column' },
      );
  });
  flow.gap(HEAD);
  sheet.artifact(() => sheet.rule(LEFT, flow.y - 3, RIGHT, INK, 0.7));
}

function cellsOf(sheet: Sheet, row: EntriesModel['rows'][number]): readonly (readonly Line[])[] {
  const lines = (column: number, texts: readonly string[], colour: Colour = INK, bold = false): readonly Line[] => {
    const width = (COLUMNS[column]?.width ?? 0) - 6;
    const said = texts.filter((text) => text !== '');
    return (said.length === 0 ? ['–'] : said).flatMap((text) =>
      sheet
        .lines(text, width, { size: SIZE, weight: bold ? 'bold' : 'regular' })
        .map((line) => ({ text: line, colour, bold })),
    );
  };
  return [
    [...lines(0, [`#${String(row.index)}`], INK, true), ...lines(0, row.time.split(' '), SOFT)],
    [...lines(1, [row.system]), ...(row.department === '' ? [] : lines(1, [row.department], SOFT))],
    lines(2, [row.purpose]),
    lines(3, row.bases),
    lines(4, row.datasets),
    lines(5, row.outcome),
  ];
}

/** Whole where a page holds it; one that is longer goes over pages. */
function entryRow(flow: Flow, parent: Element, cells: readonly (readonly Line[])[]): void {
  const { sheet } = flow;
  const height = Math.max(...cells.map(({ length }) => length));
  const turn = (): void => {
    flow.page();
    heads(flow, parent);
  };
  const whole = height * STEP + PAD;
  if (whole > flow.left && whole <= sheet.bottom - TOP - HEAD) turn();
  for (let at = 0; at < height; ) {
    if (flow.left < Math.min(height - at, TOGETHER) * STEP + PAD) turn();
    const some = Math.min(height - at, Math.floor((flow.left - PAD) / STEP));
    const [from, { y }] = [at, flow];
    sheet.group(parent, 'TR', (tr) => {
      for (const [i, cell] of cells.entries())
        sheet.tag(
          tr,
          i === 0 ? 'TH' : 'TD',
          () => {
            for (const [n, { text, colour, bold }] of cell.slice(from, from + some).entries())
              sheet.put(text, X[i] ?? LEFT, y + n * STEP, { size: SIZE, colour, weight: bold ? 'bold' : 'regular' });
          },
          i === 0 ? { scope: 'Row' } : {},
        );
    });
    at += some;
    flow.gap(some * STEP + PAD);
    sheet.artifact(() => sheet.rule(LEFT, flow.y - 3, RIGHT, LINE, 0.3));
  }
}

function proof(
  flow: Flow,
  parent: Element,
  { rows: all, digest }: EntriesModel,
  { origin, size, root, vkey, witnesses }: NonNullable<EntriesModel['checkpoint']>,
): void {
  rows(flow, parent, [
    [proofLabels.origin, plain(origin)],
    [proofLabels.size, plain(String(size))],
    [proofLabels.root, plain(root)],
    [proofLabels.vkey, plain(vkey)],
    ...witnesses.map(({ name, at }, i): readonly [Localised, Localised] => [
      { zh: `${proofLabels.witness.zh} ${String(i + 1)}`, en: proofLabels.witness.en },
      { zh: `${name}，${localSecond(at)}（北京时间）签名`, en: `signed at ${at}` },
    ]),
    ...(all.length === 0
      ? []
      : [
          [labels.file, plain(ATTACHED)] as const,
          [labels.digest, { zh: digest, en: 'SHA-256 of the attached file, hexadecimal' }] as const,
        ]),
  ]);
}
