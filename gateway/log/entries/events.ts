/** What the audit log records, as docs/audit-events.md says it: that page is made from here. */
import { YitongError } from '../../../contracts/errors.js';
import type { Localised } from '../../../contracts/types.js';
import { type ActionName, actionTable, type LookName, lookTable } from './actions.js';
import {
  type ComplianceStepName,
  type GapName,
  type RegionStepName,
  regionSteps,
  type SignInOutcome,
  type Verdict,
} from './outcomes.js';

/** Stands in an entry's clear part for what a client made up: free text may name somebody. */
export const UNKNOWN = '(unknown)';

interface EventField {
  readonly name: string;
  /** `string` `integer` `time` (ISO 8601, UTC) `object` `array` */
  readonly type: string;
  readonly required: boolean;
  readonly describe: string;
}

const field = (name: string, type: string, describe: string, required = true): EventField => ({
  name,
  type,
  required,
  describe,
});
/** The names of a table, as documents list them. */
const listed = (table: Readonly<Record<string, unknown>>): string =>
  Object.keys(table)
    .map((name) => `\`${name}\``)
    .join(', ');
const TYPE = field('type', 'string', 'which of these events this is');
const TIME = field('time', 'time', 'when the gateway wrote it');
const REQUEST = field('requestId', 'string', 'as it stands in `X-Request-Id`');
const VIA = field('via', 'string', '`mcp` where an agent asked, by a tool of `/mcp`; absent otherwise', false);
const SUBJECT = field(
  'subject',
  'object',
  '`pseudonym`, and `enc`: the subject, item, case, actor, record ids, and words of the request that the workspace ' +
    "does not know, under the subject's own key",
  false,
);

interface EventKind extends Localised {
  /** When it is written and what stands in it, for docs/audit-events.md. */
  readonly about: string;
  /** Of the clear part. */
  readonly fields: readonly EventField[];
}

