/** The part of the TypeScript client: cases of the bundles. */
import { at, queryOf, type SpeakingOptions, speaking, type Wire } from '../../../../contracts/client.js';

type CaseJson = null | boolean | number | string | readonly CaseJson[] | { readonly [key: string]: CaseJson };

export interface CasesQuestion {
  /** Of an authority: `todo` (default) is what waits for it, with what runs out first in front. */
  readonly show?: 'todo' | 'open' | 'closed';
  /** At most 200; default 50. */
  readonly limit?: number;
  /** `next` of an earlier answer. */
  readonly after?: string;
}

export interface CaseAct {
  readonly act:
    | 'save'
    | 'submit'
    | 'withdraw'
    | 'step'
    | 'ask'
    | 'give'
    | 'grant'
    | 'refuse'
    | 'pass'
    | 'settle'
    | 'stop'
    | 'rate'
    | 'answer';
  readonly item?: string;
  readonly step?: string;
  readonly port?: 'identity' | 'signature' | 'payment' | 'post' | 'appointment' | 'video' | 'collect';
  readonly task?: string;
  readonly outcome?: string;
  /** By question; null: not known. */
  readonly answers?: Readonly<Record<string, CaseJson>>;
  /** By element. */
  readonly values?: Readonly<Record<string, CaseJson>>;
  readonly says?: string;
  /** Of the item's own form, that are asked for. */
  readonly fields?: readonly string[];
  /** Requirements that were unknown, and were found to hold. */
  readonly checked?: readonly number[];
  /** Elements that exist from now on. */
  readonly issued?: Readonly<Record<string, CaseJson>>;
  /** Of a rating: 5 very satisfied, 4 satisfied, 3 fairly satisfied, 2 dissatisfied, 1 very dissatisfied. */
  readonly grade?: 1 | 2 | 3 | 4 | 5;
  /** Your own: what comes again with it is done once. */
  readonly key?: string;
}

interface CaseTerm {
  readonly unit: 'working-days' | 'days' | 'on-the-spot';
  readonly due: string;
  readonly provisional: boolean;
  readonly left: number;
  readonly over: boolean;
}

export interface Case {
  readonly id: string;
  readonly bundle: string;
  /** Where the thing is that it is about, if not here. */
  readonly region?: string;
  readonly phase: 'draft' | 'submitted' | 'decided' | 'delivered' | 'withdrawn';
  readonly openedAt: string;
  readonly submittedAt?: string;
  /** Nothing more is done on it, but for tasks. */
  readonly over: boolean;
  readonly subject?: string;
  readonly items: readonly {
    readonly item: string;
    readonly title?: { readonly zh: string; readonly en: string };
    readonly authority: string;
    /** Whose authority it is, where it is done elsewhere. */
    readonly region?: string;
    readonly status:
      | 'waiting'
      | 'held'
      | 'supplement'
      | 'prepared'
      | 'granted'
      | 'refused'
      | 'undone'
      | 'dropped'
      | 'passed';
    readonly since: string;
    readonly term?: CaseTerm;
    readonly applies: 'yes' | 'unknown';
    readonly unknown: readonly number[];
    /** The department's own form, whole. */
    readonly form?: Readonly<Record<string, CaseJson>>;
    readonly asked?: { readonly says: string; readonly fields: readonly string[] };
    readonly given?: string;
    readonly reasons?: string;
    readonly remark?: string;
  }[];
  readonly tasks: readonly {
    readonly task: string;
    readonly owner: string;
    readonly done: boolean;
    readonly term: CaseTerm;
  }[];
  readonly steps: readonly { readonly step: string; readonly done: readonly string[] }[];
  /** What it has come to so far. */
  readonly outcomes: readonly {
    readonly outcome: string;
    readonly kind: 'done' | 'refused' | 'withdrawn';
    readonly title: { readonly zh: string; readonly en: string };
    /** That was refused. */
    readonly item?: string;
    readonly stands: readonly string[];
    readonly undone: readonly string[];
    /** What its owner has to do. */
    readonly task?: { readonly zh: string; readonly en: string };
    /** What who applies can do. */
    readonly offers: readonly { readonly zh: string; readonly en: string }[];
  }[];
  /** How who applied found it; the words are for them and who leads, a low one is answered within `term`. */
  readonly rating?: {
    readonly grade: 1 | 2 | 3 | 4 | 5;
    readonly at: string;
    readonly says?: string;
    readonly term?: CaseTerm;
    readonly answer?: string;
    readonly answeredAt?: string;
  };
  /** What you may do now. */
  readonly acts: readonly {
    readonly act: string;
    readonly item?: string;
    readonly task?: string;
    readonly step?: string;
    readonly port?: string;
    readonly outcome?: string;
  }[];
  readonly answers?: Readonly<Record<string, CaseJson>>;
  readonly values?: Readonly<Record<string, CaseJson>>;
}

export interface CaseFormAnswer {
  readonly fields: readonly {
    readonly element: string;
    readonly title: { readonly zh: string; readonly en: string };
    readonly schema: Readonly<Record<string, CaseJson>>;
    readonly required: boolean;
    readonly from: 'identity' | 'register' | 'issued' | 'question' | 'asked';
    readonly value?: CaseJson;
    readonly dataset?: string;
    readonly sourceTime?: string;
  }[];
  readonly questions: readonly string[];
  /** All that is lacking before it can be submitted. */
  readonly missing: readonly {
    readonly what: 'question' | 'value' | 'invalid' | 'conflict' | 'away' | 'material';
    readonly name: string;
    readonly registers?: readonly string[];
    /** Of a conflict, by register. */
    readonly said?: readonly { readonly dataset: string; readonly value: CaseJson }[];
    readonly outcome?: string;
  }[];
  readonly obstacles: readonly {
    readonly item: string;
    readonly says: { readonly zh: string; readonly en: string };
    readonly basis: readonly string[];
    readonly state: 'no' | 'unknown';
    readonly owners: readonly string[];
  }[];
}

