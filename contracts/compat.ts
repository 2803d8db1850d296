/**
 * Whether a contract may change as it does. Versions of a schema are BACKWARD_TRANSITIVE: each reads the data of every
 * older one. What readers of an older version meet (FORWARD) is a note.
 */
import { unreadable } from './avro.js';
import { canonicalJson } from './canonical.js';
import type { ErrorCode, Place } from './errors.js';
import { checkExamples } from './examples.js';
import type { DatasetId } from './ids.js';
import { type FieldShape, type RecordShape, readSchema, type Shape, unwrap } from './schema.js';
import { CLASSIFICATIONS, type Contract, type ContractVersion, type FieldInfo, type Workspace } from './types.js';

export interface Finding {
  /** A contract with an `error` may not be published; a `note` is for whoever reviews. */
  readonly severity: 'error' | 'note';
  readonly code: ErrorCode;
  /** Its id; of a report `reports/<report>`, of a bundle `bundles/<bundle>`, of a lifecycle `lifecycle <lifecycle>`. */
  readonly dataset:
    | DatasetId
    | `reports/${string}`
    | `bundles/${string}`
    | 'elements'
    | 'names'
    | 'sharing'
    | `lifecycle ${string}`
    | `calendar ${string}`;
  readonly message: string;
  readonly place?: Place;
}

type Say = (severity: Finding['severity'], message: string, code?: ErrorCode) => void;

const WIDER: Readonly<Record<string, readonly string[]>> = { int: ['long', 'double'], long: ['double'] };
const words = (shape: Shape): string =>
  shape.kind === 'decimal'
    ? `decimal(${shape.precision},${shape.scale})`
    : shape.kind === 'nullable'
      ? `${words(shape.of)} or null`
      : shape.kind;
/** Avro compares the names of named types without their namespaces. */
const bareName = (name: string): string => name.slice(name.lastIndexOf('.') + 1);

function compareEnums(older: readonly string[], newer: readonly string[], at: string, say: Say): void {
  const removed = older.filter((symbol) => !newer.includes(symbol));
  const added = newer.filter((symbol) => !older.includes(symbol));
  if (removed.length > 0) say('error', `${at} lost the symbols ${listed(removed)}; data that hold them cannot be read`);
  if (added.length > 0)
    say('note', `${at} has the new symbols ${listed(added)}; readers of the older version do not know them`);
}

const listed = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');

function compareShapes(before: Shape, after: Shape, path: string, say: Say): void {
  const at = `\`${path}\``;
  if (before.kind === 'nullable' && after.kind !== 'nullable')
    say('error', `${at} must now have a value, but older data may hold none`);
  if (before.kind !== 'nullable' && after.kind === 'nullable')
    say('note', `${at} may now be null; readers of the older version do not expect that`);
  const [older, newer] = [unwrap(before), unwrap(after)];
  if (WIDER[older.kind]?.includes(newer.kind) === true)
    return say(
      'note',
      `${at} is now a ${newer.kind} instead of a ${older.kind}; readers of the older version cannot read it`,
    );
  const changed = (): void => say('error', `${at} changed its type from ${words(older)} to ${words(newer)}`);
  switch (older.kind) {
    case 'record':
      return newer.kind === 'record' ? compareRecords(older, newer, path, say) : changed();
    case 'array':
      return newer.kind === 'array' ? compareShapes(older.items, newer.items, `${path}[]`, say) : changed();
    case 'map':
      return newer.kind === 'map' ? compareShapes(older.values, newer.values, `${path}{}`, say) : changed();
    case 'enum':
      if (newer.kind !== 'enum') return changed();
      if (bareName(older.name) !== bareName(newer.name))
        say('error', `${at} renamed its type from \`${older.name}\` to \`${newer.name}\``);
      return compareEnums(older.symbols, newer.symbols, at, say);
    case 'fixed':
      return newer.kind === 'fixed' && newer.size === older.size && bareName(newer.name) === bareName(older.name)
        ? undefined
        : changed();
    case 'decimal':
      return newer.kind === 'decimal' && newer.precision === older.precision && newer.scale === older.scale
        ? undefined
        : changed();
    default:
      return older.kind === newer.kind ? undefined : changed();
  }
}

