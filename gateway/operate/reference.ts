/** The page docs/configuration.md, from the declarations. */
import { busSettingsSchema } from '../../connectors/bus/open.js';
import { readSettings, type Setting } from '../ground/config/index.js';
import { fixedSettings } from './children/settings.js';

interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly default?: unknown;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly required?: readonly string[];
}

const SECTIONS: Readonly<Record<string, string>> = {
  gateway: 'What the gateway listens on, its limits, and its certificates.',
  audit: 'The audit log, its witnesses, its replicas and its terms ([the log](log.md), [watching](watching.md)).',
  people: 'How people sign in, in a browser ([console](console.md)).',
  keep: 'How long what piles up is kept, until it is given back ([what grows](operating.md#what-grows)).',
  state:
    'Where it stands what people did: in the data folder, or on a PostgreSQL that replicas share ([state](state.md)).',
  view: 'Where the view stands: in the data folder of each replica, or on servers ([the view on PostgreSQL](view.md)).',
  region: 'What this installation is to other regions ([regions](regions.md)).',
  guide: 'From a sentence to its matter, and the model that may be asked where it is not sure ([the guide](guide.md)).',
  notices: 'What people are told of outside the console, by e-mail and by webhook ([the day in the console](home.md)).',
  tracing: 'Traces by OpenTelemetry, where an endpoint is named ([tracing](tracing.md)).',
  bus:
    'Where records travel ([Kafka](kafka.md)). Without this section, and without any `YITONG_BUS_*`, the bus ' +
    'is embedded, in the folder `bus` of the data folder. `dir` belongs to `embedded`, all others to `kafka`, ' +
    'which cannot do without ' +
    `${busSettingsSchema.then.required.map((key) => `\`${key}\``).join(', ')}.`,
  acl: 'What `yitong bus acl` sets on a Kafka ([who may do what](kafka.md#who-may-do-what)). In yitong.json only.',
  connectors:
    'How far sources may reach, whatever feeds say ([mapping](mapping.md)), and what people do by hand ' +
    '([mends](mends.md)).',
};

/** Settings that hold until the gateway is started anew, or the name of a section of which all do. */
const FIXED: ReadonlySet<string> = new Set(
  Object.keys(fixedSettings({ prefix: '', settings: {} }, readSettings({}, { file: 'yitong.json' }, {}))),
);
const RUNNING = new Set(['gateway', 'people']);
const withoutRestart = ({ section, key }: Setting): string =>
  RUNNING.has(section) && !FIXED.has(section) && !FIXED.has(`${section}.${key}`) ? 'yes' : 'no';

/** What the files that a setting names are good for without a restart; all other files count from the next start. */
const REREAD: Readonly<Record<string, string>> = {
  'gateway.serverCert':
    'with its key, within seconds: a pair that belongs together and is good now; else the one in force goes ' +
    'on, with a warning',
  'gateway.serverKey': 'likewise',
  'gateway.documents': 'likewise',
  'gateway.documentCa': 'read each time that it is asked for',
  'audit.replicaCert': 'likewise as that of the server',
  'audit.replicaKey': 'likewise',
  'audit.replicaCa': 'likewise',
  'state.passwordFile': 'read at each new connection',
  'state.caFile': 'likewise',
  'state.certFile': 'likewise',
  'state.keyFile': 'likewise',
};

/** Also inside of backticks a bar would end the cell. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const code = (value: unknown): string => `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
const number = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',');

function span(unit: string, least: number | undefined, most: number | undefined): string[] {
  const one = unit === ' items' && least === 1 && most === undefined;
  if (one) return ['at least 1 item'];
  if (least !== undefined && most !== undefined) return [`${number(least)} to ${number(most)}${unit}`];
  if (least !== undefined) return [`at least ${number(least)}${unit}`];
  return most === undefined ? [] : [`at most ${number(most)}${unit}`];
}

/** The schemas of what a map holds under any name. */
function valuesOf({ patternProperties = {}, additionalProperties }: Schema): readonly Schema[] {
  return [
    ...Object.values(patternProperties),
    ...(typeof additionalProperties === 'object' ? [additionalProperties] : []),
  ];
}

/** Type and constraints in words. */
function form(schema: Schema): string {
  const { type, items, anyOf } = schema;
  if (schema.enum !== undefined) return schema.enum.map(code).join(' or ');
  if (schema.const !== undefined) return code(schema.const);
  if (anyOf !== undefined) return anyOf.map(form).join(' or ');
  const words = [
    ...(type === 'array' && items !== undefined
      ? [`list of ${form(items)}`]
      : type === 'array'
        ? ['list']
        : valuesOf(schema).length > 0
          ? [`map to ${valuesOf(schema).map(form).join(' or ')}`]
          : [type ?? 'any']),
    ...span('', schema.minimum, schema.maximum),
    ...span(' characters', schema.minLength === 1 ? undefined : schema.minLength, schema.maxLength),
    ...span(' items', schema.minItems, schema.maxItems),
    ...(schema.minLength === 1 && schema.pattern === undefined ? ['not empty'] : []),
    ...(schema.pattern === undefined ? [] : [`matches ${code(schema.pattern)}`]),
  ];
  return words.join(', ');
}

