/**
 * Documents about sharing itself: what a sharing authority reports to the government of its level (政务数据共享条例
 * Art.38(2)), and how it evaluates departments (上海市数据条例 Art.36(2)). The figures are computed when it is drafted and
 * stand in it from then on: what was approved is what is signed.
 */
import { hash } from 'node:crypto';
import { canonicalJson } from '../../../../contracts/canonical.js';
import { YitongError } from '../../../../contracts/errors.js';
import { WHOLE } from '../../../../contracts/lifecycle/matter.js';
import { present } from '../../../../contracts/present.js';
import type { SharingPlaces } from '../../../../contracts/sharing-places.js';
import type { Localised, Workspace } from '../../../../contracts/types.js';
import { shape } from '../../../../contracts/validate.js';
import { codeHash, newCode } from '../../../ground/identity/lookup-code.js';
import { asJson } from '../../../ground/state/as-json.js';
import type { Json, State } from '../../../ground/state/port.js';
import type { FiguresOf } from '../shown.js';
import type { SharingStatistics } from '../statistics/index.js';
import { boundsOf, type Period, periodOf } from '../statistics/period.js';
import { MatterStore, type StoredMatter } from '../store.js';
import type { MatterRules } from '../types.js';

const PAPER_MACHINES = ['supervision-report', 'evaluation'] as const;
export type PaperMachine = (typeof PAPER_MACHINES)[number];
export const isPaper = (machine: string): machine is PaperMachine =>
  (PAPER_MACHINES as readonly string[]).includes(machine);

export const GRADES = ['excellent', 'good', 'passing', 'failing'] as const;
export type Grade = (typeof GRADES)[number];

/** What the drafter writes. */
interface PaperDraft extends Period {
  readonly findings: string;
  readonly measures: string;
  /** Of an evaluation: a grade for each department that it evaluates, with why. */
  readonly grades?: readonly { readonly authority: string; readonly grade: Grade; readonly reason: string }[];
}

/** What is signed. */
export interface SharingPaper extends PaperDraft {
  readonly statistics: SharingStatistics;
  /** Of authorities and datasets, as they were called. */
  readonly names: Readonly<Record<string, Localised>>;
  readonly synthetic: boolean;
}

/** Of one that was approved. */
export interface SignedPaper {
  readonly matter: string;
  readonly machine: PaperMachine;
  /** By which whoever holds it finds it; it stands on the document. */
  readonly code: string;
  /** ISO 8601 UTC, when it was approved. */
  readonly at: string;
  /** Receipt of the entry by which it was. */
  readonly entry: string;
  /** SHA-256 (base64url) over the canonical JSON of what was approved. */
  readonly digest: string;
}

interface PaperNeeds {
  readonly workspace: Pick<Workspace, 'authorities' | 'contracts' | 'synthetic'>;
  readonly places: SharingPlaces | undefined;
  readonly statistics: (whose: FiguresOf, period: Period) => Promise<SharingStatistics>;
}

const KIND = 'sharing-paper';
const words = { type: 'string', minLength: 4, maxLength: 4000, pattern: '\\S' };
const word = { type: 'string', minLength: 1, maxLength: 200 };
const day = { type: 'string', format: 'date' };
const check = shape<PaperDraft>(
  {
    type: 'object',
    additionalProperties: false,
    required: ['from', 'to', 'findings', 'measures'],
    properties: {
      from: day,
      to: day,
      findings: words,
      measures: words,
      grades: {
        type: 'array',
        maxItems: 500,
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['authority', 'grade', 'reason'],
          properties: { authority: word, grade: { enum: GRADES }, reason: { ...words, maxLength: 500 } },
        },
      },
    },
  },
  'act_incomplete',
);
const incomplete = (what: string): never => {
  throw new YitongError('act_incomplete', what);
};

/** Every department has a grade, once; a report to the government gives none. */
function checkGrades(machine: string, { grades = [] }: PaperDraft, { departments }: SharingStatistics): void {
  if (machine !== 'evaluation') {
    if (grades.length > 0) incomplete('only an evaluation has `grades`');
    return;
  }
  const own = departments.map(({ authority }) => authority);
  const given = grades.map(({ authority }) => authority);
  const missing = own.filter((one) => !given.includes(one));
  if (missing.length > 0) incomplete(`\`grades\` lacks: ${missing.join(', ')}`);
  if (given.length !== own.length || new Set(given).size !== own.length)
    incomplete('`grades` names each department of the period once, and no other');
}

