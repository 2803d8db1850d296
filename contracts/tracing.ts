/**
 * Traces: what connectors and gateway say to a tracer, whatever stands behind it. Nobody has a tracer unless
 * `tracing.endpoint` is configured, and nobody has a span unless its trace is sampled: each place that would say
 * something asks for `undefined` first.
 */
import { present } from './present.js';

/** W3C Trace Context, section 3.2: where a span hangs in its trace. */
export interface TraceContext {
  /** 32 hexadecimal digits, not all zero. */
  readonly traceId: string;
  /** 16 hexadecimal digits, not all zero. */
  readonly spanId: string;
  /** Whether the caller records its side of the trace. */
  readonly sampled: boolean;
  /**
   * Of `tracestate`, what OpenTelemetry's samplers say to each other (`ot=th:…;rv:…`); anything else in it is
   * somebody's free text and stays out.
   */
  readonly state?: string;
}

/**
 * What a span may say, and what a value must look like to be said: counts, and names that the workspace, the code or a
 * standard gives. Nothing else leaves: no subject, no value of a record, no address of a request (people's hold codes
 * of documents).
 */
export const ATTRIBUTES = {
  'error.type': {
    value: /^(?:[a-z][a-z_]{0,60}|[1-5][0-9]{2})$/,
    meaning: 'code of docs/errors.md, else the HTTP status',
  },
  'http.request.method': { value: /^[A-Z]{1,20}$/, meaning: 'method of a request' },
  'http.response.status_code': { value: 'count', meaning: 'status of its answer' },
  'http.route': {
    value: /^\/[A-Za-z0-9._~/:*-]{0,200}$/,
    meaning: 'the template of the route, never the address that was asked for',
  },
  'messaging.batch.message_count': { value: 'count', meaning: 'records sent or applied together' },
  'messaging.destination.name': { value: /^[A-Za-z0-9._-]{1,249}$/, meaning: 'topic' },
  'messaging.destination.partition.id': { value: /^[0-9]{1,6}$/, meaning: 'partition' },
  'messaging.operation.name': { value: /^(?:send|apply)$/, meaning: '`send`, or `apply` to the view' },
  'messaging.operation.type': { value: /^(?:send|process)$/, meaning: 'the same, in the words of the convention' },
  'messaging.system': { value: /^(?:kafka|yitong)$/, meaning: '`kafka`, or `yitong` for the embedded bus' },
  'url.scheme': { value: /^https$/, meaning: '`https`' },
  'yitong.client': { value: /^[a-z][a-z0-9-]{0,99}$/, meaning: 'client of the workspace that asked' },
  'yitong.dataset': { value: /^[a-z0-9-]{1,100}\.[a-z0-9-]{1,100}$/, meaning: "dataset of a connector's run" },
  'yitong.purpose': { value: /^[a-z][a-z0-9-]{0,99}$/, meaning: 'purpose of the workspace for which it asked' },
  'yitong.run.merged': { value: 'count', meaning: 'rows that another row of the run replaced, or that repeat one' },
  'yitong.run.published': { value: 'count', meaning: 'rows that were new or changed' },
  'yitong.run.quarantined': { value: 'count', meaning: 'rows that broke the contract' },
  'yitong.run.rows': { value: 'count', meaning: 'rows that a run read' },
  'yitong.run.skipped': { value: 'count', meaning: 'rows left out by rule' },
  'yitong.run.state': { value: /^(?:complete|refused|nothing-new)$/, meaning: 'how the run ended' },
  'yitong.run.unchanged': { value: 'count', meaning: 'rows that are published already' },
  'yitong.run.withdrawn': { value: 'count', meaning: 'records that had left the source' },
} as const satisfies Readonly<Record<string, { readonly value: RegExp | 'count'; readonly meaning: string }>>;

type Value<Of> = Of extends RegExp ? string : number;
export type SpanAttributes = {
  readonly [Name in keyof typeof ATTRIBUTES]?: Value<(typeof ATTRIBUTES)[Name]['value']> | undefined;
};

/** Steps of one request, one after the other. */
export type Step = 'decide' | 'read' | 'publish' | 'audit' | 'respond';

export interface Span {
  /** For whatever comes after it: the header of that name. */
  readonly traceparent: string;
  set(attributes: SpanAttributes): void;
  /** What is done from here on is this step, until the next one or the end. */
  step(name: Step): void;
  /** One batch on its way to a topic; undefined where the span has had so many that more would say nothing new. */
  send(topic: string, records: number): Span | undefined;
  /** It failed. @param code of the error table */
  fail(code: string): void;
  end(): void;
}

export interface Tracer {
  /** A request; undefined where it is not sampled. @param route its template; undefined where there is none */
  request(
    method: string,
    route: string | undefined,
    caller: TraceContext | undefined,
    client: string | undefined,
  ): Span | undefined;
  /** A run of a feed; undefined where it is not sampled. */
  run(dataset: string): Span | undefined;
  /**
   * A batch of one partition on its way into the view; undefined where nothing in it is part of a sampled trace.
   * @param headers of its records
   */
  apply(topic: string, partition: number, headers: readonly (string | undefined)[]): Span | undefined;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const OT =
  /(?:^|,)[ \t]*(ot=(?:th:[0-9a-f]{1,14}|rv:[0-9a-f]{14})(?:;(?:th:[0-9a-f]{1,14}|rv:[0-9a-f]{14}))?)[ \t]*(?:,|$)/;
/** Longer ones may be discarded (section 3.3.1.5). */
const MAX_STATE = 512;

/**
 * Reads a `traceparent` header; undefined where it is none. Of versions to come it reads what every version begins with
 * (section 3.2.4).
 */
export function parseTraceparent(text: string, tracestate = ''): TraceContext | undefined {
  const [, version, traceId, spanId, flags, more] = TRACEPARENT.exec(text) ?? [];
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined || version === 'ff')
    return undefined;
  if (version === '00' && more !== undefined) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  const state = tracestate.length > MAX_STATE ? undefined : OT.exec(tracestate)?.[1];
  return {
    traceId,
    spanId,
    sampled: (Number.parseInt(flags, 16) & 1) === 1,
    ...present({ state }),
  };
}

/** Of a span that is recorded. */
export const formatTraceparent = (traceId: string, spanId: string): string => `00-${traceId}-${spanId}-01`;
