/** Materials of a case: what it needs in papers, how each stands, and what of it whom is shown. Pure. */
import type { Localised } from '../../../contracts/localised.js';
import { present } from '../../../contracts/present.js';
import type { FileType } from '../materials/inspect/index.js';
import {
  type Attached,
  type FormBlock,
  hasForm,
  type MadeValue,
  type NeededMaterial,
  type Papers,
  paperDigest,
  type Span,
  valuesIn,
} from '../materials/made.js';
import type { CaseContents, Signed } from './contents.js';
import type { Missing } from './form.js';
import type { CaseState } from './machine.js';

/** Of one that is made: not signed yet, signed, signed and changed since, filed. Of an upload: whether it is there. */
export type MaterialState = 'draft' | 'signed' | 'changed' | 'filed' | 'missing' | 'given' | 'said';

export interface MaterialLine {
  readonly material: string;
  readonly title: Localised;
  /** `data`: registers say it, and nothing is handed in. */
  readonly kind: 'data' | 'made' | 'upload';
  /** Items of the case that take it. */
  readonly items: readonly string[];
  /** `unknown` until more is answered. */
  readonly needed: 'yes' | 'unknown';
  readonly state: MaterialState;
  /** What it is when it is opened; absent where there is nothing to open. */
  readonly type?: FileType;
  /** Bytes; of an upload. */
  readonly size?: number;
  /** SHA-256, base64url: of an upload's bytes; of one that is made what was or is to be signed. */
  readonly digest?: string;
  /** Of `data`. */
  readonly registers?: readonly { readonly dataset: string; readonly name: Localised }[];
  /** Other materials that stand in this one. */
  readonly parts?: readonly Localised[];
  /** Whether who asks may upload it now. */
  readonly mayPut: boolean;
}

/** A paper as it is drawn. */
export interface PaperDocument {
  /** Id of the case. */
  readonly case: string;
  readonly bundle: Localised;
  readonly title: Localised;
  /** The title of the text. */
  readonly heading: string;
  readonly blocks: readonly ({ readonly block: 'heading' | 'text'; readonly text: string } | FormBlock)[];
  readonly values: readonly MadeValue[];
  /** Values that stand in the whole, and not in what this authority is shown. */
  readonly hidden: number;
  /** A paper with the form names what is attached to it. */
  readonly attached: readonly (Attached & { readonly title: Localised })[];
  readonly parts: readonly Localised[];
  readonly state: MaterialState;
  readonly digest: string;
  readonly signed?: { readonly at: string; readonly receipt: string };
  readonly filedAt?: string;
}

/** Who looks: undefined for who applies, else the items of an authority. */
type Own = readonly string[] | undefined;

const attachedOf = ({ uploads }: Pick<CaseContents, 'uploads'>): readonly Attached[] =>
  Object.entries(uploads).map(([material, { type, size, digest }]) => ({ material, type, size, digest }));

/** Digests of all papers that are made, by material: what is signed. */
export const digestsOf = (
  { materials, values }: Papers,
  contents: Pick<CaseContents, 'uploads'>,
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    materials.flatMap((needed) =>
      needed.paper === undefined ? [] : [[needed.material, paperDigest(needed, values, attachedOf(contents))]],
    ),
  );

/** Papers that are others than those that were signed, or were not signed. */
export const changedSince = (
  digests: Readonly<Record<string, string>>,
  { digests: signed }: Signed,
): readonly string[] => Object.keys(digests).filter((material) => digests[material] !== signed[material]);

/** Uploads that have to be there before it is submitted. */
export const lackingUploads = ({ materials }: Papers, { uploads }: Pick<CaseContents, 'uploads'>): readonly Missing[] =>
  materials.flatMap(({ material, kind, needed }): Missing[] =>
    kind === 'upload' && needed === 'yes' && !Object.hasOwn(uploads, material)
      ? [{ what: 'material', name: material }]
      : [],
  );

const mayPut = ({ kind, items: takes }: NeededMaterial, { phase, items }: CaseState): boolean =>
  kind === 'upload' && (phase === 'draft' || takes.some((item) => items[item]?.status === 'supplement'));

