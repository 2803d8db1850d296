/**
 * Authorisations that the companies of an invented city have given before anybody signs in:
 * `policies/authorisations.json` of a synthetic workspace, under `up` only. Each is recorded as any other is, by its
 * own entry in the log; one that was withdrawn is not given again while it is kept.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { readJson } from '../../../contracts/files.js';
import type { Workspace } from '../../../contracts/types.js';
import { shape } from '../../../contracts/validate.js';
import { dayIn } from '../compute/index.js';
import type { Reports } from './port.js';

const strict = { additionalProperties: false };
const schema = Type.Array(
  Type.Object(
    {
      report: Type.String({ minLength: 1 }),
      /** Who may ask, and who lets it. */
      to: Type.String({ minLength: 1 }),
      from: Type.Array(Type.String({ minLength: 1 }), { minItems: 1, maxItems: 1000, uniqueItems: true }),
      note: Type.Optional(Type.Object({ zh: Type.String(), en: Type.String() }, strict)),
    },
    strict,
  ),
  { maxItems: 100 },
);
const check = shape<Static<typeof schema>>(schema, 'bad_config');

const DAY = 86_400_000;
/** Days for which they hold; the most that one can. */
const HOLDS = 365;

/** @returns how many were recorded now @throws YitongError `bad_config` for a malformed file, `audit_unavailable` */
export async function seedAuthorisations(
  workspace: Pick<Workspace, 'layers' | 'synthetic'>,
  reports: Reports,
  now: number,
): Promise<number> {
  const file = workspace.layers
    .map((layer) => join(layer, 'policies', 'authorisations.json'))
    .find((path) => existsSync(path));
  if (file === undefined || !workspace.synthetic) return 0;
  const asking = { requestId: 'seed', by: 'seed' };
  const today = dayIn(now);
  let recorded = 0;
  for (const { report, to, from } of check(await readJson(file, 'bad_config'), { file })) {
    if (!reports.definitions.has(report)) continue;
    const authorised = await Promise.all(from.map((one) => reports.hasAuthorised(report, one, to)));
    const missing = from.filter((_, at) => authorised[at] !== true);
    await Promise.all(
      missing.map((one) =>
        reports.authorise({ report, from: one, to, since: today, until: dayIn(now + HOLDS * DAY) }, asking),
      ),
    );
    recorded += missing.length;
  }
  return recorded;
}
