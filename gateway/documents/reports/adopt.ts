/** Reports, authorisations and invitations of a data folder, taken over into a state that replicas share. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openEnv } from '../../../connectors/lmdb/env.js';
import { present } from '../../../contracts/present.js';
import { asJson } from '../../ground/state/as-json.js';
import { endLink } from '../../ground/state/ending.js';
import { type Change, type State, StateConflict } from '../../ground/state/port.js';
import { isTaken, taken } from '../../ground/state/taken.js';
import type { Moment } from '../model/model.js';
import { type ReportDocuments, reportDocuments } from './state-store.js';
import { NO_NUMBERS, type Numbers, placesOf, type Row } from './store.js';

const REPORTS = 'reports';
type Value = Row | Numbers | string;

const storeFile = (dataDir: string): string => join(dataDir, 'reports', 'store');

/**
 * The keys of their companies are taken over before. Again it changes nothing.
 * @returns how many there are
 */
export async function adoptReports(state: State, folder: string, dataDir: string): Promise<number> {
  const file = storeFile(dataDir);
  if (!existsSync(file) || (await isTaken(state, folder, REPORTS))) return 0;
  const env = openEnv<Value, string>({ file, encoding: 'json', maxReaders: 512, readOnly: true });
  try {
    let count = 0;
    for (const kind of ['report', 'authorisation', 'invitation'] as const)
      for (const { key, value } of env.root.getRange({ start: `${kind}/`, end: `${kind}/~` })) {
        if (typeof value !== 'object' || !('owner' in value)) continue;
        const id = key.slice(kind.length + 1);
        count++;
        await putOnce(state, kind === 'report' ? ofReport(env.root, id, value) : ofOther(kind, id, value));
      }
    const numbers = env.root.get('numbers');
    const counts = countsOf(typeof numbers === 'object' && 'verified' in numbers ? numbers : NO_NUMBERS);
    await state.commit([...counts, taken(folder, REPORTS)]);
    return count;
  } finally {
    await env.close();
  }
}

/** Whether a data folder holds any. */
export async function hasReports(dataDir: string): Promise<boolean> {
  const file = storeFile(dataDir);
  if (!existsSync(file)) return false;
  const env = openEnv<Value, string>({ file, encoding: 'json', maxReaders: 512, readOnly: true });
  try {
    const kinds = ['report', 'authorisation', 'invitation'];
    return kinds.some((kind) => [...env.root.getKeys({ start: `${kind}/`, end: `${kind}/~`, limit: 1 })].length > 0);
  } finally {
    await env.close();
  }
}

/** What is there already was taken over by a run that was interrupted. */
async function putOnce(state: State, changes: readonly Change[]): Promise<void> {
  try {
    await state.commit(changes);
  } catch (error) {
    if (!(error instanceof StateConflict)) throw error;
  }
}

interface Map {
  get(key: string): Value | undefined;
  getKeys(range: object): Iterable<string>;
}

function ofReport(map: Map, id: string, { owner, enc, until, links, about, said }: Row): readonly Change[] {
  const revokedAt = map.get(`revoked/${id}`);
  const places = [...map.getKeys(placesOf(id))].map((key) => {
    const [list = 0, index = 0] = key.split('/').slice(2).map(Number);
    return { list, index };
  });
  const documents: ReportDocuments = {
    id,
    owner,
    enc,
    links,
    ...(about === undefined || said === undefined ? {} : { row: { about, said } }),
    marks: {
      until,
      places,
      ...present({ revokedAt: typeof revokedAt === 'string' ? (revokedAt as Moment) : undefined }),
    },
  };
  return reportDocuments(documents);
}

const ofOther = (kind: string, id: string, { owner, enc, until, links }: Row): readonly Change[] => [
  { do: 'put', kind, id, version: 0, owner, links: [...links, endLink(until + 1)], body: asJson({ enc }) },
];

const countsOf = ({ issued, certificates, verified }: Numbers): readonly Change[] => [
  { do: 'count', counter: 'reports/issued', by: issued },
  { do: 'count', counter: 'reports/certificates', by: certificates },
  ...Object.entries(verified).map(
    ([outcome, by]): Change => ({ do: 'count', counter: `reports/verified/${outcome}`, by }),
  ),
];
