/**
 * The one declaration of configuration: types, defaults, checks and (by `yitong config`) the reference come from it.
 * Values come from `yitong.json` (sections `gateway`, `audit`, `people`, `keep`, `state`, `tracing`, `bus`,
 * `region`, `connectors`, `view`, `guide`, `notices`), then environment (`YITONG_GATEWAY_PORT`), then flags; `acl`
 * stands in the file only. An unknown key is an error.
 */
import { availableParallelism } from 'node:os';
import type { Static } from 'typebox';
import { busProperties } from '../../../connectors/bus/open.js';
import { rightsSchema } from '../../../connectors/bus/rights.js';
import { ceilingSchema } from '../../../connectors/reading/ceiling.js';
import { type Place, YitongError } from '../../../contracts/errors.js';
import { shape } from '../../../contracts/validate.js';
import { auditSchema, REPLICA_NAME } from './audit.js';
import { gatewaySchema } from './gateway.js';
import { type GuideSettings, guideSchema } from './guide.js';
import { type KeepTerms, keepSchema, keepTerms } from './keep.js';
import { type NoticesSettings, noticesSchema } from './notices.js';
import { peopleSchema } from './people.js';
import { checkedSection, type Environment, type Properties, type Property, propertiesOf, variable } from './read.js';
import { type RegionSettings, regionSchema } from './region.js';
import { readState, type StateSettings, stateSchema } from './state.js';
import { readKeep } from './terms.js';
import { readTracing, type TracingSettings, tracingProperties } from './tracing.js';
import { readView, type ViewSettings, viewSchema } from './view.js';

export { replicaName } from './audit.js';

export type GatewaySettings = Static<typeof gatewaySchema> & { readonly workers: number };
export type AuditSettings = Static<typeof auditSchema>;
export type PeopleSettings = Static<typeof peopleSchema>;

export interface Settings {
  readonly gateway: GatewaySettings;
  readonly audit: AuditSettings;
  readonly people: PeopleSettings;
  /** ms */
  readonly keep: KeepTerms;
  readonly state: StateSettings;
  readonly tracing: TracingSettings;
  readonly view: ViewSettings;
  readonly guide: GuideSettings;
  readonly notices: NoticesSettings;
  readonly region: RegionSettings;
}

/** Every section that the environment can set, with its keys. */
const SECTIONS: readonly (readonly [string, Properties])[] = [
  ['gateway', propertiesOf(gatewaySchema)],
  ['audit', propertiesOf(auditSchema)],
  ['people', propertiesOf(peopleSchema)],
  ['keep', propertiesOf(keepSchema)],
  ['state', propertiesOf(stateSchema)],
  ['tracing', tracingProperties],
  ['view', propertiesOf(viewSchema)],
  ['guide', propertiesOf(guideSchema)],
  ['notices', propertiesOf(noticesSchema)],
  ['region', propertiesOf(regionSchema)],
  ['bus', busProperties],
  ['connectors', ceilingSchema.properties],
];

/** Sections that stand in yitong.json only. */
const FILE_SECTIONS: readonly (readonly [string, Properties])[] = [['acl', rightsSchema.properties]];

const checkGateway = shape<Static<typeof gatewaySchema>>(gatewaySchema, 'bad_config');
const checkAudit = shape<AuditSettings>(auditSchema, 'bad_config');
const checkKeep = shape<Static<typeof keepSchema>>(keepSchema, 'bad_config');
const checkRegion = shape<RegionSettings>(regionSchema, 'bad_config');
const checkGuide = shape<GuideSettings>(guideSchema, 'bad_config');
const checkNotices = shape<NoticesSettings>(noticesSchema, 'bad_config');
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
    const known = SECTIONS.some(([section, properties]) =>
      Object.keys(properties).some((key) => variable(section, key) === name),
    );
    if (!known) throw new YitongError('bad_config', `the environment has the unknown setting \`${name}\``);
  }
  const audit = ofThisReplica(
    checkedSection('audit', propertiesOf(auditSchema), checkAudit, { given: given['audit'], env, place }),
    place,
  );
  readKeep(audit.keep, place);
  const gateway = checkedSection('gateway', propertiesOf(gatewaySchema), checkGateway, {
    given: given['gateway'],
    env,
    place,
    over: flags,
  });
  const state = readState(given['state'], place, env);
  requireElectable(audit, state, place);
  return {
    gateway: { ...gateway, workers: gateway.workers ?? workersFor(availableParallelism()) },
    audit,
    people: checkedSection('people', propertiesOf(peopleSchema), checkPeople, { given: given['people'], env, place }),
    keep: keepTerms(
      checkedSection('keep', propertiesOf(keepSchema), checkKeep, { given: given['keep'], env, place }),
      place,
    ),
    state,
    tracing: readTracing(given['tracing'], place, env),
    view: readView(given['view'], place, env),
    guide: checkedSection('guide', propertiesOf(guideSchema), checkGuide, { given: given['guide'], env, place }),
    notices: checkedSection('notices', propertiesOf(noticesSchema), checkNotices, {
      given: given['notices'],
      env,
      place,
    }),
    region: checkedSection('region', propertiesOf(regionSchema), checkRegion, { given: given['region'], env, place }),
  };
}

