/**
 * The examples beside a contract: valid ones must come back as they went in, invalid ones must be refused for the
 * reason that they are named after.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeRecord, encodeRecord } from './avro.js';
import { type ErrorCode, errorTable, type FieldProblem, isYitongError, type Place } from './errors.js';
import { readJson } from './files.js';
import type { Contract, Workspace } from './types.js';

interface ExampleFinding {
  readonly severity: 'error' | 'note';
  readonly code: ErrorCode;
  readonly message: string;
  readonly place: Place;
}

type Ground = Pick<Workspace, 'codelists' | 'schemes'>;
type Checked =
  | { readonly ok: true; readonly body: Buffer }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

/** The value at a path without lists. */
function valueAt(record: unknown, path: string): unknown {
  let value = record;
  for (const part of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[part];
  }
  return value;
}

/** All that publishing would check of one record: fields, code lists, the subject's key, the size. */
function checkRecord(contract: Contract, value: unknown, ground: Ground): Checked {
  const encoded = encodeRecord(contract.latest, value, { codelists: ground.codelists });
  if (!encoded.ok) return encoded;
  const { scheme, field } = contract.subject;
  const key = valueAt(value, field);
  const parsed = typeof key === 'string' ? ground.schemes.get(scheme)?.parse(key) : undefined;
  if (parsed === undefined) return { ok: false, problems: [{ code: 'bad_value', field, reason: 'is no key' }] };
  if (!parsed.ok) return { ok: false, problems: [{ code: parsed.code, field, reason: parsed.reason }] };
  if (parsed.changed)
    return {
      ok: false,
      problems: [{ code: 'bad_value', field, reason: `is not in the normal form of \`${scheme}\`` }],
    };
  if (encoded.body.length > contract.maxRecordBytes)
    return {
      ok: false,
      problems: [
        {
          code: 'record_too_large',
          field: '',
          reason: `takes ${encoded.body.length} bytes of ${contract.maxRecordBytes}`,
        },
      ],
    };
  return encoded;
}

/** `whole` says all that `part` says; it may hold more members, which came from defaults. */
function says(whole: unknown, part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return Object.is(whole, part) || (whole === 0 && part === 0);
  if (typeof whole !== 'object' || whole === null) return false;
  if (Array.isArray(part))
    return Array.isArray(whole) && whole.length === part.length && part.every((item, at) => says(whole[at], item));
  return Object.entries(part).every(
    ([key, member]) => Object.hasOwn(whole, key) && says((whole as Readonly<Record<string, unknown>>)[key], member),
  );
}

const list = (problems: readonly FieldProblem[]): string =>
  problems
    .map(({ field, reason, code }) => `${field === '' ? 'the record' : `\`${field}\``} ${reason} [${code}]`)
    .join('; ');
const jsonFiles = async (dir: string): Promise<string[]> =>
  (await readdir(dir).catch(() => [])).filter((name) => name.endsWith('.json')).sort();

async function checkValid(contract: Contract, file: string, ground: Ground): Promise<string | undefined> {
  const value = await readJson(file, 'bad_contract');
  const checked = checkRecord(contract, value, ground);
  if (!checked.ok) return `the valid example is refused: ${list(checked.problems)}`;
  if (!says(decodeRecord(contract.latest, checked.body), value))
    return 'the valid example does not come back as it went in';
  return undefined;
}

async function checkInvalid(
  contract: Contract,
  file: string,
  expected: string | undefined,
  ground: Ground,
): Promise<string | undefined> {
  if (expected === undefined || !Object.hasOwn(errorTable, expected))
    return 'an invalid example is named after its error code: `missing_value--no-name.json`';
  const checked = checkRecord(contract, await readJson(file, 'bad_contract'), ground);
  if (checked.ok) return `the invalid example is accepted; it should be refused as \`${expected}\``;
  if (!checked.problems.some(({ code }) => code === expected))
    return `the invalid example should be refused as \`${expected}\`, but: ${list(checked.problems)}`;
  return undefined;
}

/** Runs `examples/valid/*.json` and `examples/invalid/<error-code>--<anything>.json` against the latest version. */
export async function checkExamples(contract: Contract, ground: Ground): Promise<readonly ExampleFinding[]> {
  const findings: ExampleFinding[] = [];
  const run = async (file: string, check: () => Promise<string | undefined>): Promise<void> => {
    const message = await check().catch((error: unknown) => {
      if (isYitongError(error)) return error.message;
      throw error;
    });
    if (message !== undefined) findings.push({ severity: 'error', code: 'bad_contract', message, place: { file } });
  };
  const [valid, invalid] = [join(contract.dir, 'examples/valid'), join(contract.dir, 'examples/invalid')];
  const names = await jsonFiles(valid);
  for (const name of names) await run(join(valid, name), () => checkValid(contract, join(valid, name), ground));
  for (const name of await jsonFiles(invalid))
    await run(join(invalid, name), () =>
      checkInvalid(contract, join(invalid, name), /^([a-z_]+)--./.exec(name)?.[1], ground),
    );
  if (names.length === 0)
    findings.push({
      severity: 'note',
      code: 'bad_contract',
      message: 'there is no example; put one record into examples/valid/',
      place: { file: contract.dir },
    });
  return findings;
}
