/**
 * Who can sign in with the development provider: `policies/people.json` of the workspace, else one person of each kind.
 * Invented people.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { readJson } from '../../../contracts/files.js';
import type { Workspace } from '../../../contracts/types.js';
import { shape } from '../../../contracts/validate.js';
import { ROLES, type Role, roleNames } from '../../ground/identity/person.js';

const strict = { additionalProperties: false };
const schema = Type.Array(
  Type.Object(
    {
      id: Type.String({ pattern: '^[a-z][a-z0-9-]{0,40}$' }),
      name: Type.String({ minLength: 1, maxLength: 80 }),
      roles: Type.Array(Type.Unsafe<Role>({ enum: [...ROLES] }), { minItems: 1 }),
      authority: Type.Optional(Type.String()),
      subjects: Type.Optional(Type.Array(Type.String(), { maxItems: 50 })),
      note: Type.Optional(Type.Object({ zh: Type.String(), en: Type.String() }, strict)),
    },
    strict,
  ),
  { minItems: 1, maxItems: 100 },
);
export type DemoPerson = Static<typeof schema>[number];
const check = shape<DemoPerson[]>(schema, 'bad_config');

/** @throws YitongError `bad_config` */
export async function demoPersons(workspace: Workspace): Promise<readonly DemoPerson[]> {
  const file = workspace.layers.map((layer) => join(layer, 'policies', 'people.json')).find((path) => existsSync(path));
  if (file !== undefined) return check(await readJson(file, 'bad_config'), { file });
  const [authority] = [...workspace.authorities.keys()].sort();
  const person = (role: Role, more: Partial<DemoPerson> = {}): DemoPerson => ({
    id: role,
    name: roleNames[role].zh,
    roles: [role],
    ...more,
  });
  return [
    person('auditor'),
    person('sharing-authority'),
    ...(authority === undefined ? [] : [person('data-officer', { authority }), person('inspector', { authority })]),
  ];
}