export const takes = ({ items }: NeededMaterial, own: Own): boolean =>
  own === undefined || items.some((item) => own.includes(item));

function stateOf(
  { material, kind }: NeededMaterial,
  digest: string | undefined,
  contents: CaseContents,
  filed: boolean,
) {
  if (kind === 'data') return 'said';
  if (kind === 'upload') return Object.hasOwn(contents.uploads, material) ? 'given' : 'missing';
  if (filed) return 'filed';
  const { signed } = contents;
  return signed === undefined ? 'draft' : signed.digests[material] === digest ? 'signed' : 'changed';
}

export function linesOf(papers: Papers, contents: CaseContents, state: CaseState, own: Own): readonly MaterialLine[] {
  const digests = digestsOf(papers, contents);
  const filed = contents.papers !== undefined;
  return papers.materials
    .filter((needed) => takes(needed, own))
    .map((needed): MaterialLine => {
      const { material, title, kind, items, needed: whether, registers, paper } = needed;
      const upload = Object.hasOwn(contents.uploads, material) ? contents.uploads[material] : undefined;
      const digest = filed ? (contents.signed?.digests[material] ?? digests[material]) : digests[material];
      return {
        material,
        title,
        kind,
        items: own === undefined ? items : items.filter((item) => own.includes(item)),
        needed: whether,
        state: stateOf(needed, digest, contents, filed),
        ...present({
          type: upload?.type ?? (paper === undefined ? undefined : 'application/pdf'),
          size: upload?.size,
          digest: upload?.digest ?? digest,
          registers,
          parts: paper === undefined || paper.parts.length === 0 ? undefined : paper.parts,
        }),
        mayPut: own === undefined && mayPut(needed, state),
      };
    });
}

const NOT_WRITTEN = '（未填写）';
const NOT_SHOWN = '（与本部门事项无关，未显示）';

/**
 * @param own items of the authority that looks: of what its forms do not hold it is shown that it is there, no more
 */
export function documentOf(
  {
    id,
    bundle,
    papers,
    needed,
  }: { readonly id: string; readonly bundle: Localised; readonly papers: Papers; readonly needed: NeededMaterial },
  contents: CaseContents,
  state: CaseState,
  own: Own,
): PaperDocument | undefined {
  const { paper, material, title } = needed;
  if (paper === undefined) return undefined;
  const all = valuesIn(paper, papers.values);
  const inForms =
    own === undefined ? undefined : new Set(own.flatMap((item) => Object.values(contents.layout[item] ?? {})));
  const shown = inForms === undefined ? all : all.filter(({ element }) => inForms.has(element));
  const texts = new Map(papers.values.map(({ element, text }) => [element, text?.zh]));
  const plain = (spans: readonly Span[]): string =>
    spans
      .map((span) =>
        typeof span === 'string'
          ? span
          : inForms?.has(span.element) === false
            ? NOT_SHOWN
            : (texts.get(span.element) ?? NOT_WRITTEN),
      )
      .join('');
  const filed = contents.papers !== undefined;
  const now = digestsOf(papers, contents)[material] ?? '';
  const digest = filed ? (contents.signed?.digests[material] ?? now) : now;
  const { signed } = contents;
  const titles = new Map(papers.materials.map((one) => [one.material, one.title]));
  return {
    case: id,
    bundle,
    title,
    heading: plain(paper.title),
    blocks: paper.blocks.map((one) => (one.block === 'form' ? one : { block: one.block, text: plain(one.spans) })),
    values: shown,
    hidden: all.length - shown.length,
    attached: hasForm(paper)
      ? attachedOf(contents)
          .filter((one) => papers.materials.some((other) => other.material === one.material && takes(other, own)))
          .map((one) => ({ ...one, title: titles.get(one.material) ?? { zh: one.material, en: one.material } }))
      : [],
    parts: paper.parts,
    state: stateOf(needed, digest, contents, filed),
    digest,
    ...(signed === undefined ? {} : { signed: { at: new Date(signed.at).toISOString(), receipt: signed.receipt } }),
    ...(state.submittedAt === undefined ? {} : { filedAt: new Date(state.submittedAt).toISOString() }),
  };
}
