/** What the gateway listens on, and its limits. */
import { Type } from 'typebox';
import { strict } from './strict.js';

export const gatewaySchema = Type.Object(
  {
    host: Type.String({ default: '127.0.0.1', description: 'address of the mTLS port, where systems ask and publish' }),
    port: Type.Integer({ default: 8443, minimum: 0, maximum: 65535, description: 'the mTLS port; 0 takes a free one' }),
    peopleHost: Type.String({ default: '127.0.0.1', description: "address of the people's port" }),
    peoplePort: Type.Integer({
      default: 8444,
      minimum: 0,
      maximum: 65535,
      description: "the people's port (server TLS): start page and published log",
    }),
    healthHost: Type.String({ default: '127.0.0.1', description: 'address of health and metrics' }),
    healthPort: Type.Integer({
      default: 8445,
      minimum: 0,
      maximum: 65535,
      description: 'health and metrics, plain HTTP',
    }),
    logFormat: Type.Union([Type.Literal('auto'), Type.Literal('json'), Type.Literal('text')], {
      default: 'auto',
      description:
        'form of the process log on stderr: `json`, one object a line; `text`; `auto`: text in a terminal, else JSON',
    }),
    logLevel: Type.Union([Type.Literal('debug'), Type.Literal('info'), Type.Literal('warn'), Type.Literal('error')], {
      default: 'info',
      description: 'the least that is worth a line of the process log',
    }),
    workers: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 64,
        description:
          'worker processes that answer queries; where it is not set one a core, less one core for the writer, at ' +
          'least 1 and at most 8, and under `up` 1',
      }),
    ),
    drainSeconds: Type.Integer({
      default: 5,
      minimum: 0,
      maximum: 600,
      description:
        'for how long a gateway that is told to stop says so on its health port and goes on answering, so that ' +
        'whoever sends requests to it turns away; under `up` 0 unless it is set',
    }),
    viewMaxBytes: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 2 ** 45,
      description:
        'bytes that may be in the view, about 550 a record; then nothing more comes into it from the bus, and what ' +
        'is in it is answered, up to when it is known. Its warning comes at four fifths. 0: as many as the disk has',
    }),
    bodyLimitBytes: Type.Integer({
      default: 1_048_576,
      minimum: 1024,
      maximum: 67_108_864,
      description: 'largest request body',
    }),
    handshakeTimeoutMs: Type.Integer({
      default: 10_000,
      minimum: 100,
      maximum: 120_000,
      description: 'a TLS handshake must be over within this time',
    }),
    maxConnections: Type.Integer({
      default: 4096,
      minimum: 8,
      maximum: 1_000_000,
      description:
        'connections of each port over all workers; fewer where a worker may not open as many files, since ' +
        'some are kept for what answers need',
    }),
    unaskedConnections: Type.Integer({
      default: 512,
      minimum: 8,
      maximum: 100_000,
      description:
        'of these, connections that have asked nothing yet, handshakes included; the oldest of the address ' +
        'that has most of them gives way to a new one',
    }),
    unaskedPerAddress: Type.Integer({
      default: 128,
      minimum: 1,
      maximum: 100_000,
      description:
        'the same of one address (IPv6: one network of 64 bits); as many as there are in all where a load ' +
        'balancer hides the addresses',
    }),
    requestTimeoutMs: Type.Integer({
      default: 10_000,
      minimum: 100,
      maximum: 600_000,
      description: 'a request must have arrived within this time',
    }),
    handlerTimeoutMs: Type.Integer({
      default: 30_000,
      minimum: 100,
      maximum: 600_000,
      description: 'the bus must have taken pushed records within this time',
    }),
    fileHours: Type.Integer({
      default: 24,
      minimum: 1,
      maximum: 720,
      description: 'hours for which a file that was made for a client may be fetched; then it is deleted',
    }),
    ratePerMinute: Type.Integer({
      default: 120_000,
      minimum: 1,
      maximum: 100_000_000,
      description: "requests a minute and client in each worker, where the client's file says nothing",
    }),
    underWayPerClient: Type.Integer({
      default: 256,
      minimum: 1,
      maximum: 100_000,
      description: 'requests that one client may have under way at once in each worker',
    }),
    underWayPerConnection: Type.Integer({
      default: 32,
      minimum: 1,
      maximum: 10_000,
      description: 'requests under way on one connection: more than one are pipelined',
    }),
    mcpIssuer: Type.String({
      default: '',
      pattern: '^(?:https://[^?#\\s]+)?$',
      description:
        'issuer of the access tokens with which agents come to `/mcp`, as it names itself; empty: nobody can, and ' +
        'the route is not there; under `up` the development provider',
    }),
    mcpKeys: Type.String({
      default: '',
      pattern: '^(?:https://[^?#\\s]+)?$',
      description: 'address of the JWK set of that issuer; needed with `mcpIssuer`',
    }),
    mcpResource: Type.String({
      default: '',
      pattern: '^(?:https://[^/?#\\s]+/mcp)?$',
      description:
        'the one address of `/mcp` for which tokens have to be made, as `https://gateway.city.example:8443/mcp`; ' +
        'needed with `mcpIssuer`; under `up` that of the mTLS port',
    }),
    caseDrivers: Type.Union([Type.Literal('none'), Type.Literal('development')], {
      default: 'none',
      description:
        'who does the steps of cases outside of the gateway, as showing who one is, signing and paying; `none`: they ' +
        'are refused. `development`: all of them succeed, for trying out, never for real people',
    }),
    caseTopics: Type.Array(Type.String({ pattern: '^[a-z][a-z0-9-]{0,119}$' }), {
      default: [],
      uniqueItems: true,
      maxItems: 200,
      description:
        'authorities whose own systems take part in cases over the bus: each is told its steps on ' +
        '`<prefix>.<authority>._steps`, and its acts are taken from `<prefix>.<authority>._acts`; matters of sharing ' +
        'are told on `<prefix>.<authority>._sharing`',
    }),
    uploadLimitBytes: Type.Integer({
      default: 10_485_760,
      minimum: 1024,
      maximum: 67_108_864,
      description: 'largest file that is uploaded for a case; a few at once are held in the memory of each worker',
    }),
    maxDatasets: Type.Integer({ default: 32, minimum: 1, maximum: 256, description: 'datasets in one query' }),
    maxRecords: Type.Integer({
      default: 1000,
      minimum: 1,
      maximum: 10_000,
      description: 'records of one dataset in one answer; more come by cursor',
    }),
    cursorKeyFile: Type.String({
      default: '',
      description:
        'file with a secret of at least 32 bytes under which cursors are made, the same on each replica; ' +
        'empty: each replica has its own in its data folder, and does not take those of others',
    }),
    batchChunk: Type.Integer({
      default: 100,
      minimum: 1,
      maximum: 1000,
      description: 'subjects of a batch that are decided, read and put on record together',
    }),
    verifyGuesses: Type.Integer({
      default: 10,
      minimum: 1,
      maximum: 1_000_000,
      description: 'different values that a client may claim of one field of one subject in 24 hours, on each replica',
    }),
    unknownCodesPerMinute: Type.Integer({
      default: 200,
      minimum: 1,
      maximum: 1_000_000,
      description: 'verification codes of no document that a client may send in a minute, on each replica',
    }),
    maxJsonDepth: Type.Integer({ default: 16, minimum: 2, maximum: 64, description: 'nesting of a request body' }),
    serverCert: Type.String({ default: '', description: 'PEM file of the server certificate; empty only under `up`' }),
    serverKey: Type.String({ default: '', description: 'PEM file of its key' }),
    documents: Type.String({
      default: '',
      description:
        'folder with `cert.pem` and `key.pem` by which documents are signed, as `yitong pki documents` makes ' +
        'it; empty: none are',
    }),
    documentCa: Type.String({
      default: '',
      description: 'PEM file of the authorities that may issue that certificate; published on `/verify`',
    }),
  },
  strict,
);
