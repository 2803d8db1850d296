/**
 * The one declaration of configuration: types, defaults, checks and (by `yitong config --docs`) the reference come from it.
 * Values come from `yitong.json` (sections `gateway`, `audit`, `people`), then environment (`YITONG_GATEWAY_PORT`), then flags.
 * An unknown key is an error.
 */
import { Type, type Static, type TObject } from 'typebox';
import { YitongError, type Place } from '../contracts/errors.js';
import { shape } from '../contracts/validate.js';
import { keepClasses, KEEP_CLASSES, readKeep } from './audit/erasure/terms.js';

const strict = { additionalProperties: false };

const gatewaySchema = Type.Object(
  {
    host: Type.String({ default: '127.0.0.1', description: 'address of the mTLS port, where systems ask and publish' }),
    port: Type.Integer({ default: 8443, minimum: 0, maximum: 65535, description: 'the mTLS port; 0 takes a free one' }),
    peopleHost: Type.String({ default: '127.0.0.1', description: 'address of the people\'s port' }),
    peoplePort: Type.Integer({ default: 8444, minimum: 0, maximum: 65535, description: 'the people\'s port (server TLS): start page and published log' }),
    healthHost: Type.String({ default: '127.0.0.1', description: 'address of health and metrics' }),
    healthPort: Type.Integer({ default: 8445, minimum: 0, maximum: 65535, description: 'health and metrics, plain HTTP' }),
    workers: Type.Integer({ default: 1, minimum: 1, maximum: 64, description: 'worker processes that answer queries' }),
    bodyLimitBytes: Type.Integer({ default: 1_048_576, minimum: 1024, maximum: 67_108_864, description: 'largest request body' }),
    requestTimeoutMs: Type.Integer({ default: 10_000, minimum: 100, maximum: 600_000, description: 'a request must have arrived within this time' }),
    handlerTimeoutMs: Type.Integer({ default: 30_000, minimum: 100, maximum: 600_000, description: 'the bus must have taken pushed records within this time' }),
    ratePerMinute: Type.Integer({ default: 120_000, minimum: 1, maximum: 100_000_000, description: 'requests a minute and client in each worker, where the client\'s file says nothing' }),
    maxDatasets: Type.Integer({ default: 32, minimum: 1, maximum: 256, description: 'datasets in one query' }),
    maxRecords: Type.Integer({ default: 1000, minimum: 1, maximum: 10_000, description: 'records of one dataset in one answer; more come by cursor' }),
    batchChunk: Type.Integer({ default: 100, minimum: 1, maximum: 1000, description: 'subjects of a batch that are decided, read and put on record together' }),
    verifyGuesses: Type.Integer({ default: 10, minimum: 1, maximum: 1_000_000, description: 'different values that a client may claim of one field of one subject in 24 hours, on each replica' }),
    unknownCodesPerMinute: Type.Integer({ default: 200, minimum: 1, maximum: 1_000_000, description: 'verification codes of no document that a client may send in a minute, on each replica' }),
    maxJsonDepth: Type.Integer({ default: 16, minimum: 2, maximum: 64, description: 'nesting of a request body' }),
    serverCert: Type.String({ default: '', description: 'PEM file of the server certificate; empty only under `up`' }),
    serverKey: Type.String({ default: '', description: 'PEM file of its key' }),
    documents: Type.String({ default: '', description: 'folder with `cert.pem` and `key.pem` by which documents are signed, as `yitong pki documents` makes it; empty: none are' }),
    documentCa: Type.String({ default: '', description: 'PEM file of the authorities that may issue that certificate; published on `/verify`' }),
  },
  strict,
);

/** Of replicas: also names of folders. */
const REPLICA_NAME = '^[a-z][a-z0-9-]{0,30}$';

