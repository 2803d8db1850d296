/**
 * Asks the gateway of another region, over mTLS: by its own root, by our certificate, within bounds. One that does not
 * answer is asked again a few times; then it is left alone for a while that grows, so that those who ask meanwhile are
 * told at once.
 */
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { resolve } from 'node:path';
import type { RegionOffer } from '../../../policies/types.js';
import type { RegionSettings } from '../../ground/config/region.js';
import { SAFE_TLS } from '../../ground/identity/tls.js';
import { wholeAnswer } from '../../ground/sockets/whole-answer.js';

interface FarQuestion {
  readonly path: '/v1/query' | '/v1/verify' | '/v1/region-cases';
  readonly body: Buffer;
  /** By which both sides have it on record. */
  readonly requestId: string;
  readonly traceparent?: string | undefined;
}

export type FarAnswer =
  | { readonly kind: 'said'; readonly status: number; readonly bytes: Buffer; readonly attempts: number }
  /** In `again` seconds it is worth to ask again. */
  | { readonly kind: 'away'; readonly attempts: number; readonly again: number };

/** ms between one attempt and the next. */
const PAUSES = [200, 800, 2000] as const;
/** ms for which a region that does not answer is left alone: the first time, and at most. */
const [REST, LONGEST] = [500, 10_000] as const;

interface Standing {
  readonly offer: RegionOffer;
  readonly agent: Agent;
  /** Of the certificate by which we come, so that another one is taken up. */
  readonly cert: string;
  failures: number;
  /** ms since 1970: nobody asks it before. */
  restUntil: number;
}

interface Parts {
  readonly settings: RegionSettings;
  /** Of the workspace: what files are relative to. */
  readonly dir: string;
  /** ms since 1970 */
  readonly now: () => number;
  /** Told why an attempt failed, for the process log. */
  readonly onFault?: (region: string, why: unknown) => void;
}

/** What says that it may be asked again: it is overloaded, or on its way up or down. */
const passing = (status: number): boolean => status === 408 || status === 429 || status >= 500;

export class FarRegions {
  readonly #parts: Parts;
  readonly #standing = new Map<string, Standing>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async ask(offer: RegionOffer, question: FarQuestion): Promise<FarAnswer> {
    const { now, settings, onFault } = this.#parts;
    const end = now() + settings.withinMs;
    let attempts = 0;
    for (;;) {
      const standing = this.#standingOf(offer);
      if (standing === undefined || now() < standing.restUntil) return this.#away(standing, attempts);
      const url = new URL(question.path, offer.api[attempts % offer.api.length]);
      attempts++;
      try {
        const within = Math.max(1, Math.min(settings.timeoutMs, end - now()));
        const { status, bytes } = await this.#once(standing.agent, url, question, within);
        if (!passing(status)) {
          standing.failures = 0;
          return { kind: 'said', status, bytes, attempts };
        }
      } catch (error) {
        onFault?.(offer.region, error);
      }
      const pause = PAUSES[attempts - 1];
      if (pause === undefined || now() + pause >= end) {
        standing.restUntil = now() + Math.min(LONGEST, REST * 2 ** standing.failures++);
        return this.#away(standing, attempts);
      }
      await new Promise((done) => setTimeout(done, pause));
    }
  }

  close(): void {
    for (const { agent } of this.#standing.values()) agent.destroy();
    this.#standing.clear();
  }

  #away(standing: Standing | undefined, attempts: number): FarAnswer {
    const left = (standing?.restUntil ?? 0) - this.#parts.now();
    return { kind: 'away', attempts, again: Math.max(1, Math.ceil(left / 1000)) };
  }

  #once(agent: Agent, url: URL, { body, requestId, traceparent }: FarQuestion, within: number) {
    const headers = {
      'content-type': 'application/json',
      'content-length': body.length,
      'x-request-id': requestId,
      ...(traceparent === undefined ? {} : { traceparent }),
    };
    const { maxAnswerBytes: maxBytes } = this.#parts.settings;
    return wholeAnswer(url, { method: 'POST', agent, headers }, body, { within, maxBytes });
  }

  /** Made anew when the region's file or our certificate is another; undefined where we have none. */
  #standingOf(offer: RegionOffer): Standing | undefined {
    const { settings, dir, onFault } = this.#parts;
    const read = (file: string): string => readFileSync(resolve(dir, file), 'utf8');
    const held = this.#standing.get(offer.region);
    let cert: string;
    let key: string;
    try {
      [cert, key] = [read(settings.certFile), read(settings.keyFile)];
    } catch (error) {
      onFault?.(offer.region, error);
      return held;
    }
    if (held !== undefined && held.offer.signature === offer.signature && held.cert === cert) return held;
    held?.agent.destroy();
    const agent = new Agent({
      keepAlive: true,
      maxSockets: 16,
      // its certificate is looked at on each connection
      maxCachedSessions: 0,
      minVersion: SAFE_TLS.minVersion,
      ciphers: SAFE_TLS.ciphers,
      ca: offer.ca,
      cert,
      key,
    });
    const standing = { offer, agent, cert, failures: 0, restUntil: 0 };
    this.#standing.set(offer.region, standing);
    return standing;
  }
}
