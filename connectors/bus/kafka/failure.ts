/** What an error of kafkajs or of a broker means to us: which of our codes, and whether trying again can help. */
import { YitongError } from '../../../contracts/errors.js';

/** The broker's name for what went wrong (`NOT_LEADER_FOR_PARTITION`), or kafkajs's (`KafkaJSConnectionError`). */
interface KafkaFailure {
  readonly type: string;
  readonly retriable: boolean;
  readonly error: YitongError;
}

/** No broker, for now. */
const UNREACHABLE: ReadonlySet<string> = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSBrokerNotFound',
  'KafkaJSNoBrokerAvailableError',
]);
/** The ACLs say no. */
const DENIED: ReadonlySet<string> = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
]);
/** Node's and OpenSSL's names of a handshake in which one side did not trust the other. */
const NO_TRUST = /^(ERR_SSL_|ERR_TLS_|EPROTO$|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

/**
 * Reads an error of kafkajs, unwrapping its retry errors. Messages of kafkajs hold no record; of a login that failed
 * none is passed on.
 */
export function failureOf(error: unknown, doing: string): KafkaFailure {
  let inner: unknown = error;
  // a refused connection comes as a `KafkaJSNonRetriableError` around one that says that it can be retried
  while (
    inner instanceof Error &&
    (inner.name === 'KafkaJSNumberOfRetriesExceeded' || inner.name === 'KafkaJSNonRetriableError') &&
    inner.cause instanceof Error
  )
    inner = inner.cause;
  if (inner instanceof YitongError) return { type: inner.code, retriable: false, error: inner };
  const type = text(inner, 'type') ?? text(inner, 'name') ?? 'unknown';
  if (DENIED.has(type)) {
    return {
      type,
      retriable: false,
      error: new YitongError(
        'bus_denied',
        `${doing}: the ACLs of Kafka do not let this principal (\`${type}\`); see \`yitong bus acl\``,
        { cause: inner },
      ),
    };
  }
  if (type === 'KafkaJSSASLAuthenticationError' || type === 'SASL_AUTHENTICATION_FAILED') {
    // no cause: whoever prints one would print what the mechanism had to say
    return {
      type,
      retriable: false,
      error: new YitongError('bus_login_failed', `${doing}: Kafka refused the user name or password of \`bus.sasl\``),
    };
  }
  const code = text(inner, 'code');
  if (code !== undefined && NO_TRUST.test(code)) {
    const message =
      `${doing}: the TLS handshake failed (\`${code}\`); check \`bus.ssl\`: its CA, its client certificate, and ` +
      `that the broker's certificate names the host`;
    return { type: code, retriable: false, error: new YitongError('bus_login_failed', message, { cause: inner }) };
  }
  const retriable = UNREACHABLE.has(type) || (inner instanceof Error && Reflect.get(inner, 'retriable') === true);
  if (type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE') {
    return {
      type,
      retriable: false,
      error: new YitongError(
        'record_too_large',
        `${doing}: the broker takes only smaller records; raise its \`max.message.bytes\``,
        { cause: inner },
      ),
    };
  }
  const reason = inner instanceof Error ? inner.message : 'unknown error';
  return {
    type,
    retriable,
    error: new YitongError(
      'bus_unavailable',
      `${doing}: ${reason.charAt(0).toLowerCase()}${reason.slice(1)} (\`${type}\`)`,
      { cause: inner },
    ),
  };
}

export function text(value: unknown, key: string): string | undefined {
  const found: unknown = value instanceof Error ? Reflect.get(value, key) : undefined;
  return typeof found === 'string' ? found : undefined;
}
