/** The bus of a deployment, from its settings. */
import { present } from '../../contracts/present.js';
import { type EmbeddedOptions, openEmbeddedBus } from './embedded/bus.js';
import type { KafkaOptions, Opening } from './kafka/bus.js';
import type { Bus } from './port.js';

export type BusSettings =
  | ({ readonly driver: 'embedded' } & Pick<EmbeddedOptions, 'dir' | 'maxBytes'>)
  | ({ readonly driver: 'kafka'; readonly spool?: SpoolSettings } & KafkaOptions);

/** What happens to pushed records while the bus is away. */
interface SpoolSettings {
  /** Of records that may wait; 0: none does, and a push answers `bus_unavailable`. Default 256 MiB. */
  readonly maxBytes?: number;
  /** Ms that a push tries the bus before its records are spooled. Default 3,000. */
  readonly afterMs?: number;
}

/** Undefined where nothing is spooled: by the settings, or since the bus stands on the same disk as a spool would. */
export function spoolOf(settings: BusSettings): Required<SpoolSettings> | undefined {
  if (settings.driver !== 'kafka') return undefined;
  const { maxBytes = 268_435_456, afterMs = 3000 } = settings.spool ?? {};
  return maxBytes === 0 ? undefined : { maxBytes, afterMs };
}

const text = { type: 'string', minLength: 1 } as const;

const embedded = {
  type: 'object',
  additionalProperties: false,
  required: ['driver', 'dir'],
  properties: {
    driver: { const: 'embedded' },
    dir: { ...text, description: 'folder of the bus, on a local disk' },
    maxBytes: {
      type: 'integer',
      minimum: 0,
      default: 0,
      description:
        'bytes that may be in it; then what is published is refused as `store_full`, and reading goes on. Its ' +
        'warning comes at four fifths. 0: as many as the disk has',
    },
  },
} as const;

const kafka = {
  type: 'object',
  additionalProperties: false,
  required: ['driver', 'brokers', 'clientId', 'replication', 'minInsyncReplicas', 'groupId'],
  properties: {
    driver: { const: 'kafka' },
    brokers: {
      type: 'array',
      minItems: 1,
      items: { type: 'string', pattern: '^([^\\s:]+|\\[[0-9a-fA-F:]+\\]):[0-9]{1,5}$' },
      description: 'some brokers, `host:port`',
    },
    clientId: { ...text, description: 'name of this process for the brokers' },
    ssl: {
      type: 'object',
      additionalProperties: false,
      properties: {
        caFile: { ...text, description: 'authorities that may vouch for the brokers; default: those of the system' },
        certFile: { ...text, description: 'certificate of this process' },
        keyFile: { ...text, description: 'its key' },
      },
      dependentRequired: { certFile: ['keyFile'], keyFile: ['certFile'] },
      description: 'PEM files; without `ssl` the connection is plain',
    },
    sasl: {
      type: 'object',
      additionalProperties: false,
      required: ['mechanism', 'username', 'passwordFile'],
      properties: {
        mechanism: {
          type: 'string',
          enum: ['plain', 'scram-sha-256', 'scram-sha-512'],
          description: 'use `plain` over TLS only',
        },
        username: { ...text, description: 'name at the brokers' },
        passwordFile: { ...text, description: 'file with the password, read when the bus is opened' },
      },
      description: 'login by name and password',
    },
    replication: { type: 'integer', minimum: 1, description: 'copies of each topic that is created' },
    minInsyncReplicas: {
      type: 'integer',
      minimum: 1,
      description: 'copies that have a record before it counts as written',
    },
    spool: {
      type: 'object',
      additionalProperties: false,
      properties: {
        maxBytes: {
          type: 'integer',
          minimum: 0,
          default: 268_435_456,
          description: 'bytes of pushed records that may wait on disk while the bus is away; 0: none',
        },
        afterMs: {
          type: 'integer',
          minimum: 0,
          default: 3000,
          description: 'ms that a push tries the bus before its records are spooled',
        },
      },
      description:
        'where pushed records wait while the bus is away: `maxBytes` (default 256 MiB), `afterMs` (default 3,000)',
    },
    groupId: { ...text, description: 'prefix of the consumer groups of this process' },
    weakTopics: {
      type: 'string',
      enum: ['refuse', 'warn'],
      default: 'refuse',
      description: 'what to do about a topic that exists with fewer copies than these two',
    },
    giveUpAfterMs: { type: 'integer', minimum: 0, default: 20_000, description: 'ms that a send is retried' },
    requestTimeoutMs: {
      type: 'integer',
      minimum: 1000,
      default: 10_000,
      description: 'ms that a broker has to answer a request',
    },
  },
} as const;

/** Every key of the settings of either driver, with its schema. */
export const busProperties = {
  driver: { type: 'string', enum: ['embedded', 'kafka'], description: '`kafka`, or `embedded` for one machine' },
  dir: { ...embedded.properties.dir, description: `of the embedded bus: ${embedded.properties.dir.description}` },
  maxBytes: {
    ...embedded.properties.maxBytes,
    description: `of the embedded bus: ${embedded.properties.maxBytes.description}`,
  },
  ...Object.fromEntries(Object.entries(kafka.properties).filter(([key]) => key !== 'driver')),
} as const;

/**
 * JSON schema of `BusSettings`; unknown keys are refused. The driver decides first, so that an error names the key that
 * is wrong.
 */
export const busSettingsSchema = {
  type: 'object',
  required: ['driver'],
  properties: { driver: { type: 'string', enum: ['embedded', 'kafka'] } },
  if: { type: 'object', properties: { driver: { const: 'kafka' } } },
  then: kafka,
  else: { if: { type: 'object', properties: { driver: { const: 'embedded' } } }, then: embedded },
} as const;

/**
 * The settings have passed `busSettingsSchema`.
 * @param opening `mayBeAway`: for what goes on without a bus and waits for it
 * @throws YitongError `bus_unavailable`, `bus_login_failed`, `bad_config`
 */
export async function openBus(settings: BusSettings, opening: Opening = {}): Promise<Bus> {
  switch (settings.driver) {
    case 'embedded':
      return await openEmbeddedBus({ dir: settings.dir, ...present({ maxBytes: settings.maxBytes }) });
    case 'kafka':
      // its client is large, and a bus of one machine does without
      return await (await import('./kafka/bus.js')).openKafkaBus(
        opening.onWarning === undefined ? settings : { ...settings, onWarning: opening.onWarning },
        opening,
      );
    default:
      return settings satisfies never;
  }
}
