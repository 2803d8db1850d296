/** The audit log, its witnesses and its replicas. */
import { hostname } from 'node:os';
import { Type } from 'typebox';
import { strict } from './strict.js';
import { KEEP_CLASSES, keepClasses } from './terms.js';

/** Of replicas: also names of folders. */
export const REPLICA_NAME = '^[a-z][a-z0-9-]{0,30}$';

const keepInWords = (name: (typeof KEEP_CLASSES)[number]): string => {
  const { describe, default: usual, law } = keepClasses[name];
  return `\`${name}\` (${describe}; default \`${usual}\`, no less than ${law} asks)`;
};

export const auditSchema = Type.Object(
  {
    durability: Type.Union([Type.Literal('local'), Type.Literal('replicated')], {
      default: 'local',
      description:
        "where an entry must be safe before its answer leaves: `local`, this replica's disk; `replicated`, " +
        "a second replica's disk too",
    }),
    replicationTimeoutMs: Type.Integer({
      default: 2000,
      minimum: 10,
      maximum: 60_000,
      description: 'with `replicated`: how long an answer waits for the second replica before it is refused',
    }),
    sequencer: Type.Boolean({
      default: true,
      description: 'whether this replica brings the journals of all replicas into the log; exactly one does',
    }),
    sequencerReplica: Type.String({
      default: '',
      pattern: `^$|${REPLICA_NAME}`,
      description:
        'instead of `sequencer`, so that all replicas can have the same settings: the name of the one that ' +
        'sequences; `replicas` then names every replica, this one too',
    }),
    takeover: Type.Union([Type.Literal('manual'), Type.Literal('automatic')], {
      default: 'manual',
      description:
        'who goes on with the log where the replica that sequences is gone: `manual`, whoever people make it; ' +
        '`automatic`, another one by itself within 30 s, chosen through the shared state. `automatic` needs ' +
        '`state.driver` `postgres`, `state.installationKeyFile`, and in `replicas` the other replicas (this one may ' +
        'stand among them); `sequencer`, `sequencerReplica` and `epoch` then say nothing',
    }),
    epoch: Type.Integer({
      default: 1,
      minimum: 1,
      maximum: 1_000_000_000,
      description:
        'raised by one where another replica is to become the sequencer; it is taken over only with the newest ' +
        'copy of the log',
    }),
    replica: Type.String({
      default: 'main',
      pattern: REPLICA_NAME,
      description: 'name of this replica among those of the log',
    }),
    replicas: Type.Record(
      Type.String(),
      Type.Object(
        {
          url: Type.String({ pattern: '^https://[^/?#]+$', description: 'its replica port' }),
          spiffe: Type.Optional(Type.String({ pattern: '^spiffe://', description: 'the one URI of its certificate' })),
          key: Type.Optional(
            Type.String({
              pattern: '^[0-9a-f]{64}$',
              description: 'instead: SHA-256 of its public key (SubjectPublicKeyInfo), hex',
            }),
          ),
        },
        strict,
      ),
      {
        default: {},
        description:
          'the other replicas of the log, `{ "<name>": { url, spiffe | key } }`: where they are and the ' +
          'certificate that they must show; in the environment as JSON',
      },
    ),
    replicaHost: Type.String({ default: '127.0.0.1', description: 'address of the replica port' }),
    replicaPort: Type.Integer({
      default: 8446,
      minimum: 0,
      maximum: 65535,
      description: 'the replica port (mTLS), open only where `replicas` names some; 0 takes a free one',
    }),
    replicaCert: Type.String({
      default: '',
      description:
        'PEM file of the certificate that this replica shows to the others, as server and as client; relative ' +
        'to the workspace',
    }),
    replicaKey: Type.String({ default: '', description: 'PEM file of its key' }),
    replicaCa: Type.String({ default: '', description: 'PEM file of the authorities that may vouch for replicas' }),
    origin: Type.String({
      default: 'yitong.example/log',
      minLength: 3,
      maxLength: 200,
      description: "origin line of the log's checkpoints",
    }),
    mergeWithinSeconds: Type.Integer({
      default: 60,
      minimum: 1,
      maximum: 86_400,
      description: 'a receipt promises that its entry is in the log by then',
    }),
    behindSeconds: Type.Integer({
      default: 60,
      minimum: 5,
      maximum: 86_400,
      description:
        'entries that wait for longer to be taken into the log make this replica not ready, for it promises ' +
        'what is not kept; those that wait for longer to be published, for want of witnesses, are a warning',
    }),
    segmentBytes: Type.Integer({
      default: 16_777_216,
      minimum: 65_536,
      maximum: 1_073_741_824,
      description: 'size of a journal segment, preallocated',
    }),
    witnesses: Type.Array(
      Type.Object(
        {
          vkey: Type.String({ description: 'as `yitong witness key` printed it' }),
          url: Type.String({ pattern: '^https?://', description: 'submission prefix, without `/add-checkpoint`' }),
          ca: Type.Optional(
            Type.String({
              description:
                'PEM file of the authorities that may vouch for its server, relative to the workspace; ' +
                'default: those of the system',
            }),
          ),
        },
        strict,
      ),
      {
        default: [],
        maxItems: 32,
        description:
          "witnesses that are asked to cosign the log's checkpoints: `{ vkey, url, ca? }`; in the environment as JSON",
      },
    ),
    watch: Type.Record(Type.String(), Type.Union([Type.Literal(false), Type.Record(Type.String(), Type.Number())]), {
      default: {},
      description:
        'thresholds of the watching rules, `{ "<rule>": { "<threshold>": n } }`, or `false` for a rule that is ' +
        'off; docs/watching.md has rules and defaults; in the environment as JSON',
    }),
    keep: Type.Object(
      Object.fromEntries(
        KEEP_CLASSES.map((name) => [
          name,
          Type.Optional(
            Type.String({
              maxLength: 20,
              description: `${keepClasses[name].describe}; default \`${keepClasses[name].default}\``,
            }),
          ),
        ]),
      ),
      {
        ...strict,
        default: {},
        description:
          'how long bodies are kept until `yitong audit expire` may destroy them, ISO 8601 in years and months or in ' +
          `days: ${KEEP_CLASSES.map(keepInWords).join(', ')}; in the environment as JSON`,
      },
    ),
    required: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 32,
      description: 'cosignatures without which no checkpoint is published; with `witnesses` at least 1',
    }),
  },
  strict,
);

/** As the other replicas, and people, call this one. */
export const replicaName = ({
  replica,
  replicas,
}: {
  readonly replica: string;
  readonly replicas: Readonly<Record<string, unknown>>;
}): string => (Object.keys(replicas).length > 0 ? replica : hostname());
