/**
 * Who may do what on a bus that has access control, from the workspace alone. What a driver makes of it is its own
 * (`kafka/acl.ts`).
 */

import { YitongError } from '../../contracts/errors.js';
import type { AuthorityId, DatasetId } from '../../contracts/ids.js';
import type { Workspace } from '../../contracts/types.js';
import { caseActsTopic, caseStepsTopic, controlTopic, dataTopic, sharingTopic } from './port.js';

/** Section `acl` of yitong.json. In a pattern, `{authority}` stands for the authority's id. */
export interface RightsSettings {
  /** Principal of an authority's connectors. Default `User:CN={authority}`. */
  readonly authority?: string;
  /** Authorities whose principals are others; several are possible. */
  readonly principals?: Readonly<Record<string, readonly string[]>>;
  /** Principals of the gateway's replicas. Default `User:CN=gateway`. */
  readonly gateway?: readonly string[];
  /** Authority → datasets of others that its connectors read, as a crosswalk. */
  readonly reads?: Readonly<Record<string, readonly string[]>>;
  /** Consumer groups of an authority's connectors begin with this and a dot. Default `{authority}`. */
  readonly authorityGroup?: string;
}

const principal = { type: 'string', pattern: '^[A-Za-z]+:.+$', maxLength: 300 } as const;
const principals = { type: 'array', minItems: 1, items: principal, uniqueItems: true } as const;

/** JSON schema of `RightsSettings`; unknown keys are refused. */
export const rightsSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    authority: {
      ...principal,
      pattern: '^[A-Za-z]+:.*\\{authority\\}',
      default: 'User:CN={authority}',
      description: "Kafka principal of an authority's connectors; `{authority}` stands for its id",
    },
    principals: {
      type: 'object',
      additionalProperties: principals,
      description: 'authorities whose principals are others, `{ "<authority>": ["User:CN=…"] }`',
    },
    gateway: { ...principals, default: ['User:CN=gateway'], description: "principals of the gateway's replicas" },
    reads: {
      type: 'object',
      additionalProperties: { type: 'array', items: { type: 'string', minLength: 1 }, uniqueItems: true },
      description:
        'datasets of others that an authority\'s connectors read (a crosswalk), `{ "<authority>": ["<dataset>"] }`',
    },
    authorityGroup: {
      type: 'string',
      minLength: 1,
      maxLength: 100,
      default: '{authority}',
      description: "consumer groups of an authority's connectors begin with this and a dot",
    },
  },
} as const;

/** In Kafka's words. `Write` and `Read` include looking a topic up. */
type Operation = 'Read' | 'Write' | 'Create' | 'DescribeConfigs';

export interface Right {
  readonly principal: string;
  readonly operation: Operation;
  readonly resource: 'topic' | 'group';
  readonly name: string;
  /** `prefixed`: everything whose name begins with `name`. */
  readonly pattern: 'literal' | 'prefixed';
}

interface RightsParts {
  readonly workspace: Workspace;
  readonly settings: RightsSettings;
  /** Of the gateway's `bus` section. */
  readonly groupId: string;
  /**
   * Datasets whose records clients push over HTTP: the gateway publishes these for their authority, whose client it has
   * identified.
   */
  readonly pushed: ReadonlySet<DatasetId>;
  /** Authorities whose systems take part in cases over the bus. */
  readonly caseTopics?: readonly string[];
}

/**
 * Only an authority's principals write its topics; the gateway reads all, and writes those that are pushed to it, and
 * what authorities are told of cases, which they read; a connector reads what `reads` says. Nobody else does anything.
 * @throws YitongError `bad_config` where the settings name an authority or dataset that is not there
 */
export function rightsOf({ workspace, settings, groupId, pushed, caseTopics = [] }: RightsParts): readonly Right[] {
  const {
    authority: pattern = 'User:CN={authority}',
    principals = {},
    gateway = ['User:CN=gateway'],
    reads = {},
    authorityGroup = '{authority}',
  } = settings;
  const datasets = new Map<string, DatasetId>([...workspace.contracts.keys()].map((id) => [id, id]));
  const authorities = new Map<string, AuthorityId>(
    [...workspace.contracts.values()].map(({ authority }) => [authority, authority]),
  );
  for (const name of [...Object.keys(principals), ...Object.keys(reads)]) {
    if (!authorities.has(name) && !caseTopics.includes(name))
      throw new YitongError('bad_config', `\`acl\` names the authority \`${name}\`, which has no dataset`);
  }
  const of = (authority: string): readonly string[] =>
    principals[authority] ?? [pattern.replaceAll('{authority}', authority)];
  const rights: Right[] = [];
  const allow = (
    who: readonly string[],
    resource: Right['resource'],
    name: string,
    operations: readonly Operation[],
  ): void => {
    for (const principal of who)
      for (const operation of operations)
        rights.push({ principal, operation, resource, name, pattern: resource === 'topic' ? 'literal' : 'prefixed' });
  };
  const published = (topic: string, authority: string, byGateway: boolean): void => {
    allow(of(authority), 'topic', topic, ['Write', 'Create', 'DescribeConfigs']);
    allow(gateway, 'topic', topic, ['Read', 'Create', 'DescribeConfigs', ...(byGateway ? (['Write'] as const) : [])]);
  };
  for (const { id, authority } of workspace.contracts.values())
    published(dataTopic(workspace.prefix, id), authority, pushed.has(id));
  for (const authority of authorities.values()) {
    published(
      controlTopic(workspace.prefix, authority),
      authority,
      [...workspace.contracts.values()].some((one) => one.authority === authority && pushed.has(one.id)),
    );
  }
  const own = (authority: string): string => `${authorityGroup.replaceAll('{authority}', authority)}.`;
  for (const authority of caseTopics) {
    const [steps, acts] = [caseStepsTopic(workspace.prefix, authority), caseActsTopic(workspace.prefix, authority)];
    allow(gateway, 'topic', steps, ['Write', 'Create', 'DescribeConfigs']);
    allow(of(authority), 'topic', steps, ['Read']);
    const sharing = sharingTopic(workspace.prefix, authority);
    allow(gateway, 'topic', sharing, ['Write', 'Create', 'DescribeConfigs']);
    allow(of(authority), 'topic', sharing, ['Read']);
    allow(gateway, 'topic', acts, ['Read', 'Create', 'DescribeConfigs']);
    allow(of(authority), 'topic', acts, ['Write']);
  }
  allow(gateway, 'group', `${groupId}.`, ['Read']);
  for (const [authority, names] of Object.entries(reads)) {
    for (const name of names) {
      const dataset = datasets.get(name);
      if (dataset === undefined)
        throw new YitongError('bad_config', `\`acl.reads\` names the dataset \`${name}\`, which is not there`);
      allow(of(authority), 'topic', dataTopic(workspace.prefix, dataset), ['Read']);
    }
  }
  const readers = Object.keys(reads).filter((authority) => reads[authority]?.length !== 0);
  for (const authority of new Set([...readers, ...caseTopics])) allow(of(authority), 'group', own(authority), ['Read']);
  return rights;
}
