/** Where the view stands: section `view`. */
import { type Static, Type } from 'typebox';
import { type Place, YitongError } from '../../../contracts/errors.js';
import { shape } from '../../../contracts/validate.js';
import { checkedSection, type Environment, propertiesOf } from './read.js';
import { stateSchema } from './state.js';
import { strict } from './strict.js';

/** For good: in how many slices the subjects are. */
export const SLICES = 4096;

const NAME = '^[a-z][a-z0-9-]{0,30}$';
const last = SLICES - 1;
// what a connection is, is said once
const { user, passwordFile, tls, caFile, certFile, keyFile, plainAllowed } = stateSchema.properties;
const servers = stateSchema.properties.servers.items;

export const viewSchema = Type.Object(
  {
    driver: Type.Union([Type.Literal('embedded'), Type.Literal('postgres')], {
      default: 'embedded',
      description:
        "where the view stands: `embedded`, whole in each replica's data folder; `postgres`, on PostgreSQL servers " +
        'that all replicas share, each with some slices of the subjects',
    }),
    servers: Type.Array(
      Type.Object(
        {
          name: Type.String({ pattern: NAME, description: 'by which `slices` names it' }),
          addresses: Type.Array(servers, {
            minItems: 1,
            maxItems: 8,
            description: '`host` or `host:port`; the first that is no standby is used',
          }),
          database: Type.Optional(Type.String({ minLength: 1, maxLength: 63, description: 'default `yitong`' })),
          schema: Type.Optional(
            Type.String({
              pattern: '^[a-z_][a-z0-9_]{0,62}$',
              description: 'the schema in it, which is all our own; default `yitong_view`',
            }),
          ),
        },
        strict,
      ),
      {
        default: [],
        maxItems: 256,
        description:
          'with `postgres`: its servers, `{ name, addresses, database?, schema? }`; in the environment as JSON',
      },
    ),
    slices: Type.Array(
      Type.Object(
        {
          from: Type.Integer({ minimum: 0, maximum: last, description: 'first slice' }),
          to: Type.Integer({ minimum: 0, maximum: last, description: 'last slice' }),
          server: Type.String({ pattern: NAME, description: 'name of the server that has them' }),
        },
        strict,
      ),
      {
        default: [],
        maxItems: SLICES,
        description:
          `which server has which of the ${String(SLICES)} slices, 0 to ${String(last)}, each in exactly one entry; ` +
          'a subject is always in one slice. Empty: as many on each server. A slice that has data is moved by ' +
          '`yitong view move`; in the environment as JSON',
      },
    ),
    user: Type.String({ ...user, default: 'yitong' }),
    passwordFile: Type.String({ ...passwordFile, default: '' }),
    owner: Type.String({
      default: 'yitong_owner',
      minLength: 1,
      maxLength: 63,
      description: 'the role that owns the schemas; only `yitong view migrate` uses it',
    }),
    ownerPasswordFile: Type.String({ default: '', description: 'file that holds its password' }),
    tls: Type.Boolean({ ...tls, default: true }),
    caFile: Type.String({ ...caFile, default: '' }),
    certFile: Type.String({ ...certFile, default: '' }),
    keyFile: Type.String({ ...keyFile, default: '' }),
    plainAllowed: Type.Boolean({ ...plainAllowed, default: false }),
    connections: Type.Integer({
      default: 8,
      minimum: 2,
      maximum: 100,
      description: 'connections of each process to each server at most',
    }),
    connectTimeoutMs: Type.Integer({
      default: 1000,
      minimum: 100,
      maximum: 60_000,
      description: 'a connection must be there within this time',
    }),
    readTimeoutMs: Type.Integer({
      default: 1000,
      minimum: 50,
      maximum: 60_000,
      description: 'a question must be answered within this time; else what it asks for is `unavailable`',
    }),
    writeTimeoutMs: Type.Integer({
      default: 30_000,
      minimum: 1000,
      maximum: 600_000,
      description: 'a statement of the writer must be answered within this time',
    }),
    behindSeconds: Type.Integer({
      default: 30,
      minimum: 2,
      maximum: 86_400,
      description:
        'a server that is further behind the furthest one than this does not say "none on record" any more: what it ' +
        'has is `unavailable` until it has caught up',
    }),
  },
  strict,
);

export type ViewSettings = Static<typeof viewSchema>;

const check = shape<ViewSettings>(viewSchema, 'bad_config');

/** @throws YitongError `bad_config` */
export function readView(given: unknown, place: Place, env: Environment): ViewSettings {
  const view = checkedSection('view', propertiesOf(viewSchema), check, { given, env, place });
  const refuse = (why: string): never => {
    throw new YitongError('bad_config', why, { place });
  };
  if ((view.certFile === '') !== (view.keyFile === '')) refuse('`view.certFile` and `view.keyFile` go together');
  if (view.driver !== 'postgres') return view;
  if (view.servers.length === 0) refuse('`view.servers` names no server, and `view.driver` is `postgres`');
  const names = view.servers.map(({ name }) => name);
  if (new Set(names).size < names.length) refuse('`view.servers` names a server twice');
  const unknown = view.slices.find(({ server }) => !names.includes(server));
  if (unknown !== undefined)
    refuse(`\`view.slices\` names the server \`${unknown.server}\`, which is not in \`view.servers\``);
  if (view.slices.length === 0) return view;
  // one behind the other, from the first to the last
  const runs = [...view.slices].sort((a, b) => a.from - b.from);
  let next = 0;
  for (const { from, to } of runs) {
    if (from !== next || to < from)
      refuse(`\`view.slices\` must name each slice once: it goes wrong at slice ${String(Math.min(from, next))}`);
    next = to + 1;
  }
  if (next !== SLICES) refuse(`\`view.slices\` must name each slice once: it ends at slice ${String(next - 1)}`);
  return view;
}