function compareMeaning(older: FieldShape, newer: FieldShape, path: string, say: Say): void {
  const [unitBefore, unitAfter] = [older.attributes['unit'], newer.attributes['unit']];
  if (unitBefore !== unitAfter)
    say(
      'error',
      `\`${path}\` changed its unit from \`${String(unitBefore ?? 'none')}\` to ` +
        `\`${String(unitAfter ?? 'none')}\`; older figures would be misread`,
    );
  const [listBefore, listAfter] = [older.attributes['codelist'], newer.attributes['codelist']];
  if (listBefore !== listAfter)
    say(
      'note',
      `\`${path}\` changed its code list from \`${String(listBefore ?? 'none')}\` to ` +
        `\`${String(listAfter ?? 'none')}\``,
    );
}

function compareRecords(older: RecordShape, newer: RecordShape, path: string, say: Say): void {
  const prefix = path === '' ? '' : `${path}.`;
  const after = new Map(newer.fields.map((field) => [field.name, field]));
  const known = new Set(older.fields.map(({ name }) => name));
  if (bareName(older.name) !== bareName(newer.name))
    say(
      'error',
      `${path === '' ? 'the record' : `\`${path}\``} renamed its type from \`${older.name}\` to \`${newer.name}\``,
    );
  for (const field of older.fields) {
    const at = `${prefix}${field.name}`;
    const now = after.get(field.name);
    if (now === undefined)
      say(
        'error',
        `\`${at}\` was removed; whoever was granted it loses it. Keep it, nullable, or publish a new dataset`,
      );
    else {
      compareShapes(field.shape, now.shape, at, say);
      compareMeaning(field, now, at, say);
    }
  }
  for (const field of newer.fields) {
    if (!known.has(field.name) && !field.hasDefault)
      say('error', `\`${prefix}${field.name}\` is new and has no default, so older data cannot be read`);
  }
}

const rank = (field: FieldInfo): number => CLASSIFICATIONS.indexOf(field.classification);

/** What becomes of data and readers of `older` under `newer`; both of one dataset. */
function compareVersions(
  older: ContractVersion,
  newer: ContractVersion,
): readonly Pick<Finding, 'severity' | 'message' | 'code'>[] {
  const found: Pick<Finding, 'severity' | 'message' | 'code'>[] = [];
  const say: Say = (severity, message, code = 'schema_incompatible') =>
    found.push({ severity, code, message: `v${newer.version} against v${older.version}: ${message}` });
  compareRecords(readSchema(older.schema), readSchema(newer.schema), '', say);
  const after = new Map(newer.fields.map((field) => [field.path, field]));
  for (const field of older.fields) {
    const now = after.get(field.path);
    // a branch only follows its leaves
    if (now === undefined || field.branch) continue;
    if (rank(now) < rank(field))
      say(
        'error',
        `\`${field.path}\` lowered its classification from \`${field.classification}\` to ` +
          `\`${now.classification}\`; older records were given under the higher one`,
      );
    if (rank(now) > rank(field))
      say(
        'note',
        `\`${field.path}\` raised its classification from \`${field.classification}\` to ` +
          `\`${now.classification}\`; policies may withhold it now`,
      );
  }
  // the standard's own resolution has the last word, should the words above miss something
  const why = found.some(({ severity }) => severity === 'error') ? undefined : unreadable(newer.type, older.type);
  if (why !== undefined) say('error', `older data cannot be read: ${why}`);
  return found;
}

/** Every version against every older one. What was said of a nearer pair is not said again. */
function compareAll(contract: Contract): readonly Pick<Finding, 'severity' | 'message' | 'code'>[] {
  const found = new Map<string, Pick<Finding, 'severity' | 'message' | 'code'>>();
  for (const [index, newer] of contract.versions.entries()) {
    for (const older of contract.versions.slice(0, index).reverse()) {
      for (const finding of compareVersions(older, newer)) {
        const key = `v${newer.version}${finding.message.slice(finding.message.indexOf(':'))}`;
        if (!found.has(key)) found.set(key, finding);
      }
    }
  }
  return [...found.values()];
}

const STRICTNESS = { unconditional: 0, conditional: 1, none: 2 } as const;

/**
 * 政务数据共享条例 Art.16, 17(3), 27(3): what a published entry may not do without its authority's fresh approval, which is
 * told by a later date.
 */
