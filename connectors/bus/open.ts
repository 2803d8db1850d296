/** The bus of a deployment, from its settings. */
import { openEmbeddedBus, type EmbeddedOptions } from './embedded/bus.js';
import { openKafkaBus, type KafkaOptions } from './kafka/bus.js';
import type { Bus } from './port.js';

export type BusSettings = ({ readonly driver: 'embedded' } & Pick<EmbeddedOptions, 'dir'>) | ({ readonly driver: 'kafka' } & KafkaOptions);

const text = { type: 'string', minLength: 1 } as const;

const embedded = {
  type: 'object',
  additionalProperties: false,
  required: ['driver', 'dir'],
  properties: { driver: { const: 'embedded' }, dir: { ...text, description: 'folder of the bus, on a local disk' } },
} as const;

const kafka = {
  type: 'object',
  additionalProperties: false,
  required: ['driver', 'brokers', 'clientId', 'replication', 'minInsyncReplicas', 'groupId'],
  properties: {
    driver: { const: 'kafka' },
    brokers: { type: 'array', minItems: 1, items: { type: 'string', pattern: '^([^\\s:]+|\\[[0-9a-fA-F:]+\\]):[0-9]{1,5}$' }, description: 'some brokers, `host:port`' },
    clientId: text,
    ssl: {
      type: 'object',
      additionalProperties: false,
      properties: { caFile: text, certFile: text, keyFile: text },
      dependentRequired: { certFile: ['keyFile'], keyFile: ['certFile'] },
      description: 'PEM files; without `ssl` the connection is plain',
    },
    sasl: {
      type: 'object',
      additionalProperties: false,
      required: ['mechanism', 'username', 'passwordFile'],
      properties: { mechanism: { type: 'string', enum: ['plain', 'scram-sha-256', 'scram-sha-512'] }, username: text, passwordFile: text },
    },
    replication: { type: 'integer', minimum: 1, description: 'copies of each topic that is created' },
    minInsyncReplicas: { type: 'integer', minimum: 1, description: 'copies that have a record before it counts as written' },
    groupId: { ...text, description: 'prefix of the consumer groups of this process' },
    giveUpAfterMs: { type: 'integer', minimum: 0, default: 20_000, description: 'ms that a send is retried' },
  },
} as const;

/** JSON schema of `BusSettings`; unknown keys are refused. The driver decides first, so that an error names the key that is wrong. */
export const busSettingsSchema = {
  type: 'object',
  required: ['driver'],
  properties: { driver: { type: 'string', enum: ['embedded', 'kafka'] } },
  if: { type: 'object', properties: { driver: { const: 'kafka' } } },
  then: kafka,
  else: { if: { type: 'object', properties: { driver: { const: 'embedded' } } }, then: embedded },
} as const;

/** The settings have passed `busSettingsSchema`. @throws YitongError `bus_unavailable`, `bad_config` */
export async function openBus(settings: BusSettings): Promise<Bus> {
  switch (settings.driver) {
    case 'embedded':
      return await openEmbeddedBus({ dir: settings.dir });
    case 'kafka':
      return await openKafkaBus(settings);
    default:
      return settings satisfies never;
  }
}