function namesIn(
  { workspace, places }: PaperNeeds,
  { departments, authority }: SharingStatistics,
  government: string,
): SharingPaper['names'] {
  const named = (id: string): Localised =>
    workspace.authorities.get(id as never)?.name ?? places?.bodies[id] ?? { zh: '未登记的单位', en: id };
  const datasets = departments.flatMap((one) => one.datasets.map(({ dataset }) => dataset));
  return Object.fromEntries([
    ...[authority, government, ...departments.map((one) => one.authority)].map((id) => [id, named(id)]),
    ...datasets.map((id) => [id, workspace.contracts.get(id as never)?.name ?? { zh: '已停用的数据集', en: id }]),
  ]) as SharingPaper['names'];
}

const digestOf = (paper: Json): string => hash('sha256', canonicalJson(paper), 'base64url');

export const paperRules = (needs: PaperNeeds): MatterRules => ({
  contents: {
    'of-period': async (given, { head, lifecycle, now }) => {
      const draft = check(given, { file: 'content' });
      const { from, to } = periodOf({ from: draft.from, to: draft.to }, now);
      if (boundsOf({ from, to }).end > now)
        throw new YitongError('act_refused', 'the period is not over: its figures would still change');
      const authority = head.sides[WHOLE]?.authority ?? '';
      const area = Object.values(needs.places?.areas ?? {}).find((one) => one.authority === authority);
      if (area === undefined)
        throw new YitongError('act_refused', 'only who looks after sharing in an area reports on it');
      const statistics = await needs.statistics({ authority, level: true }, { from, to });
      checkGrades(lifecycle.id, draft, statistics);
      const paper: SharingPaper = {
        ...draft,
        statistics,
        names: namesIn(needs, statistics, area.government),
        synthetic: needs.workspace.synthetic,
      };
      return {
        content: asJson(paper),
        sides: { [WHOLE]: { authority, government: area.government } },
        about: [`authority/${authority}`],
      };
    },
  },
  guards: {},
  effects: {
    sign: ({ head, contents, event }, entry) => {
      const paper = contents['of-period'];
      if (paper === undefined || !isPaper(head.machine))
        throw new YitongError('act_refused', 'there is nothing that could be signed');
      const code = newCode();
      const signed: SignedPaper = {
        matter: head.id,
        machine: head.machine,
        code,
        at: new Date(event.at).toISOString(),
        entry,
        digest: digestOf(paper),
      };
      return [{ do: 'put', kind: KIND, id: head.id, links: [`code/${codeHash(code) ?? ''}`], body: asJson(signed) }];
    },
  },
});

/** Undefined: it was not approved. */
export async function signedPaper(state: Pick<State, 'document'>, matter: string): Promise<SignedPaper | undefined> {
  return (await state.document(KIND, matter))?.body as unknown as SignedPaper | undefined;
}

export interface FoundPaper {
  readonly signed: SignedPaper;
  readonly paper: SharingPaper;
  readonly government: string;
  /** When it was revoked, ISO 8601 UTC. */
  readonly revokedAt?: string;
}

/** What a matter holds of a document; undefined where that is not what was signed. */
export function paperIn(
  { head, state, contents, at }: Pick<StoredMatter, 'head' | 'state' | 'contents' | 'at'>,
  signed: SignedPaper | undefined,
): FoundPaper | undefined {
  const paper = contents['of-period'];
  if (signed === undefined || paper === undefined || digestOf(paper) !== signed.digest) return undefined;
  const revoked = state.parts[WHOLE]?.state === 'revoked';
  return {
    signed,
    paper: paper as unknown as SharingPaper,
    government: head.sides[WHOLE]?.government ?? '',
    ...present({ revokedAt: revoked ? new Date(at).toISOString() : undefined }),
  };
}

/** For whoever holds the code. */
export async function paperByCode(state: State, code: string): Promise<FoundPaper | undefined> {
  const key = codeHash(code);
  if (key === undefined) return undefined;
  const { documents } = await state.documents(KIND, { link: `code/${key}`, limit: 1 });
  const signed = documents[0]?.body as unknown as SignedPaper | undefined;
  const stored = signed === undefined ? undefined : await new MatterStore(state).find(signed.matter);
  return stored === undefined ? undefined : paperIn(stored, signed);
}