const events = {
  released: {
    zh: '答复',
    en: 'answer',
    about:
      'Written and durable before the first byte of an answer (of a stream: before each chunk), allow or deny. ' +
      'A batch that may not go on has one more, a denial with its reason, before the line that ends it; ' +
      '`subjects` are those that were not answered.',
    fields: [
      TYPE,
      TIME,
      REQUEST,
      VIA,
      field('traceparent', 'string', 'trace context of the request', false),
      field('client', 'string', 'the client to whom the answer went'),
      field('authority', 'string', 'the authority to which the client belongs'),
      field('purpose', 'string', 'the purpose that the client stated; `(unknown)` where the workspace has none such'),
      field(
        'item',
        'string',
        "of older entries: the item code of the case in clear; now it stands under the subject's key",
        false,
      ),
      field('stated', 'array', 'which parts of the case were stated: `item`, `caseId`, `actor`'),
      field(
        'datasets',
        'array',
        'for each dataset asked: `dataset`, `asked` (fields, where they were named; `(unknown)` for one that the ' +
          'dataset has not), `grant`, `effect` (allow or deny), `reason`, `fields` released, `forms` of those not ' +
          'released as value, `rows` where not all were granted (areas; of a list of subjects their number), ' +
          '`records` count, `asOf`, `signals` where no field left, only that something changed',
      ),
      field('policyVersion', 'string', 'version of policies and grants by which it was decided'),
      field(
        'asker',
        'object',
        'of another region: for which `client` of which `authority` there its gateway says that it asks, on which ' +
          '`legalBasis`',
        false,
      ),
      field('bodySha256', 'string', 'digest of the answer without its receipt, base64url'),
      field('bytes', 'integer', 'length of that answer'),
      field('chunk', 'integer', 'of a stream: which chunk, from 0', false),
      field('delivery', 'string', '`verify`, `batch` or `subscription`; absent of a query', false),
      field('batch', 'integer', "of a batch: subjects of the whole of it, as the grant's limit counts them", false),
      field(
        'subjects',
        'integer',
        'of a batch: subjects of this chunk; of a denied batch, all that were asked about',
        false,
      ),
      field(
        'report',
        'string',
        'the report for which the registers were asked: to make one, or to see what has changed since; absent of ' +
          'any other query',
        false,
      ),
      field(
        'dryRun',
        'boolean',
        'true if it was only asked what would be answered: no record was read, none was released, `datasets` ' +
          'says what would have been',
        false,
      ),
      SUBJECT,
    ],
  },
  included: {
    zh: '批量答复中的主体',
    en: 'subject of a batch',
    about:
      "Of a batch: one for each subject of a chunk, durable together with the chunk's `released` entry and " +
      "before its bytes leave. By it the subject's own accesses are found also where they were part of a batch.",
    fields: [
      TYPE,
      TIME,
      REQUEST,
      VIA,
      field('client', 'string', 'the client to whom the chunk went'),
      field('authority', 'string', 'the authority to which the client belongs'),
      field('purpose', 'string', 'the purpose that the client stated'),
      field('chunk', 'integer', 'which chunk of the stream, from 0; its `released` entry says the rest'),
      field('report', 'string', 'as in its `released` entry', false),
      field('datasets', 'array', 'for each dataset answered: `dataset`, and `records` released of this subject'),
      SUBJECT,
    ],
  },
  completed: {
    zh: '答复完成',
    en: 'answers completed',
    about:
      'Written after the answers of a client within a quarter of a second, together; not waited for. That an ' +
      'answer was released stands in the log by then.',
    fields: [
      TYPE,
      TIME,
      field('client', 'string', 'the client to whom the answers went'),
      field(
        'answers',
        'array',
        "of a quarter of a second, each: `requestId`, HTTP `status`, `bytes` sent, `microseconds` from the request's " +
          "first byte to the answer's last, `aborted` if the client went away before the end",
      ),
    ],
  },
  refused_before_identity: {
    zh: '身份未核验',
    en: 'refused before identity',
    about:
      'One for each source, code and minute: refusals before anybody was identified are counted, not kept one ' +
      'by one.',
    fields: [
      TYPE,
      TIME,
      field('source', 'string', 'network address from which the connections came'),
      field('minute', 'time', 'the minute that is counted'),
      field('code', 'string', 'error code of the refusal'),
      field('count', 'integer', 'refusals of this code from this source in this minute'),
    ],
  },
  refused: {
    zh: '拒绝',
    en: 'refusal',
    about:
      'Somebody who is known was refused: by permission, by role, by a form of another session, by a code or ' +
      'cursor that is not theirs, or by being told that something is not there which is not theirs to see. ' +
      'Durable before they are told; where it cannot be, they are told `audit_unavailable`. A denial about ' +
      'datasets is a `released` entry, and a report that was refused has that beside this one. Who is not ' +
      'known is counted in `refused_before_identity`.',
    fields: [
      TYPE,
      TIME,
      REQUEST,
      VIA,
      field('port', 'string', '`api`, the mTLS port, or `people`'),
      field('route', 'string', 'method and route that was asked, as it is declared: `GET /v1/reports/:id`'),
      field('code', 'string', 'error code of the refusal'),
      field('client', 'string', 'the client that was refused, where it was a system', false),
      field('authority', 'string', 'the authority to which the client belongs, or for which the person acts', false),
      field('roles', 'array', 'roles of the person, where it was one', false),
      field(
        'datasets',
        'array',
        'where the address named one that the workspace has: `dataset`, `effect` (deny), `reason`',
        false,
      ),
      SUBJECT,
    ],
  },
  signed_in: {
    zh: '登录',
    en: 'sign-in',
    about:
      'People: a sign-in, a sign-out, or a refusal. Durable before the session exists. Who it was stands under ' +
      "that person's own key.",
    fields: [
      TYPE,
      TIME,
      field('outcome', 'string', '`signed_in`, `signed_out` or `refused`'),
      field('roles', 'array', 'roles of the person, as the identity provider gave them'),
      field('authority', 'string', 'the authority for which the person acts', false),
      field('reason', 'string', 'error code of a refusal', false),
      SUBJECT,
    ],
  },
  looked: {
    zh: '查阅操作',
    en: 'look',
    about:
      'What somebody did in the console, durable before anything is shown: a search, an entry, an export, a ' +
      'history. The filters stand here without the subject, the case and the handler: these stand under the ' +
      'key of the person who looked.',
    fields: [
      TYPE,
      TIME,
      REQUEST,
      field('action', 'string', `what was done: ${listed(lookTable)}`),
      field('role', 'string', 'the role in which it was done'),
      field('authority', 'string', 'the authority for which the person acts', false),
      field('detail', 'object', 'what was asked for: filters without a subject, ids of entries, formats', false),
      field('results', 'integer', 'entries that were shown', false),
      SUBJECT,
    ],
  },
  issued: {
    zh: '出具文书',
    en: 'document issued',
    about:
      'A document was issued: durable before its code and contents leave. The company that asked stands in the ' +
      'subject part; what was told of each company is in the `released` and `included` entries of the same ' +
      'request.',
    fields: [
      TYPE,
      TIME,
      REQUEST,
      field('report', 'string', 'which report'),
      field('document', 'string', 'digest of the document, base64url'),
      field('client', 'string', 'the client that asked, where it was a system', false),
      field('purpose', 'string', 'the purpose that was stated'),
      field('domains', 'array', 'domains that the document answers'),
      field('subjects', 'integer', 'how many subjects it is about'),
      field('bodySha256', 'string', 'digest of what was answered, base64url', false),
      SUBJECT,
    ],
  },
  verified: {
    zh: '核验文书',
    en: 'document verified',
    about:
      'A document was verified by its code, or somebody tried. The company that had asked for it stands in the ' +
      'subject part.',
    fields: [
      TYPE,
      TIME,
      REQUEST,
      field('report', 'string', 'which report; absent where there is no such document', false),
      field('document', 'string', 'digest of the document, base64url', false),
      field('by', 'string', 'the client that verified; `public page` where nobody signed in'),
      field('outcome', 'string', '`genuine`, `changed`, `revoked` or `unknown`'),
      SUBJECT,
    ],
  },
  region: {
    zh: '跨省通办查询',
    en: 'question to another region',
    about:
      'A question that goes to another region. `asked` is durable before anything leaves for there, `denied` in its ' +
      'place where it may not be asked; `answered` before its answer is passed on: it holds the promise of the other ' +
      "side's log for it, by which this side can show what it was told. The other side has an entry of its own under " +
      'the same `requestId`, with `asker`.',
    fields: [
      TYPE,
      TIME,
      REQUEST,
      field('traceparent', 'string', 'trace context of the request', false),
      field('step', 'string', `one of: ${listed(regionSteps)}`),
      field('region', 'string', 'the region; `(unknown)` for one that is not known here'),
      field('client', 'string', 'the client that asked'),
      field('authority', 'string', 'the authority to which the client belongs'),
      field('purpose', 'string', 'the purpose that the client stated; `(unknown)` where the workspace has none such'),
      field('delivery', 'string', '`query`, `verify`; `case` of an item that is done in the other region'),
      field('stated', 'array', 'which parts of the case were stated: `item`, `caseId`, `actor`'),
      field('asked', 'array', 'the datasets that were asked; `(unknown)` for one that the region does not offer'),
      field(
        'errand',
        'object',
        'of `case`: the `case` and its `bundle`, the `item`, and the `act` that is brought: `begin`, ' +
          '`give`, `recall`, or what its authority did',
        false,
      ),
      field('reason', 'string', 'why it may not be asked, of `denied`', false),
      field('legalBasis', 'array', 'on what the question rests, of `asked`', false),
      field('policyVersion', 'string', 'version of policies by which it was decided'),
      field('said', 'string', 'the code with which the region refused, of `denied_there` and `refused_there`', false),
      field('attempts', 'integer', 'how often it was sent', false),
      field(
        'theirs',
        'object',
        "the region's `receipt` as JSON text, and `answerSha256`, the digest of what it answered without that",
        false,
      ),
      field('bodySha256', 'string', 'digest of the answer here without its receipt, base64url', false),
      field('bytes', 'integer', 'length of that answer', false),
      SUBJECT,
    ],
  },
  compliance_code: {
    zh: '合规码核验',
    en: 'compliance code',
    about:
      'A step of a compliance code (合规一码通), in either form. `created`, `confirmed`, `answered`, `released` and ' +
      '`looked` are durable before they take effect, `answered` and `looked` therefore before anything leaves; ' +
      '`scanned`, `refused` and `withdrawn` right behind it and before anybody is told. One that stands here ' +
      "twice took effect at most once. Under the company's key: who confirmed, a scanner that is a person, of " +
      '`answered` the `results`, and of `released`, `looked` and `withdrawn` which report it was.',
    fields: [
      TYPE,
      TIME,
      REQUEST,
      field(
        'step',
        'string',
        '`created`, `scanned`, `confirmed`, `refused` or `answered`; of a report that is shown `released`, ' +
          '`looked` or `withdrawn`',
      ),
      field('code', 'string', 'SHA-256 of the code, base64url: joins the steps of one code'),
      field(
        'by',
        'string',
        'who did it: `subject` for the company; of a scanner the client, `person` for somebody signed in, ' +
          '`public page` for nobody',
      ),
      field('authority', 'string', 'the authority to which the scanner belongs', false),
      field(
        'report',
        'string',
        'the report whose domains were asked about or released; absent until a question is asked',
        false,
      ),
      field(
        'domains',
        'array',
        'ids of the domains that were asked about or released; absent until a question is asked',
        false,
      ),
      field('from', 'string', 'first day that was asked about, or of the report', false),
      field('to', 'string', 'last day that was asked about, or of the report', false),
      field('bodySha256', 'string', 'of `answered` and `looked`: digest of what left, base64url', false),
      SUBJECT,
    ],
  },
  administration: {
    zh: '管理操作',
    en: 'administration',
    about: 'An act on the gateway itself, or by a department on its own dataset.',
    fields: [
      TYPE,
      TIME,
      VIA,
      field('action', 'string', `what was done: ${listed(actionTable)}`),
      field('by', 'string', 'role or service that did it; a person stands in the subject part'),
      field('target', 'string', 'what it was done to: an id, never a person', false),
      field('detail', 'object', 'whatever else the action declares', false),
      SUBJECT,
    ],
  },
  journal_gap: {
    zh: '日志缺口',
    en: 'gap in a journal',
    about:
      'Written by the sequencer where a journal cannot be read on: what is missing is itself on record, and an ' +
      'alert is raised.',
    fields: [
      TYPE,
      TIME,
      field('journal', 'string', 'the journal in which entries are missing'),
      field('from', 'integer', 'first seq that cannot be read'),
      field('to', 'integer', 'last seq that cannot be read; smaller than `from` if none is known to be missing'),
      field(
        'open',
        'boolean',
        'true where nobody knows how far the journal went: whatever came behind `to` is missing too',
        false,
      ),
      field(
        'why',
        'string',
        '`missing`, `damaged`, `rolled_back`, `vanished`, or `lost` where another replica took over',
      ),
    ],
  },
} as const satisfies Readonly<Record<string, EventKind>>;