/** More than this many workers share one writer and one disk: a second replica serves better. */
const MOST_WORKERS = 8;

/** How many workers answer on a machine of so many cores, where nobody says: the writer and the log have one core. */
export const workersFor = (cores: number): number => Math.min(MOST_WORKERS, Math.max(1, cores - 1));

/**
 * With `sequencerReplica` all replicas have the same settings but their name; what one of them is follows from it.
 * @throws YitongError `bad_config` for a replica that the settings do not name: nobody would copy its journals
 */
function ofThisReplica(audit: AuditSettings, place: Place): AuditSettings {
  const { replica, replicas, sequencerReplica, takeover } = audit;
  if (takeover === 'automatic') {
    const { [replica]: _, ...rest } = replicas;
    // each keeps the whole log
    return { ...audit, sequencer: true, replicas: rest };
  }
  if (sequencerReplica === '') return audit;
  const { [replica]: own, ...others } = replicas;
  if (own === undefined && (replica !== sequencerReplica || Object.keys(others).length > 0)) {
    throw new YitongError(
      'bad_config',
      `with \`audit.sequencerReplica\`, \`audit.replicas\` names every replica, and \`${replica}\` is not among them`,
      { place },
    );
  }
  if (replica !== sequencerReplica && others[sequencerReplica] === undefined) {
    throw new YitongError(
      'bad_config',
      `\`audit.sequencerReplica\` is \`${sequencerReplica}\`, which \`audit.replicas\` does not name`,
      { place },
    );
  }
  return { ...audit, sequencer: replica === sequencerReplica, replicas: others };
}

/** @throws YitongError `bad_config` where replicas are to elect who sequences and have nothing to do it by */
function requireElectable(audit: AuditSettings, state: StateSettings, place: Place): void {
  if (audit.takeover !== 'automatic') return;
  const lacks = [
    ...(state.driver === 'postgres' ? [] : ['`state.driver` to be `postgres`']),
    ...(state.installationKeyFile === ''
      ? ['`state.installationKeyFile`, under which the key of the log is kept']
      : []),
    ...(Object.keys(audit.replicas).length === 0 ? ['`audit.replicas` to name the other replicas'] : []),
  ];
  if (lacks.length > 0)
    throw new YitongError('bad_config', `\`audit.takeover\` is \`automatic\`, which needs ${lacks.join(', ')}`, {
      place,
    });
}

/** JSON schema of what both yitong.json and the environment can say; nothing is required, for each may say a part. */
export function configurationSchema(): Readonly<Record<string, unknown>> {
  const sections = SECTIONS.map(([name, properties]) => [
    name,
    { type: 'object', additionalProperties: false, properties },
  ]);
  return JSON.parse(
    JSON.stringify({ type: 'object', additionalProperties: false, properties: Object.fromEntries(sections) }),
  ) as Record<string, unknown>;
}

export interface Setting {
  readonly section: string;
  readonly key: string;
  /** Absent where only yitong.json says it. */
  readonly variable?: string;
  readonly default: unknown;
  readonly meaning: string;
  /** JSON schema of its value. */
  readonly schema: Property;
}

/** Every setting with its default, meaning and schema, for docs/configuration.md. */
export function settingsTable(): readonly Setting[] {
  const rows = (sections: typeof SECTIONS, inEnvironment: boolean): readonly Setting[] =>
    sections.flatMap(([section, properties]) =>
      Object.entries(properties).map(([key, schema]) => ({
        section,
        key,
        ...(inEnvironment ? { variable: variable(section, key) } : {}),
        default: schema.default,
        meaning: schema.description ?? '',
        schema,
      })),
    );
  return [...rows(SECTIONS, true), ...rows(FILE_SECTIONS, false)];
}

/** Undefined unless it is the name of a replica. */
export const isReplicaName = (name: string): boolean => new RegExp(REPLICA_NAME).test(name);

/** Key names of the log and of a replica, as they stand in notes. */
export const signerNames = (origin: string): { readonly origin: string; readonly replica: string } => ({
  origin,
  replica: `${origin}/replica`,
});
