/** Where it stands what people and services did: section `state`. */
import { type Static, Type } from 'typebox';
import { type Place, YitongError } from '../../../contracts/errors.js';
import { shape } from '../../../contracts/validate.js';
import { checkedSection, type Environment, propertiesOf } from './read.js';
import { strict } from './strict.js';

const SERVER = '^(?:[A-Za-z0-9._-]{1,253}|\\[[0-9A-Fa-f:.]{2,45}\\])(?::[0-9]{1,5})?$';
/** As a server takes it without quotes, so that it is the same wherever somebody writes it. */
const NAME = '^[a-z_][a-z0-9_]{0,62}$';

export const stateSchema = Type.Object(
  {
    driver: Type.Union([Type.Literal('embedded'), Type.Literal('postgres')], {
      default: 'embedded',
      description:
        "where reports, tickets, codes, sign-ins and suspensions stand: `embedded`, in this replica's data folder; " +
        '`postgres`, on a PostgreSQL server that all replicas share',
    }),
    servers: Type.Array(Type.String({ pattern: SERVER }), {
      default: [],
      maxItems: 8,
      description:
        'with `postgres`: its servers, `host` or `host:port`; the first that is no standby is used, so that a ' +
        'standby which takes over is found; in the environment as JSON',
    }),
    database: Type.String({
      default: 'yitong',
      minLength: 1,
      maxLength: 63,
      description: 'of the server; it is there before the first start',
    }),
    schema: Type.String({ default: 'yitong', pattern: NAME, description: 'the schema in it, which is all our own' }),
    user: Type.String({
      default: 'yitong',
      minLength: 1,
      maxLength: 63,
      description: 'the role that the gateway uses; it may make no tables, and one that may is refused',
    }),
    passwordFile: Type.String({
      default: '',
      description: 'file that holds its password, relative to the workspace; read at each new connection',
    }),
    owner: Type.String({
      default: 'yitong_owner',
      minLength: 1,
      maxLength: 63,
      description: 'the role that owns the schema; only `yitong state migrate` uses it',
    }),
    ownerPasswordFile: Type.String({ default: '', description: 'file that holds its password' }),
    tls: Type.Boolean({
      default: true,
      description:
        'whether the connection is TLS, with the certificate of the server verified. `false` is taken for servers ' +
        'on loopback, and for others only with `plainAllowed`',
    }),
    caFile: Type.String({
      default: '',
      description:
        'PEM file of the authorities that may vouch for the servers, relative to the workspace; empty: those of the ' +
        'system',
    }),
    installationKeyFile: Type.String({
      default: '',
      description:
        'with `postgres`: file of 32 random bytes as 64 hexadecimal digits, the same for all replicas and nowhere on ' +
        'the server; the keys under which people’s words are sealed stand there wrapped under it. Without it whoever ' +
        'reads the whole store can open them',
    }),
    certFile: Type.String({ default: '', description: 'PEM file of a certificate that is shown to them' }),
    keyFile: Type.String({ default: '', description: 'PEM file of its key' }),
    plainAllowed: Type.Boolean({
      default: false,
      description: 'with `tls: false`: the way to a server beyond this machine is safe without it',
    }),
    connections: Type.Integer({
      default: 4,
      minimum: 1,
      maximum: 100,
      description: 'connections of each process at most; a gateway has a process a worker and three more',
    }),
    connectTimeoutMs: Type.Integer({
      default: 3000,
      minimum: 100,
      maximum: 60_000,
      description: 'a connection must be there within this time',
    }),
    statementTimeoutMs: Type.Integer({
      default: 5000,
      minimum: 100,
      maximum: 600_000,
      description: 'a statement must be answered within this time',
    }),
    lockTimeoutMs: Type.Integer({
      default: 3000,
      minimum: 100,
      maximum: 600_000,
      description: 'of that, how long it may wait for others',
    }),
  },
  strict,
);

export type StateSettings = Static<typeof stateSchema>;

const check = shape<StateSettings>(stateSchema, 'bad_config');

/** @throws YitongError `bad_config` */
export function readState(given: unknown, place: Place, env: Environment): StateSettings {
  const state = checkedSection('state', propertiesOf(stateSchema), check, { given, env, place });
  if (state.driver === 'postgres' && state.servers.length === 0)
    throw new YitongError('bad_config', '`state.servers` names no server, and `state.driver` is `postgres`', { place });
  if ((state.certFile === '') !== (state.keyFile === ''))
    throw new YitongError('bad_config', '`state.certFile` and `state.keyFile` go together', { place });
  return state;
}