interface Row {
  readonly name: string;
  readonly schema: Schema;
  readonly required: boolean;
}

/** The keys inside of an object, of a list's items, of a map's values. */
function inside(name: string, schema: Schema): readonly Row[] {
  const of = (path: string, { properties = {}, required = [] }: Schema): readonly Row[] =>
    Object.entries(properties).flatMap(([key, inner]) => {
      const row = { name: `${path}.${key}`, schema: inner, required: required.includes(key) };
      return [row, ...inside(row.name, inner)];
    });
  return [
    ...of(name, schema),
    ...(schema.items === undefined ? [] : of(`${name}[]`, schema.items)),
    ...valuesOf(schema).flatMap((value) => of(`${name}.<name>`, value)),
  ];
}

const given = ({ schema, required }: Row): string =>
  schema.default === undefined
    ? required
      ? 'must be said'
      : 'not set'
    : schema.default === ''
      ? 'empty'
      : cell(code(schema.default));

/** Markdown, with a last line feed. */
export function configurationPage(settings: readonly Setting[]): string {
  const sections = [...new Set(settings.map(({ section }) => section))];
  const lines = [
    '# Configuration',
    '',
    'Made by `yitong config --markdown`; a test holds it equal to the declarations under `gateway/ground/config/`.',
    '',
    'A setting comes from `yitong.json` of the workspace, section and key; over it from the environment; over ' +
      'both from a flag of the command, where there is one. Lists and',
    'objects stand in the environment as JSON. An unknown section, key or variable of one of these sections ' +
      'refuses the start (`bad_config`, `bad_workspace`), and so does a value out of its range. Paths of',
    '`gateway`, `people` and `bus` are relative to the folder in which the process starts, those of other ' +
      'sections to the workspace.',
    '',
    '`yitong.json` further holds `name` (`zh`, `en`), `prefix` (of topics, lower case), `extends` (another ' +
      'workspace, relative) and, for an invented city, `synthetic`. What a workspace `extends` gives its ' +
      'content, not its settings.',
    '',
    '## Without a restart',
    '',
    'A gateway sees within seconds that `yitong.json`, `contracts/` or `connectors/feeds/` have changed, ' +
      'checks all of it, and replaces its workers one by one; what may not be taken changes nothing, and ' +
      '`/health/ready` warns of it. The tables say `yes` where a setting',
    'of the file counts then. A change of one that says `no` is refused until the gateway is started anew; so ' +
      'is a change of `prefix`. What comes from the environment stays as it was at the start. Connectors read ' +
      'their settings when they start.',
    '',
    'Of the files that settings name these are read again:',
    '',
    '| file named by | |',
    '|---|---|',
    ...Object.entries(REREAD).map(([key, how]) => `| \`${key}\` | ${how} |`),
    '',
    'Policies, grants, clients, anchors and revocation lists are no settings: they count [within five ' +
      'seconds](in-force.md).',
  ];
  for (const section of sections) {
    lines.push(
      '',
      `## ${section}`,
      '',
      SECTIONS[section] ?? '',
      '',
      '| key | type and range | default | environment | without a restart | meaning |',
      '|---|---|---|---|---|---|',
    );
    for (const setting of settings.filter((one) => one.section === section)) {
      const { key, variable, meaning, schema } = setting;
      const own: Row = { name: key, schema: schema as Schema, required: false };
      lines.push(
        `| \`${key}\` | ${cell(form(own.schema))} | ${given(own)} | ` +
          (variable === undefined ? 'no' : `\`${variable}\``) +
          ` | ${withoutRestart(setting)} | ${cell(meaning)} |`,
      );
      for (const row of inside(key, own.schema))
        lines.push(
          `| \`${row.name}\` | ${cell(form(row.schema))} | ${given(row)} | | | ${cell(row.schema.description ?? '')} |`,
        );
    }
  }
  return `${lines.join('\n')}\n`;
}

/** Keys of `REREAD` and sections without words: both empty unless a declaration has moved. */
export function unexplained(settings: readonly Setting[]): readonly string[] {
  const keys = new Set(settings.map(({ section, key }) => `${section}.${key}`));
  return [
    ...Object.keys(REREAD).filter((key) => !keys.has(key)),
    ...new Set(settings.map(({ section }) => section).filter((section) => SECTIONS[section] === undefined)),
  ];
}
