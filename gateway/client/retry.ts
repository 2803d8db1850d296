/** Asking again, for whoever wants it: nothing is retried by itself. */
import { setTimeout as after } from 'node:timers/promises';
import { ConnectionError, GatewayError } from './errors.js';

export interface RetryOptions {
  /** Attempts in all; default 5. */
  readonly attempts?: number;
  /**
   * ms of the first pause; each is up to twice as long as the one before, by chance anything down to half of that.
   * Default 250.
   */
  readonly firstMs?: number;
  /** The longest pause in ms; a gateway that asks for a longer one is not asked again. Default 30,000. */
  readonly mostMs?: number;
  readonly signal?: AbortSignal;
  /** Told before each pause. */
  readonly onRetry?: (error: GatewayError | ConnectionError, pauseMs: number) => void;
}

/** Certificates that do not fit are no better a second later. */
const HOPELESS = /^(?:CERT_|ERR_TLS_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|no_json)/;

/** Whether the same request may be answered later: 429, 503, and connections that failed. */
export const isTransient = (error: unknown): error is GatewayError | ConnectionError =>
  error instanceof GatewayError
    ? error.status === 503 || error.status === 429
    : error instanceof ConnectionError && !HOPELESS.test(error.code);

/**
 * Calls again what failed for a time, no sooner than the gateway's `Retry-After` says. Only for calls that may be made
 * twice: every question, and publishing, whose positions make it idempotent. Issuing a report twice issues two; a
 * verification whose answer was lost counts as a guess.
 * @param call gets the number of the attempt, from 1
 * @throws what the last attempt threw; the signal's reason
 */
export async function retry<T>(
  call: (attempt: number) => Promise<T>,
  { attempts = 5, firstMs = 250, mostMs = 30_000, signal, onRetry }: RetryOptions = {},
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    try {
      return await call(attempt);
    } catch (error) {
      const asked = error instanceof GatewayError ? (error.retryAfter ?? 0) * 1000 : 0;
      if (attempt >= attempts || asked > mostMs || !isTransient(error)) throw error;
      const backoff = Math.min(mostMs, firstMs * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
      const pause = Math.max(asked, backoff);
      onRetry?.(error, pause);
      await after(pause, undefined, signal === undefined ? {} : { signal });
    }
  }
}