export type EventType = keyof typeof events;
/** The one table of events: what each is called, and the fields of its clear part. */
export const eventTable: Readonly<Record<EventType, EventKind>> = events;
export const EVENT_TYPES = Object.keys(events) as readonly EventType[];

export interface ReleasedDataset {
  readonly dataset: string;
  readonly grant?: string;
  readonly effect: 'allow' | 'deny';
  readonly reason?: string;
  /** Absent: all granted fields. */
  readonly asked?: readonly string[];
  readonly fields: readonly string[];
  /** Of the fields that are not released as `value`. */
  readonly forms?: Readonly<Record<string, string>>;
  /** Absent: all rows. */
  readonly rows?: string;
  /** Of a subscription: no field left, only that something changed. */
  readonly signals?: true;
}

/** What one plan (client, purpose, datasets, versions) fixes of its entries. */
interface ReleasedPlan {
  readonly client: string;
  readonly authority: string;
  readonly purpose: string;
  readonly policyVersion: string;
  /** Absent of a query. */
  readonly delivery?: string;
  /** Parts of the case. */
  readonly stated: readonly string[];
  /** Subjects of the whole batch. */
  readonly batch?: number | undefined;
  readonly datasets: readonly ReleasedDataset[];
}

/** What each request adds. */
interface ReleasedParts {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly requestId: string;
  readonly traceparent?: string | undefined;
  /** Records released of each dataset, in the plan's order. */
  readonly records: ArrayLike<number>;
  readonly asOf?: string | undefined;
  readonly bodySha256: string;
  readonly bytes: number;
  readonly chunk?: number | undefined;
  readonly subjects?: number | undefined;
  readonly report?: string | undefined;
  readonly dryRun?: boolean | undefined;
  /** JSON text. */
  readonly asker?: string | undefined;
}