const auditSchema = Type.Object(
  {
    durability: Type.Union([Type.Literal('local'), Type.Literal('replicated')], { default: 'local', description: 'where an entry must be safe before its answer leaves: `local`, this replica\'s disk; `replicated`, a second replica\'s disk too' }),
    replicationTimeoutMs: Type.Integer({ default: 2000, minimum: 10, maximum: 60_000, description: 'with `replicated`: how long an answer waits for the second replica before it is refused' }),
    sequencer: Type.Boolean({ default: true, description: 'whether this replica brings the journals of all replicas into the log; exactly one does' }),
    epoch: Type.Integer({ default: 1, minimum: 1, maximum: 1_000_000_000, description: 'raised by one where another replica is to become the sequencer; it is taken over only with the newest copy of the log' }),
    replica: Type.String({ default: 'main', pattern: REPLICA_NAME, description: 'name of this replica among those of the log' }),
    replicas: Type.Record(
      Type.String(),
      Type.Object(
        {
          url: Type.String({ pattern: '^https://[^/?#]+$', description: 'its replica port' }),
          spiffe: Type.Optional(Type.String({ pattern: '^spiffe://', description: 'the one URI of its certificate' })),
          key: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$', description: 'instead: SHA-256 of its public key (SubjectPublicKeyInfo), hex' })),
        },
        strict,
      ),
      { default: {}, description: 'the other replicas of the log, `{ "<name>": { url, spiffe | key } }`: where they are and the certificate that they must show; in the environment as JSON' },
    ),
    replicaHost: Type.String({ default: '127.0.0.1', description: 'address of the replica port' }),
    replicaPort: Type.Integer({ default: 8446, minimum: 0, maximum: 65535, description: 'the replica port (mTLS), open only where `replicas` names some; 0 takes a free one' }),
    replicaCert: Type.String({ default: '', description: 'PEM file of the certificate that this replica shows to the others, as server and as client; relative to the workspace' }),
    replicaKey: Type.String({ default: '', description: 'PEM file of its key' }),
    replicaCa: Type.String({ default: '', description: 'PEM file of the authorities that may vouch for replicas' }),
    origin: Type.String({ default: 'yitong.example/log', minLength: 3, maxLength: 200, description: 'origin line of the log\'s checkpoints' }),
    mergeWithinSeconds: Type.Integer({ default: 60, minimum: 1, maximum: 86_400, description: 'a receipt promises that its entry is in the log by then' }),
    segmentBytes: Type.Integer({ default: 16_777_216, minimum: 65_536, maximum: 1_073_741_824, description: 'size of a journal segment, preallocated' }),
    witnesses: Type.Array(
      Type.Object(
        {
          vkey: Type.String({ description: 'as `yitong witness key` printed it' }),
          url: Type.String({ pattern: '^https?://', description: 'submission prefix, without `/add-checkpoint`' }),
          ca: Type.Optional(Type.String({ description: 'PEM file of the authorities that may vouch for its server, relative to the workspace; default: those of the system' })),
        },
        strict,
      ),
      { default: [], maxItems: 32, description: 'witnesses that are asked to cosign the log\'s checkpoints: `{ vkey, url, ca? }`; in the environment as JSON' },
    ),
    watch: Type.Record(Type.String(), Type.Union([Type.Literal(false), Type.Record(Type.String(), Type.Number())]), {
      default: {},
      description: 'thresholds of the watching rules, `{ "<rule>": { "<threshold>": n } }`, or `false` for a rule that is off; docs/watching.md has rules and defaults; in the environment as JSON',
    }),
    keep: Type.Object(
      Object.fromEntries(KEEP_CLASSES.map((name) => [name, Type.Optional(Type.String({ maxLength: 20 }))])),
      {
        ...strict,
        default: {},
        description: `how long bodies are kept until \`yitong audit expire\` may destroy them, ISO 8601 in years and months or in days: ${KEEP_CLASSES.map((name) => `\`${name}\` (${keepClasses[name].describe}; default \`${keepClasses[name].default}\`, no less than ${keepClasses[name].law} asks)`).join(', ')}; in the environment as JSON`,
      },
    ),
    required: Type.Integer({ default: 0, minimum: 0, maximum: 32, description: 'cosignatures without which no checkpoint is published; with `witnesses` at least 1' }),
  },
  strict,
);

const peopleSchema = Type.Object(
  {
    issuer: Type.String({ default: '', description: 'issuer URL of the OpenID Connect provider by which people sign in; empty: nobody can, and under `up` a development provider on loopback' }),
    clientId: Type.String({ default: 'yitong', description: 'client id at the provider' }),
    clientSecretFile: Type.String({ default: '', description: 'file that holds the client secret' }),
    publicUrl: Type.String({ default: '', pattern: '^(?:https://[^/?#]+)?$', description: 'address of the people\'s port as browsers see it; empty: the host that they name' }),
    rolesClaim: Type.String({ default: 'yitong_roles', description: 'claim with the roles: auditor, inspector, data-officer, sharing-authority, subject' }),
    authorityClaim: Type.String({ default: 'yitong_authority', description: 'claim with the authority of an inspector or data officer' }),
    subjectsClaim: Type.String({ default: 'yitong_subjects', description: 'claim with the subjects for which a person speaks, each `<scheme>:<key>`' }),
    idleMinutes: Type.Integer({ default: 15, minimum: 1, maximum: 480, description: 'a session ends when it was not used for so long' }),
    lookupsPerMinute: Type.Integer({ default: 30, minimum: 1, maximum: 100_000, description: 'verification codes that one person or network address may look up in a minute, on each replica' }),
    lookupsInAll: Type.Integer({ default: 1200, minimum: 1, maximum: 1_000_000, description: 'verification codes that all of them together may look up in a minute, on each replica' }),
    maxHours: Type.Integer({ default: 8, minimum: 1, maximum: 24, description: 'a session ends at the latest after so long' }),
  },
  strict,
);

export type GatewaySettings = Static<typeof gatewaySchema>;
export type AuditSettings = Static<typeof auditSchema>;
export type PeopleSettings = Static<typeof peopleSchema>;

export interface Settings {
  readonly gateway: GatewaySettings;
  readonly audit: AuditSettings;
  readonly people: PeopleSettings;
}

const SCHEMAS = [
  ['gateway', gatewaySchema],
  ['audit', auditSchema],
  ['people', peopleSchema],
] as const;

const checkGateway = shape<GatewaySettings>(gatewaySchema, 'bad_config');
const checkAudit = shape<AuditSettings>(auditSchema, 'bad_config');
const checkPeople = shape<PeopleSettings>(peopleSchema, 'bad_config');

interface Property {
  readonly type?: string;
  readonly default?: unknown;
  readonly description?: string;
}
const propertiesOf = (schema: TObject): [string, Property][] => Object.entries(schema.properties as Record<string, Property>);

const variable = (section: string, key: string): string => `YITONG_${section}_${key.replace(/[A-Z]/g, '_$&')}`.toUpperCase();

/** A setting as the environment gives it; what is not of its type is left as it is and refused by the schema. */
function fromText(text: string, { type }: Property): unknown {
  if (type === 'integer') return text.trim() === '' ? text : Number(text);
  if (type !== 'array' && type !== 'object' && type !== 'boolean') return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function section(name: string, schema: TObject, given: unknown, env: Readonly<Record<string, string | undefined>>): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const [key, property] of propertiesOf(schema)) {
    const text = env[variable(name, key)];
    if (text !== undefined) value[key] = fromText(text, property);
    else value[key] = property.default;
  }
  if (typeof given !== 'object' || given === null) return value;
  for (const [key, own] of Object.entries(given)) {
    if (env[variable(name, key)] === undefined) value[key] = own;
  }
  return value;
}

/**
 * @param given the sections of yitong.json
 * @param flags what the command line sets, over everything else
 * @throws YitongError `bad_config`
 */
export function readSettings(
  given: Readonly<Record<string, unknown>>,
  place: Place,
  env: Readonly<Record<string, string | undefined>>,
  flags: Partial<GatewaySettings> = {},
): Settings {
  for (const name of Object.keys(env)) {
    if (!/^YITONG_(GATEWAY|AUDIT|PEOPLE)_/.test(name)) continue;
    const known = SCHEMAS.flatMap(([section, schema]) => propertiesOf(schema).map(([key]) => variable(section, key)));
    if (!known.includes(name)) throw new YitongError('bad_config', `the environment has the unknown setting \`${name}\``);
  }
  const audit = checkAudit(section('audit', auditSchema, given['audit'], env), place);
  readKeep(audit.keep, place);
  return {
    gateway: checkGateway({ ...section('gateway', gatewaySchema, given['gateway'], env), ...flags }, place),
    audit,
    people: checkPeople(section('people', peopleSchema, given['people'], env), place),
  };
}

/** Every setting with its default and meaning, for docs/configuration.md. */
export function settingsTable(): readonly { readonly section: string; readonly key: string; readonly variable: string; readonly default: unknown; readonly meaning: string }[] {
  return SCHEMAS.flatMap(([name, schema]) =>
    propertiesOf(schema).map(([key, property]) => ({
      section: name,
      key,
      variable: variable(name, key),
      default: property.default,
      meaning: property.description ?? '',
    })),
  );
}

/** Undefined unless it is the name of a replica. */
export const isReplicaName = (name: string): boolean => new RegExp(REPLICA_NAME).test(name);

/** Key names of the log and of a replica, as they stand in notes. */
export const signerNames = (origin: string): { readonly origin: string; readonly replica: string } => ({ origin, replica: `${origin}/replica` });
