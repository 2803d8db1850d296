/**
 * Rights as ACLs of Kafka's standard authorizer: as commands of its own tool, compared with a cluster, set and removed.
 */
import type { Right } from '../rights.js';
import { type AclEntry, acls, connectKafka, type KafkaOptions, type WithAdmin, withAdmin } from './client.js';
import { failureOf } from './failure.js';

/** An ACL in Kafka's words. */
export interface Acl {
  readonly principal: string;
  readonly permission: string;
  readonly operation: string;
  readonly host: string;
  readonly resource: string;
  readonly name: string;
  readonly pattern: string;
}

const asAcl = (right: Right): Acl => ({ ...right, permission: 'Allow', host: '*' });
/** As `samr Write topic yunzhou.samr.penalties`, and what is unusual of it. */
export const aclText = ({ principal, permission, operation, host, resource, name, pattern }: Acl): string =>
  `${principal} ${operation} ${resource} ${name}${pattern === 'prefixed' ? '*' : ''}` +
  (permission === 'Allow' ? '' : ` (${permission})`) +
  `${host === '*' ? '' : ` from ${host}`}`;
const keyOf = (acl: Acl): string =>
  JSON.stringify([acl.principal, acl.permission, acl.operation, acl.host, acl.resource, acl.name, acl.pattern]);

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Commands of Kafka's own `kafka-acls.sh`, one a principal and resource. */
export function aclCommands(rights: readonly Right[], bootstrap: string, configFile?: string): readonly string[] {
  const lines = new Map<string, { readonly right: Right; readonly operations: string[] }>();
  for (const right of rights) {
    const key = JSON.stringify([right.principal, right.resource, right.name]);
    const line = lines.get(key);
    if (line === undefined) lines.set(key, { right, operations: [right.operation] });
    else line.operations.push(right.operation);
  }
  const config = configFile === undefined ? '' : ` --command-config ${quoted(configFile)}`;
  return [...lines.values()].map(
    ({ right: { principal, resource, name, pattern }, operations }) =>
      `kafka-acls.sh --bootstrap-server ${bootstrap}${config} --add --allow-principal ${quoted(principal)}` +
      `${operations.map((operation) => ` --operation ${operation}`).join('')} --${resource} ` +
      `${quoted(name)} --resource-pattern-type ${pattern}`,
  );
}

export interface AclDifference {
  readonly missing: readonly Acl[];
  /** On our own topics and groups, and not of the workspace. */
  readonly surplus: readonly Acl[];
  /**
   * Wider patterns that reach our topics too, so that somebody may do more than the workspace says. Not ours alone to
   * remove.
   */
  readonly wider: readonly Acl[];
}

/** @param prefix of the workspace's topics */
export function compareAcls(rights: readonly Right[], found: readonly Acl[], prefix: string): AclDifference {
  const wanted = new Map(rights.map((right) => [keyOf(asAcl(right)), asAcl(right)]));
  const there = new Set(found.map(keyOf));
  const groups = [...new Set(rights.filter(({ resource }) => resource === 'group').map(({ name }) => name))];
  const own = ({ resource, name }: Acl): boolean =>
    resource === 'topic'
      ? name.startsWith(`${prefix}.`)
      : resource === 'group' && groups.some((group) => name.startsWith(group));
  const reaches = ({ resource, name, pattern, permission }: Acl): boolean =>
    resource === 'topic' &&
    permission === 'Allow' &&
    (name === '*' || (pattern === 'prefixed' && `${prefix}.`.startsWith(name) && name !== `${prefix}.`));
  return {
    missing: [...wanted].flatMap(([key, acl]) => (there.has(key) ? [] : [acl])),
    surplus: found.filter((acl) => own(acl) && !wanted.has(keyOf(acl))),
    wider: found.filter(reaches),
  };
}

interface AclAdmin {
  /** All ACLs of the cluster. */
  list(): Promise<readonly Acl[]>;
  add(list: readonly Acl[]): Promise<void>;
  remove(list: readonly Acl[]): Promise<void>;
}

/**
 * The methods throw YitongError `bus_denied` if the settings' principal may not alter the cluster, `bus_login_failed`,
 * `bus_unavailable`.
 */
export function openAcls(options: KafkaOptions): AclAdmin {
  const use: WithAdmin = withAdmin(connectKafka(options));
  const failed =
    (doing: string) =>
    (error: unknown): never => {
      throw failureOf(error, doing).error;
    };
  return {
    async list() {
      const { resources } = await use((admin) => admin.describeAcls(acls.any)).catch(failed('ACLs cannot be read'));
      return resources.flatMap(({ acls: entries, ...resource }) =>
        entries.map((entry) => fromEntry({ ...entry, ...resource })),
      );
    },
    async add(list) {
      if (list.length > 0)
        await use((admin) => admin.createAcls({ acl: list.map(toEntry) })).catch(failed('ACLs cannot be set'));
    },
    async remove(list) {
      if (list.length > 0)
        await use((admin) => admin.deleteAcls({ filters: list.map(toEntry) })).catch(failed('ACLs cannot be removed'));
    },
  };
}

/** `DESCRIBE_CONFIGS` ↔ `DescribeConfigs`. */
const words = (constant: string): string =>
  constant.toLowerCase().replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
const constant = (word: string): string => word.replace(/(?!^)[A-Z]/g, '_$&').toUpperCase();

const nameOf = (names: Readonly<Record<string, number>>, value: number): string =>
  Object.keys(names).find((name) => names[name] === value) ?? String(value);

function fromEntry(entry: AclEntry): Acl {
  return {
    principal: entry.principal,
    permission: words(nameOf(acls.permissions, entry.permissionType)),
    operation: words(nameOf(acls.operations, entry.operation)),
    host: entry.host,
    resource: nameOf(acls.resources, entry.resourceType).toLowerCase(),
    name: entry.resourceName,
    pattern: nameOf(acls.patterns, entry.resourcePatternType).toLowerCase(),
  };
}

function toEntry(acl: Acl): AclEntry {
  return {
    principal: acl.principal,
    host: acl.host,
    operation: acls.operations[constant(acl.operation)] ?? 0,
    permissionType: acls.permissions[constant(acl.permission)] ?? 0,
    resourceType: acls.resources[constant(acl.resource)] ?? 0,
    resourceName: acl.name,
    resourcePatternType: acls.patterns[constant(acl.pattern)] ?? 0,
  };
}