// what needs no escaping in JSON; anything else goes through JSON.stringify
const PLAIN = /^[\w.:+/=@ -]*$/;
const quoted = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text));

/**
 * Compiles the clear part of `released` for one plan: the fixed text is made once, a request only joins its own parts
 * between.
 */
export function releasedTemplate(plan: ReleasedPlan): (parts: ReleasedParts) => string {
  const text = JSON.stringify;
  const delivery = plan.delivery === undefined ? '' : `,"delivery":${text(plan.delivery)}`;
  const batch = plan.batch === undefined ? '' : `,"batch":${plan.batch}`;
  const head =
    `{"type":"released","client":${text(plan.client)},"authority":${text(plan.authority)},` +
    `"purpose":${text(plan.purpose)},"policyVersion":${text(plan.policyVersion)}${delivery},` +
    `"stated":${text(plan.stated)}${batch},"datasets":[`;
  const datasets = plan.datasets.map(({ dataset, asked, grant, effect, reason, fields, forms, rows, signals }, i) => {
    // in this order; what is undefined is not written
    const fixed = text({ dataset, asked, grant, effect, reason, fields, forms, rows, signals });
    return `${i === 0 ? head : '},'}${fixed.slice(0, -1)},"records":`;
  });
  return (parts) => {
    const asOf = parts.asOf === undefined ? '' : `,"asOf":${quoted(parts.asOf)}`;
    let clear = datasets.length === 0 ? head : '';
    for (let i = 0; i < datasets.length; i++) clear += datasets[i] + String(parts.records[i] ?? 0) + asOf;
    clear += datasets.length === 0 ? ']' : '}]';
    clear += `,"time":${quoted(parts.time)},"requestId":${quoted(parts.requestId)}`;
    if (parts.traceparent !== undefined) clear += `,"traceparent":${quoted(parts.traceparent)}`;
    if (parts.chunk !== undefined) clear += `,"chunk":${parts.chunk}`;
    if (parts.subjects !== undefined) clear += `,"subjects":${parts.subjects}`;
    if (parts.report !== undefined) clear += `,"report":${quoted(parts.report)}`;
    if (parts.dryRun === true) clear += ',"dryRun":true';
    if (parts.asker !== undefined) clear += `,"asker":${parts.asker}`;
    return `${clear},"bodySha256":${quoted(parts.bodySha256)},"bytes":${parts.bytes}}`;
  };
}

