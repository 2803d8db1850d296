/** A workspace as `yitong init` makes it, with as many shops as somebody wants, and a grant of them as a file. */
import { execFileSync } from 'node:child_process';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openBus } from '../../connectors/bus/open.js';
import { dataTopic, HEADER, type OutRecord } from '../../connectors/bus/port.js';
import { encodeFramed } from '../../contracts/avro.js';
import { subjectKey } from '../../contracts/ids.js';
import uscc from '../../contracts/subjects/uscc.js';
import type { ContractVersion } from '../../contracts/types.js';
import { loadWorkspace } from '../../contracts/workspace.js';
import { cli } from './city.js';

export const DATASET = 'office.shops';
export const PURPOSE = 'permit-check';
const GRANT = 'policies/grants/front-desk-shops.json';
const CONTRACT = 'contracts/datasets/office/shops/contract.json';
/** Those that the workspace has itself. */
export const OWN_SHOPS = 3;
const AT_ONCE = 500;

type Json = Readonly<Record<string, unknown>>;

export const shopOf = (n: number): string => subjectKey('uscc', uscc.make(n + 1000));

/** @param batch subjects of one batch */
export async function shopsWorkspace(workspace: string, batch: number): Promise<void> {
  execFileSync(process.execPath, [cli, 'init', workspace]);
  const delivery = ['query', 'batch', 'file'];
  const sharing = (await read(workspace, CONTRACT))['sharing'] as Json;
  await change(workspace, CONTRACT, { sharing: { ...sharing, delivery } });
  await changeGrant(workspace, { delivery, batchLimit: batch });
}

const read = async (workspace: string, path: string): Promise<Json> =>
  JSON.parse(await readFile(join(workspace, path), 'utf8')) as Json;

export async function changeFile(workspace: string, path: string, to: (content: Json) => Json): Promise<void> {
  await writeFile(join(workspace, `${path}.new`), JSON.stringify(to(await read(workspace, path))));
  await rename(join(workspace, `${path}.new`), join(workspace, path));
}
const change = (workspace: string, path: string, parts: Json): Promise<void> =>
  changeFile(workspace, path, (content) => ({ ...content, ...parts }));

export const changeGrant = (workspace: string, parts: Json): Promise<void> => change(workspace, GRANT, parts);

function record(version: ContractVersion, n: number, name: string): OutRecord {
  const subject = shopOf(n);
  const encoded = encodeFramed(version, {
    uscc: subject.slice('uscc:'.length),
    name: `第${String(n)}家${name}`,
    district: null,
    openedOn: '2020-02-29',
    seats: n,
  });
  if (!encoded.ok) throw new Error(JSON.stringify(encoded.problems));
  return {
    subject,
    recordId: '',
    value: encoded.body,
    headers: {
      [HEADER.sourceTime]: new Date().toISOString(),
      [HEADER.position]: String(n),
      [HEADER.contractVersion]: '1',
      [HEADER.sequence]: `1.${String(n + 1)}`,
    },
  };
}

/** @param name what comes behind the number of each */
export async function publishShops(workspace: string, data: string, count: number, name: string): Promise<void> {
  const space = await loadWorkspace(workspace);
  const version = space.contracts.get(DATASET as never)?.latest;
  if (version === undefined) throw new Error('no such dataset');
  const bus = await openBus({ driver: 'embedded', dir: join(data, 'bus') });
  const producer = await bus.producer();
  for (let n = 0; n < count; n += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - n) }, (_, i) => record(version, n + i, name));
    await producer.send(dataTopic(space.prefix, DATASET), some);
  }
  await bus.close();
}
