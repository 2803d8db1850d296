/** The file of a witness: who it is, where it listens, which logs it cosigns. Unknown keys are errors. */

import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Static, Type } from 'typebox';
import { YitongError } from '../../../contracts/errors.js';
import { readJson } from '../../../contracts/files.js';
import { shape } from '../../../contracts/validate.js';
import { parseVkey, type Verifier } from '../proof/note.js';
import type { WitnessLog } from './witness.js';

const schema = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 200,
      description: 'key name of the witness: a URL without its scheme',
    }),
    state: Type.String({
      minLength: 1,
      description: 'folder of its memory, on a disk of its own; relative to this file',
    }),
    host: Type.Optional(Type.String({ description: 'address to listen on; default 127.0.0.1' })),
    port: Type.Optional(Type.Integer({ minimum: 0, maximum: 65535, description: 'default 8460; 0 takes a free one' })),
    cert: Type.Optional(
      Type.String({ description: 'PEM file of a server certificate; without it plain HTTP, for behind a proxy' }),
    ),
    key: Type.Optional(Type.String({ description: "PEM file of that certificate's key" })),
    logs: Type.Array(
      Type.Object(
        {
          vkey: Type.String({ description: "the log's vkey, as from `/log/vkey`, checked by another way" }),
          origin: Type.Optional(
            Type.String({ minLength: 1, description: "first line of its checkpoints; default: the vkey's name" }),
          ),
        },
        { additionalProperties: false },
      ),
      { minItems: 1 },
    ),
  },
  { additionalProperties: false },
);

interface WitnessConfig {
  readonly name: string;
  readonly state: string;
  readonly host: string;
  readonly port: number;
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly logs: readonly WitnessLog[];
}

const check = shape<Static<typeof schema>>(schema, 'bad_config');

/** @throws YitongError `bad_config`, `log_invalid` for a malformed vkey */
export async function readWitnessConfig(file: string): Promise<WitnessConfig> {
  const given = check(await readJson(file, 'bad_config'), { file });
  const path = (name: string): string => resolve(dirname(file), name);
  if ((given.cert === undefined) !== (given.key === undefined))
    throw new YitongError('bad_config', '`cert` and `key` come together', { place: { file } });
  const logs = new Map<string, Verifier[]>();
  for (const { vkey, origin } of given.logs) {
    const key = parseVkey(vkey);
    const name = origin ?? key.name;
    logs.set(name, [...(logs.get(name) ?? []), key]);
  }
  return {
    name: given.name,
    state: path(given.state),
    host: given.host ?? '127.0.0.1',
    port: given.port ?? 8460,
    tls:
      given.cert === undefined || given.key === undefined
        ? undefined
        : { cert: await readFile(path(given.cert), 'utf8'), key: await readFile(path(given.key), 'utf8') },
    logs: [...logs].map(([origin, keys]) => ({ origin, keys })),
  };
}