/** `json` of the subject part of a `released` entry. */
export function releasedSubjectJson(parts: {
  readonly item?: string | undefined;
  readonly caseId?: string | undefined;
  readonly actor?: string | undefined;
  readonly recordIds?: readonly string[];
}): string {
  let json = '';
  if (parts.item !== undefined) json += `,"item":${quoted(parts.item)}`;
  if (parts.caseId !== undefined) json += `,"caseId":${quoted(parts.caseId)}`;
  if (parts.actor !== undefined) json += `,"actor":${quoted(parts.actor)}`;
  if (parts.recordIds !== undefined) json += `,"recordIds":${JSON.stringify(parts.recordIds)}`;
  return `{${json.slice(1)}}`;
}

export function includedBody(event: {
  readonly time: string;
  readonly requestId: string;
  readonly client: string;
  readonly authority: string;
  readonly purpose: string;
  readonly chunk: number;
  readonly report?: string;
  readonly datasets: readonly { readonly dataset: string; readonly records: number }[];
}): string {
  return JSON.stringify({ type: 'included', ...event });
}

/** How one answer ended. */
export interface CompletedAnswer {
  readonly requestId: string;
  readonly status: number;
  readonly bytes: number;
  readonly microseconds: number;
  readonly aborted: boolean;
}

export function completedBody(event: {
  readonly time: string;
  readonly client: string;
  readonly answers: readonly CompletedAnswer[];
}): string {
  return JSON.stringify({ type: 'completed', ...event });
}

export function signedInBody(event: {
  readonly time: string;
  readonly outcome: SignInOutcome;
  readonly roles: readonly string[];
  readonly authority?: string;
  readonly reason?: string;
}): string {
  return JSON.stringify({ type: 'signed_in', ...event });
}

export interface RefusedEvent {
  readonly time: string;
  readonly requestId: string;
  readonly port: 'api' | 'people';
  readonly route: string;
  readonly code: string;
  readonly client?: string;
  readonly authority?: string;
  readonly roles?: readonly string[];
  readonly datasets?: readonly { readonly dataset: string; readonly effect: 'deny'; readonly reason: string }[];
}

export function refusedBody(event: RefusedEvent): string {
  return JSON.stringify({ type: 'refused', ...event });
}

export function lookedBody(event: {
  readonly time: string;
  readonly requestId: string;
  readonly action: LookName;
  readonly role: string;
  readonly authority?: string;
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly results?: number;
}): string {
  return JSON.stringify({ type: 'looked', ...event });
}

