/**
 * The one declaration of configuration: types, defaults, checks and (by `yitong config`) the reference come from it.
 * Values come from `yitong.json` (sections `gateway`, `audit`, `people`, `tracing`, `bus`), then environment (`YITONG_GATEWAY_PORT`), then flags.
 * An unknown key is an error.
 */
import type { Static } from 'typebox';
import { busProperties } from '../connectors/bus/open.js';
import { YitongError, type Place } from '../contracts/errors.js';
import { shape } from '../contracts/validate.js';
import { readKeep } from './audit/erasure/terms.js';
import { auditSchema, REPLICA_NAME } from './config/audit.js';
import { gatewaySchema } from './config/gateway.js';
import { peopleSchema } from './config/people.js';
import { propertiesOf, readSection, variable, type Environment, type Properties } from './config/read.js';
import { readTracing, tracingProperties, type TracingSettings } from './config/tracing.js';

export type GatewaySettings = Static<typeof gatewaySchema>;
export type AuditSettings = Static<typeof auditSchema>;
export type PeopleSettings = Static<typeof peopleSchema>;

export interface Settings {
  readonly gateway: GatewaySettings;
  readonly audit: AuditSettings;
  readonly people: PeopleSettings;
  readonly tracing: TracingSettings;
}

/** Every section that the environment can set, with its keys. */
const SECTIONS: readonly (readonly [string, Properties])[] = [
  ['gateway', propertiesOf(gatewaySchema)],
  ['audit', propertiesOf(auditSchema)],
  ['people', propertiesOf(peopleSchema)],
  ['tracing', tracingProperties],
  ['bus', busProperties],
];

const checkGateway = shape<GatewaySettings>(gatewaySchema, 'bad_config');
const checkAudit = shape<AuditSettings>(auditSchema, 'bad_config');
const checkPeople = shape<PeopleSettings>(peopleSchema, 'bad_config');

/**
 * @param given the sections of yitong.json
 * @param flags what the command line sets, over everything else
 * @throws YitongError `bad_config`
 */
export function readSettings(
  given: Readonly<Record<string, unknown>>,
  place: Place,
  env: Environment,
  flags: Partial<GatewaySettings> = {},
): Settings {
  for (const name of Object.keys(env)) {
    if (!SECTIONS.some(([section]) => name.startsWith(variable(section, '')))) continue;
    const known = SECTIONS.some(([section, properties]) => Object.keys(properties).some((key) => variable(section, key) === name));
    if (!known) throw new YitongError('bad_config', `the environment has the unknown setting \`${name}\``);
  }
  const audit = checkAudit(readSection('audit', propertiesOf(auditSchema), given['audit'], env), place);
  readKeep(audit.keep, place);
  return {
    gateway: checkGateway({ ...readSection('gateway', propertiesOf(gatewaySchema), given['gateway'], env), ...flags }, place),
    audit,
    people: checkPeople(readSection('people', propertiesOf(peopleSchema), given['people'], env), place),
    tracing: readTracing(given['tracing'], place, env),
  };
}

/** Every setting with its default and meaning, for docs/configuration.md. */
export function settingsTable(): readonly { readonly section: string; readonly key: string; readonly variable: string; readonly default: unknown; readonly meaning: string }[] {
  return SECTIONS.flatMap(([name, properties]) =>
    Object.entries(properties).map(([key, property]) => ({
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
