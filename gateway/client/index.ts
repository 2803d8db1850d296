/**
 * The API of a Yitong gateway from TypeScript: mutual TLS, kept alive, typed. `connect` gives a client with a method a route.
 * What the gateway refuses comes as `GatewayError`, what did not come as `ConnectionError`; nothing is retried unless by `retry`.
 * Each operation of the OpenAPI document bears the name of its method as `operationId`.
 */
export { connect, type Client, type SpeakingOptions } from './client.js';
export { connectionOf, credentialFiles, type Connection, type Credentials, type FileConnection } from './connection.js';
export { ConnectionError, GatewayError, type Denial, type ProblemBody } from './errors.js';
export type { ErrorCode, YitongError } from '../../contracts/errors.js';
export { verifyAnswer, verifyPromise, verifyReceipt, type VerifiedPromise, type VerifiedReceipt, type VerifyOptions } from './receipts.js';
export { isTransient, retry, type RetryOptions } from './retry.js';
export { bytesOf, type ConnectOptions } from './transport.js';
export { receiptId, type CallOptions, type Localised, type Receipt, type StatedCase } from './types/common.js';
export type * from './types/asking.js';
export type * from './types/catalogue.js';
export type * from './types/documents.js';
export type * from './types/publishing.js';
export type { ReportModel, ReportSection, ReportSubject, ReportDomain, ReportRecord, SectionState } from '../reports/model.js';