export function issuedBody(event: {
  readonly time: string;
  readonly requestId: string;
  readonly report: string;
  readonly document: string;
  readonly client?: string | undefined;
  readonly purpose: string;
  readonly domains: readonly string[];
  readonly subjects: number;
  readonly bodySha256?: string;
}): string {
  return JSON.stringify({ type: 'issued', ...event });
}

export function verifiedBody(event: {
  readonly time: string;
  readonly requestId: string;
  readonly report?: string | undefined;
  readonly document?: string | undefined;
  readonly by: string;
  readonly outcome: Verdict;
}): string {
  return JSON.stringify({ type: 'verified', ...event });
}

/** One step of a question to another region. */
interface RegionEvent {
  readonly time: string;
  readonly requestId: string;
  readonly traceparent?: string | undefined;
  readonly step: RegionStepName;
  readonly region: string;
  readonly client: string;
  readonly authority: string;
  readonly purpose: string;
  readonly delivery: 'query' | 'verify' | 'case';
  readonly errand?: { readonly case: string; readonly bundle: string; readonly item: string; readonly act: string };
  readonly stated: readonly string[];
  readonly asked: readonly string[];
  readonly reason?: string;
  readonly legalBasis?: readonly string[];
  readonly policyVersion: string;
  readonly said?: string;
  readonly attempts?: number;
  /** As text: the digest of the answer here is found by its name, which stands in an entry once. */
  readonly theirs?: { readonly receipt?: string; readonly answerSha256: string };
  readonly bodySha256?: string;
  readonly bytes?: number;
}

export const regionBody = (event: RegionEvent): string => JSON.stringify({ type: 'region', ...event });

/** One step of a compliance code (合规一码通). */
export interface ComplianceStep {
  readonly time: string;
  readonly requestId: string;
  readonly step: ComplianceStepName;
  readonly code: string;
  readonly by: string;
  readonly authority?: string;
  readonly report?: string;
  readonly domains?: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly bodySha256?: string;
}

export function complianceBody(event: ComplianceStep): string {
  return JSON.stringify({ type: 'compliance_code', ...event });
}

export function administrationBody(event: {
  readonly time: string;
  readonly action: ActionName;
  readonly by: string;
  readonly target?: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}): string {
  return JSON.stringify({ type: 'administration', ...event });
}

export function gapBody(event: {
  readonly time: number;
  readonly journal: string;
  readonly from: number;
  readonly to: number;
  readonly open?: true;
  readonly why: GapName;
}): string {
  return JSON.stringify({ type: 'journal_gap', ...event, time: new Date(event.time).toISOString() });
}

interface RefusalCounter {
  count(source: string, code: string, now: number): void;
  /** Clear parts of the minutes that are over; all of them with `everything`. */
  drain(now: number, everything?: boolean): string[];
}

/**
 * Counts refusals before identity by source, code and minute; sources beyond `limit` a minute are counted together as
 * `others`.
 */
export function refusalCounter(limit = 1000): RefusalCounter {
  if (!(limit > 0)) throw new YitongError('bad_config', 'the limit of sources must be positive');
  let minutes = new Map<number, Map<string, { source: string; code: string; count: number }>>();
  return {
    count(source, code, now) {
      const minute = Math.floor(now / 60_000);
      let sources = minutes.get(minute);
      if (sources === undefined) minutes.set(minute, (sources = new Map()));
      let key = `${code} ${source}`;
      let named = source;
      if (!sources.has(key) && sources.size >= limit) {
        key = `${code} `;
        named = 'others';
      }
      const found = sources.get(key);
      if (found === undefined) sources.set(key, { source: named, code, count: 1 });
      else found.count++;
    },
    drain(now, everything = false) {
      const bodies: string[] = [];
      const kept = new Map<number, Map<string, { source: string; code: string; count: number }>>();
      for (const [minute, sources] of minutes) {
        if (!everything && minute >= Math.floor(now / 60_000)) {
          kept.set(minute, sources);
          continue;
        }
        for (const { source, code, count } of sources.values()) {
          bodies.push(
            JSON.stringify({
              type: 'refused_before_identity',
              time: new Date(now).toISOString(),
              source,
              minute: new Date(minute * 60_000).toISOString(),
              code,
              count,
            }),
          );
        }
      }
      minutes = kept;
      return bodies;
    },
  };
}