/** What happened, without what was written with it. */
export interface CaseEventLine {
  readonly number: number;
  readonly at: string;
  readonly act: string;
  /** `applicant`, or an authority. */
  readonly by: string;
  readonly item?: string;
  readonly step?: string;
  readonly port?: string;
  readonly task?: string;
  readonly outcome?: string;
}

export interface CaseMaterial {
  readonly material: string;
  readonly title: { readonly zh: string; readonly en: string };
  /** Registers say it and nothing is handed in; made of a template and the one form; what no register has. */
  readonly kind: 'data' | 'made' | 'upload';
  /** Items of the case that take it. */
  readonly items: readonly string[];
  readonly needed: 'yes' | 'unknown';
  /** `changed`: since it was signed, and so it has to be signed again. */
  readonly state: 'draft' | 'signed' | 'changed' | 'filed' | 'missing' | 'given' | 'said';
  /** Absent where there is nothing to open. */
  readonly type?: 'application/pdf' | 'image/jpeg' | 'image/png';
  /** Bytes of an upload. */
  readonly size?: number;
  /** SHA-256, base64url: of an upload's bytes; of a paper that is made of what is signed. */
  readonly digest?: string;
  readonly registers?: readonly {
    readonly dataset: string;
    readonly name: { readonly zh: string; readonly en: string };
  }[];
  /** Other materials that stand in it. */
  readonly parts?: readonly { readonly zh: string; readonly en: string }[];
  /** You may upload it now. */
  readonly mayPut: boolean;
}

export interface CasesMethods {
  /** Cases that wait for the client's authority; with `as` those of that subject. */
  cases(
    question?: CasesQuestion,
    options?: SpeakingOptions,
  ): Promise<{ readonly cases: readonly Case[]; readonly next?: string }>;
  /** Opens a draft for the subject in `as`. @throws GatewayError `not_found`, `act_refused` */
  openCase(
    body: { readonly bundle: string; readonly region?: string; readonly key?: string },
    options?: SpeakingOptions,
  ): Promise<Case>;
  oneCase(id: string, options?: SpeakingOptions): Promise<Case>;
  /** Of a draft: what registers fill in, what is missing, what stands in the way. */
  caseForm(id: string, options?: SpeakingOptions): Promise<CaseFormAnswer>;
  /** Does one of its `acts`. @throws GatewayError `act_refused`, `act_incomplete`, `bad_answers`, `ticket_moved` */
  actOnCase(id: string, body: CaseAct, options?: SpeakingOptions): Promise<Case>;
  /** What it needs in papers, and how each stands; of an authority what its items take. */
  caseMaterials(id: string, options?: SpeakingOptions): Promise<readonly CaseMaterial[]>;
  /** A paper that is made as PDF, an upload as it was sent. @throws GatewayError `not_found` */
  caseMaterial(id: string, material: string, options?: SpeakingOptions): Promise<Buffer>;
  /**
   * Uploads a PDF, JPEG or PNG. The same bytes again change nothing; a draft has to be signed again.
   * @throws GatewayError `file_type`, `file_too_large`, `file_damaged`, `file_active`, `file_encrypted`,
   * `image_too_large`, `act_refused`
   */
  putCaseMaterial(id: string, material: string, file: Uint8Array, options?: SpeakingOptions): Promise<CaseMaterial>;
  /** From after that event on. */
  caseEvents(id: string, after?: number, options?: SpeakingOptions): Promise<readonly CaseEventLine[]>;
}

export const casesMethods = (wire: Wire): CasesMethods => ({
  cases: (question = {}, call) => wire.get(`/v1/cases${queryOf({ ...question })}`, call, speaking(call)),
  openCase: (body, call) => wire.ask({ method: 'POST', path: '/v1/cases', body, headers: speaking(call) }, call),
  oneCase: (id, call) => wire.get(at('v1', 'cases', id), call, speaking(call)),
  caseForm: (id, call) => wire.get(at('v1', 'cases', id, 'form'), call, speaking(call)),
  actOnCase: (id, body, call) =>
    wire.ask({ method: 'POST', path: at('v1', 'cases', id), body, headers: speaking(call) }, call),
  async caseMaterials(id, call) {
    const path = at('v1', 'cases', id, 'materials');
    return (await wire.get<{ materials: readonly CaseMaterial[] }>(path, call, speaking(call))).materials;
  },
  caseMaterial: (id, material, call) =>
    wire.bytes({ method: 'GET', path: at('v1', 'cases', id, 'materials', material), headers: speaking(call) }, call),
  putCaseMaterial: (id, material, file, call) =>
    wire.ask(
      { method: 'PUT', path: at('v1', 'cases', id, 'materials', material), body: file, headers: speaking(call) },
      call,
    ),
  async caseEvents(id, after, call) {
    const path = `${at('v1', 'cases', id, 'events')}${queryOf({ after })}`;
    const bytes = await wire.bytes({ method: 'GET', path, headers: speaking(call) }, call);
    const lines = bytes.toString('utf8').split('\n');
    return lines.flatMap((line) => (line === '' ? [] : [JSON.parse(line) as CaseEventLine]));
  },
});