function compareSharing(before: Contract, after: Contract, say: Say): void {
  const approved = after.approval.date > before.approval.date;
  const severity = approved ? 'note' : 'error';
  const how = approved
    ? `, approved on ${after.approval.date}`
    : `; that needs an approval later than ${before.approval.date} (政务数据共享条例 Art.16, 17(3), 27(3))`;
  if (STRICTNESS[after.sharing.attribute] > STRICTNESS[before.sharing.attribute]) {
    say(
      severity,
      `sharing was tightened from ${before.sharing.attribute} to ${after.sharing.attribute}${how}`,
      'bad_contract',
    );
  } else if (
    canonicalJson(after.sharing.conditions ?? null) !== canonicalJson(before.sharing.conditions ?? null) &&
    after.sharing.conditions !== undefined
  ) {
    say(severity, `conditions were added or changed${how}`, 'bad_contract');
  }
  for (const way of before.sharing.delivery)
    if (!after.sharing.delivery.includes(way)) say(severity, `delivery by ${way} was taken away${how}`, 'bad_contract');
}

/** `after` as the next state of the published `before`. */
function compareContracts(
  before: Contract,
  after: Contract,
): readonly Pick<Finding, 'severity' | 'message' | 'code'>[] {
  const found: Pick<Finding, 'severity' | 'message' | 'code'>[] = [];
  const say: Say = (severity, message, code = 'schema_incompatible') => found.push({ severity, code, message });
  const { subject: old } = before;
  const { subject: now } = after;
  if (old.scheme !== now.scheme || old.field !== now.field)
    say(
      'error',
      `the subject changed from \`${old.field}\` (${old.scheme}) to \`${now.field}\` (${now.scheme}); ` +
        'published records would belong to others',
    );
  if (old.persons !== now.persons)
    say('error', '`subject.persons` changed; records already published were kept under the other rule');
  if (before.recordId.join() !== after.recordId.join())
    say(
      'error',
      `the record id changed from \`${before.recordId.join(', ')}\` to \`${after.recordId.join(', ')}\`; ` +
        'published records could not be replaced or withdrawn',
    );
  if (before.partitions !== after.partitions)
    say(
      'error',
      `the partition count changed from ${before.partitions} to ${after.partitions}; a subject's records would ` +
        'lose their order',
      'topic_mismatch',
    );
  if (before.history === 'full' && after.history === 'latest')
    say('error', 'history changed from full to latest; past versions would be lost');
  compareSharing(before, after, say);
  if (after.updateFrequency > before.updateFrequency)
    say(
      'note',
      `the update frequency fell from ${before.updateFrequencyText} to ${after.updateFrequencyText}`,
      'bad_contract',
    );
  if (after.maxRecordBytes < before.maxRecordBytes)
    say(
      'note',
      `\`maxRecordBytes\` fell from ${before.maxRecordBytes} to ${after.maxRecordBytes}; records that fitted ` +
        'may be quarantined',
      'bad_contract',
    );
  for (const version of before.versions) {
    const same = after.versions.find((candidate) => candidate.version === version.version);
    if (same === undefined)
      say('error', `v${version.version} was removed; records published under it could not be read`);
    else if (canonicalJson(same.schema) !== canonicalJson(version.schema))
      say('error', `v${version.version} was changed after publication; write v${before.latest.version + 1}.avsc`);
  }
  return found;
}

/**
 * Everything that `contracts check` says of one contract: its versions among each other, its examples, and, where
 * `before` is given, what was published. Errors first.
 */
async function checkContract(
  contract: Contract,
  workspace: Pick<Workspace, 'codelists' | 'schemes'>,
  before?: Contract,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const finding of compareAll(contract)) findings.push({ ...finding, dataset: contract.id });
  for (const finding of before === undefined ? [] : compareContracts(before, contract))
    findings.push({ ...finding, dataset: contract.id });
  for (const finding of await checkExamples(contract, workspace)) findings.push({ ...finding, dataset: contract.id });
  return findings.sort((a, b) => Number(a.severity === 'note') - Number(b.severity === 'note'));
}

/** Every contract of a workspace, against an earlier state of it if there is one. */
export async function checkWorkspace(workspace: Workspace, before?: Workspace): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const contract of workspace.contracts.values())
    findings.push(...(await checkContract(contract, workspace, before?.contracts.get(contract.id))));
  for (const id of before?.contracts.keys() ?? []) {
    if (!workspace.contracts.has(id))
      findings.push({
        severity: 'error',
        code: 'schema_incompatible',
        dataset: id,
        message: 'the dataset was removed; whoever was granted it loses it',
      });
  }
  return findings;
}
