/**
 * The API of a Yitong gateway from TypeScript: mutual TLS, kept alive, typed. `connect` gives a client with a method a
 * route. What the gateway refuses comes as `GatewayError`, what did not come as `ConnectionError`; nothing is retried
 * unless by `retry`. Each operation of the OpenAPI document bears the name of its method as `operationId`.
 */

export {
  type CallOptions,
  type Localised,
  type Receipt,
  receiptId,
  type SpeakingOptions,
  type StatedCase,
} from '../../contracts/client.js';
export type { ErrorCode, YitongError } from '../../contracts/errors.js';
export type {
  ReportDomain,
  ReportModel,
  ReportRecord,
  ReportSection,
  ReportSubject,
  SectionState,
} from '../documents/model/model.js';
export { type Client, connect } from './client.js';
export { type Connection, type Credentials, connectionOf, credentialFiles, type FileConnection } from './connection.js';
export { ConnectionError, type Denial, GatewayError, type ProblemBody } from './errors.js';
export {
  type VerifiedPromise,
  type VerifiedReceipt,
  type VerifyOptions,
  verifyAnswer,
  verifyPromise,
  verifyReceipt,
} from './receipts.js';
export { isTransient, type RetryOptions, retry } from './retry.js';
export type * from './routes.js';
export { bytesOf, type ConnectOptions } from './transport.js';
