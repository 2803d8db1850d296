/** The one place where OpenTelemetry stands; loaded only where traces are configured. */

import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import {
  type Context,
  createTraceState,
  type Link,
  type Span as OtelSpan,
  type Tracer as OtelTracer,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOnSampler,
  BasicTracerProvider,
  BatchSpanProcessor,
  RandomIdGenerator,
  type ReadableSpan,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import {
  ATTRIBUTES,
  formatTraceparent,
  parseTraceparent,
  type Span,
  type SpanAttributes,
  type Step,
  type TraceContext,
  type Tracer,
} from '../../../contracts/tracing.js';
import type { TracingSettings } from '../config/tracing.js';
import { type Endpoint, endpointOf } from './endpoint.js';
import type { Tracing, TracingParts } from './port.js';
import { type Sampler, sampler } from './sampler.js';

const { version } = JSON.parse(readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** Spans that may wait for the endpoint; what comes beyond them is dropped. */
const MAX_WAITING = 2048;
const BATCH = 512;
/** ms between two exports where few spans come. */
const EVERY = 2000;
/** ms that one export may take, tries included. */
const EXPORT_WITHIN = 3000;
/** ms that a process which ends gives to the spans that wait. */
const STOP_WITHIN = 2000;
/** Batches of one run that have a span each; the records of later ones carry the run's. */
const MAX_SENDS = 100;
/** Traces that a batch applied to the view is linked to. */
const MAX_LINKS = 32;

const NAME = /^[A-Za-z0-9][A-Za-z0-9 ._~/:*-]{0,300}$/;

/** What of these may be said (`ATTRIBUTES`); the rest is left out, whoever asks for it. */
export function allowed(attributes: SpanAttributes): Record<string, string | number> {
  const said: Record<string, string | number> = {};
  for (const [name, { value: rule }] of Object.entries(ATTRIBUTES) as [
    keyof SpanAttributes,
    { readonly value: RegExp | 'count' },
  ][]) {
    const value = attributes[name];
    if (value === undefined) continue;
    if (
      rule === 'count'
        ? typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
        : typeof value === 'string' && rule.test(value)
    )
      said[name] = value;
  }
  return said;
}

/** `ECONNREFUSED`, `status 401`: why an export failed, without a word of the endpoint's own. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code === 'number') return `status ${code}`;
  return typeof code === 'string' && /^[A-Z_0-9]{1,40}$/.test(code) ? code : 'it does not answer';
}

/** Counts what waits, what went and what was lost around the SDK's own batches, and bounds it. */
function bounded(
  endpoint: Endpoint,
  onState: TracingParts['onState'],
): { readonly processor: SpanProcessor; readonly counts: Tracing['counts']; stop(): Promise<void> } {
  const counts = { exported: 0, dropped: 0 };
  let waiting = 0;
  /** Spans on their way. */
  let sent = 0;
  let ended = false;
  let settled = (): void => undefined;
  let failing = false;
  const exporter = new OTLPTraceExporter({
    url: endpoint.url,
    headers: () => Promise.resolve(endpoint.headers()),
    timeoutMillis: EXPORT_WITHIN,
    concurrencyLimit: MAX_WAITING / BATCH + 1,
    httpAgentOptions: () => endpoint.agent,
  });
  const counting: SpanExporter = {
    export(spans, done) {
      waiting -= spans.length;
      sent += spans.length;
      exporter.export(spans, (result) => {
        if (ended) return;
        sent -= spans.length;
        // 0: success (ExportResultCode of @opentelemetry/core, which is not ours to import)
        const failed = result.code !== 0;
        counts[failed ? 'dropped' : 'exported'] += spans.length;
        if (failed !== failing)
          onState?.(
            failed
              ? `traces are dropped, their endpoint does not take them: ${reasonOf(result.error)}`
              : 'traces are taken again',
          );
        failing = failed;
        done(result);
        if (sent + waiting === 0) settled();
      });
    },
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  };
  const batches = new BatchSpanProcessor(counting, {
    maxQueueSize: MAX_WAITING,
    maxExportBatchSize: BATCH,
    scheduledDelayMillis: EVERY,
    exportTimeoutMillis: EXPORT_WITHIN + 1000,
  });
  return {
    counts: () => ({ ...counts }),
    async stop() {
      const all = new Promise<void>((resolve) => (settled = resolve));
      // it gives up with the first batch that fails; the others are still on their way
      const flushed = batches
        .shutdown()
        .catch(() => undefined)
        .then(() => (sent + waiting === 0 ? undefined : all));
      await Promise.race([flushed, wait(STOP_WITHIN, undefined, { ref: false })]);
      ended = true;
      counts.dropped += sent + waiting;
      endpoint.close();
    },
    processor: {
      onStart: () => undefined,
      onEnd(span: ReadableSpan) {
        if (ended || waiting >= MAX_WAITING) {
          counts.dropped += 1;
          return;
        }
        waiting += 1;
        batches.onEnd(span);
      },
      forceFlush: () => batches.forceFlush(),
      shutdown: () => batches.shutdown(),
    },
  };
}

const remote = ({ traceId, spanId, state }: TraceContext): SpanContext => ({
  traceId,
  spanId,
  traceFlags: 1,
  isRemote: true,
  ...(state === undefined ? {} : { traceState: createTraceState(state) }),
});

class RecordedSpan implements Span {
  readonly #inside: Context;
  #step: OtelSpan | undefined;
  #sends = 0;
  #failed = false;

  constructor(
    readonly tracer: OtelTracer,
    readonly span: OtelSpan,
    readonly system: string,
  ) {
    this.#inside = trace.setSpan(ROOT_CONTEXT, span);
  }

  get traceparent(): string {
    const { traceId, spanId } = this.span.spanContext();
    return formatTraceparent(traceId, spanId);
  }

  set(attributes: SpanAttributes): void {
    this.span.setAttributes(allowed(attributes));
  }

  step(name: Step): void {
    this.#step?.end();
    this.#step = this.tracer.startSpan(name, {}, this.#inside);
  }

  send(topic: string, records: number): Span | undefined {
    if (this.#sends >= MAX_SENDS) return undefined;
    this.#sends += 1;
    const attributes = allowed({
      'messaging.system': this.system,
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': topic,
      'messaging.batch.message_count': records,
    });
    return new RecordedSpan(
      this.tracer,
      this.tracer.startSpan(nameOf('send', topic), { kind: SpanKind.PRODUCER, attributes }, this.#inside),
      this.system,
    );
  }

  fail(code: string): void {
    this.#failed = true;
    this.set({ 'error.type': code });
  }

  end(): void {
    this.#step?.end();
    if (this.#failed) this.span.setStatus({ code: SpanStatusCode.ERROR });
    this.span.end();
  }
}

/** A name of a route or a topic; what is none is not repeated. */
function nameOf(what: string, of: string | undefined): string {
  const name = of === undefined ? what : `${what} ${of}`;
  return NAME.test(name) ? name : what;
}

function tracerOf(
  tracer: OtelTracer,
  next: { traceId: string | undefined },
  sampling: Sampler,
  system: string,
): Tracer {
  const recorded = (span: OtelSpan): Span => new RecordedSpan(tracer, span, system);
  /** Where to hang a span: undefined where it is not recorded. */
  const root = (): Context | undefined => {
    const traceId = sampling.begin();
    if (traceId === undefined) return undefined;
    next.traceId = traceId;
    return ROOT_CONTEXT;
  };
  const under = (caller: TraceContext, who: string): Context | undefined =>
    sampling.follows(caller, who) ? trace.setSpanContext(ROOT_CONTEXT, remote(caller)) : undefined;
  return {
    request(method, route, caller, client) {
      const context = caller === undefined ? root() : under(caller, `client ${client ?? ''}`);
      if (context === undefined) return undefined;
      const attributes = allowed({
        'http.request.method': method,
        'http.route': route,
        'url.scheme': 'https',
        'yitong.client': client,
      });
      return recorded(tracer.startSpan(nameOf(method, route), { kind: SpanKind.SERVER, attributes }, context));
    },
    run(dataset) {
      const context = root();
      return context === undefined
        ? undefined
        : recorded(
            tracer.startSpan(nameOf('run', dataset), { attributes: allowed({ 'yitong.dataset': dataset }) }, context),
          );
    },
    apply(topic, partition, headers) {
      const callers = new Map<string, TraceContext>();
      for (const header of new Set(headers)) {
        const caller = header === undefined ? undefined : parseTraceparent(header);
        if (caller?.sampled === true) callers.set(caller.spanId, caller);
        if (callers.size > MAX_LINKS) break;
      }
      const [first, ...others] = callers.values();
      // whoever may write to the topic may write this too
      const context = first === undefined ? undefined : under(first, `topic ${topic}`);
      if (context === undefined) return undefined;
      const links: Link[] = others.map((one) => ({ context: remote(one) }));
      const attributes = allowed({
        'messaging.system': system,
        'messaging.operation.name': 'apply',
        'messaging.operation.type': 'process',
        'messaging.destination.name': topic,
        'messaging.destination.partition.id': String(partition),
        'messaging.batch.message_count': headers.length,
      });
      return recorded(
        tracer.startSpan(nameOf('apply', topic), { kind: SpanKind.CONSUMER, attributes, links }, context),
      );
    },
  };
}

/** @throws YitongError `bad_config` */
export function openTelemetry(
  settings: TracingSettings,
  { process: name, baseDir, bus, onState }: TracingParts,
): Tracing {
  const endpoint = endpointOf(settings, baseDir);
  const { processor, counts, stop } = bounded(endpoint, onState);
  const ids = new RandomIdGenerator();
  // the sampler has drawn before a trace begins here
  const next: { traceId: string | undefined } = { traceId: undefined };
  const provider = new BasicTracerProvider({
    // no detectors: they would tell of the host, its user and its arguments
    resource: resourceFromAttributes({
      'service.name': settings.serviceName,
      'service.version': version,
      'service.instance.id': `${name}-${process.pid}`,
    }),
    sampler: new AlwaysOnSampler(),
    idGenerator: {
      generateTraceId() {
        const traceId = next.traceId ?? ids.generateTraceId();
        next.traceId = undefined;
        return traceId;
      },
      generateSpanId: () => ids.generateSpanId(),
    },
    spanLimits: {
      attributeCountLimit: 32,
      attributeValueLengthLimit: 300,
      linkCountLimit: MAX_LINKS,
      eventCountLimit: 0,
    },
    spanProcessors: [processor],
  });
  const sampling = sampler({
    ratio: settings.sampleRatio,
    callerTracesPerMinute: settings.callerTracesPerMinute,
    now: Date.now,
  });
  return {
    tracer: tracerOf(provider.getTracer('yitong', version), next, sampling, bus === 'kafka' ? 'kafka' : 'yitong'),
    counts,
    stop,
  };
}
