/** A file as `feed new` sees it: what is proposed for it, and what a real run of that proposal then does. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { openEmbeddedBus } from '../../connectors/bus/embedded/bus.js';
import type { Answers } from '../../connectors/propose/decision.js';
import { look, type Proposal, type ProposeContext, propose } from '../../connectors/propose/propose.js';
import { sniffFile } from '../../connectors/propose/sniff.js';
import { readTerms } from '../../connectors/propose/terms.js';
import { State } from '../../connectors/publish/index.js';
import { Quarantine } from '../../connectors/quarantine.js';
import { runFeed } from '../../connectors/run.js';
import type { Workspace } from '../../contracts/types.js';
import { loadWorkspace } from '../../contracts/workspace.js';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { cli } from '../e2e/city.js';

export const NONE: Answers = { dateFormats: new Map(), types: new Map(), classes: new Map(), names: new Map() };
const termsFile = join(packageRoot(), 'connectors/propose/terms.json');

const cities = t.testdir();

export const newCity = (name = 'city'): string => {
  const dir = join(cities, name);
  execFileSync(process.execPath, [cli, 'init', dir]);
  return dir;
};

export async function context(dir: string): Promise<ProposeContext> {
  return {
    workspace: await loadWorkspace(dir),
    terms: await readTerms(termsFile),
    signal: new AbortController().signal,
    now: () => new Date('2026-06-01T00:00:00Z'),
  };
}

export async function proposeFile(
  path: string,
  at: ProposeContext,
  answers: Partial<Answers> = {},
  name = 'firms.csv',
): Promise<Proposal> {
  const said = { ...NONE, ...answers };
  const { source, decisions } = await sniffFile(path, said, { schemes: at.workspace.schemes, terms: at.terms });
  return propose(
    await look(
      { source: { ...source, path }, schedule: 'PT1H', snapshot: true, roots: [dirname(path)], decisions, name },
      at,
    ),
    said,
    at,
  );
}

export async function proposeText(
  t: Test,
  at: ProposeContext,
  content: string | Uint8Array,
  answers: Partial<Answers> = {},
  name = 'firms.csv',
): Promise<Proposal> {
  const path = join(t.testdir(), name);
  writeFileSync(path, content);
  return proposeFile(path, at, answers, name);
}

/** Rows and what became of them, with the field and code of each refused row's first problem. */
export interface Outcome {
  readonly rows: number;
  readonly published: number;
  readonly merged: number;
  readonly quarantined: number;
  readonly refused: Readonly<Record<string, number>>;
}

export const forecastOf = ({ trial }: Proposal): Outcome => {
  const refused: Record<string, number> = {};
  for (const { field, code, rows } of trial.refused)
    refused[`${code === 'conflicting_duplicate' ? '' : field} ${code}`] =
      (refused[`${code === 'conflicting_duplicate' ? '' : field} ${code}`] ?? 0) + rows;
  return {
    rows: trial.rows,
    published: trial.published,
    merged: trial.merged,
    quarantined: trial.quarantined,
    refused,
  };
};

/** What was proposed, run against a bus and a state of its own. */
export async function outcomeOf({ draft }: Proposal, workspace: Workspace, dir: string): Promise<Outcome> {
  const { contract } = draft;
  const bus = await openEmbeddedBus({ dir: join(dir, 'bus') });
  const dataDir = join(dir, 'data');
  const state = State.open(dataDir);
  const feed = {
    dataset: contract.id,
    authority: contract.authority,
    maxWithdrawShare: 0.1,
    onDuplicate: 'quarantine',
    file: 'feed.json',
    ...draft.feed,
  } as const;
  const here = { ...workspace, contracts: new Map([[contract.id, contract]]) };
  const { rows, published, merged, quarantined } = await runFeed({
    feed,
    workspace: here,
    bus,
    state,
    dataDir,
    signal: new AbortController().signal,
    roots: [dirname(String(draft.feed.source['path']))],
  });
  const quarantine = Quarantine.open(dataDir, contract.id, () => new Date());
  const refused: Record<string, number> = {};
  for (const {
    problems: [first],
  } of await quarantine.list()) {
    const what = `${first?.code === 'conflicting_duplicate' ? '' : (first?.field ?? '')} ${first?.code ?? ''}`;
    refused[what] = (refused[what] ?? 0) + 1;
  }
  await quarantine.close();
  await state.close();
  await bus.close();
  return { rows, published, merged, quarantined, refused };
}
