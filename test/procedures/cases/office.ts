/** Cases over a state of a test: bundles of the reference city, registers that say what the test wants. */
import type { Test } from 'tap';
import { loadBundles } from '../../../contracts/bundle/load.js';
import type { Answers, Bundle, Json } from '../../../contracts/bundle/types.js';
import { loadCalendars } from '../../../contracts/calendar.js';
import { loadWorkspace } from '../../../contracts/workspace.js';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { openEmbeddedState } from '../../../gateway/ground/state/lmdb/state.js';
import type { State } from '../../../gateway/ground/state/port.js';
import { openSubjectKeys } from '../../../gateway/log/entries/keys.js';
import { type SealingKeys, sealingKeysOf } from '../../../gateway/log/entries/sealing-keys.js';
import { openCases } from '../../../gateway/procedures/cases/cases.js';
import { usualValues } from '../../../gateway/procedures/cases/play.js';
import { developmentDrivers } from '../../../gateway/procedures/cases/ports.js';
import type { Readings } from '../../../gateway/procedures/cases/readings.js';
import type { RegisterReadings } from '../../../gateway/procedures/cases/registers.js';
import type { PublishStep } from '../../../gateway/procedures/cases/topics.js';
import type { CaseActor, CaseDeed, Cases, CasesOptions } from '../../../gateway/procedures/cases/types.js';

const workspace = await loadWorkspace(packageRoot());
export const { bundles, elements } = await loadBundles(workspace);
export const calendar = (await loadCalendars(workspace.layers)).get('mainland')!;
export const START = Date.parse('2026-11-26T10:00:00+08:00');
const COMPANY = 'uscc:91990105MA0000193X';
const PERSON = 'cn-id:11010519491231002X';

export const named = (id: string): Bundle => {
  const found = bundles.get(id);
  if (found === undefined) throw new Error(`there is no ${id}`);
  return found;
};
export const applicantOf = ({ applicant, client }: Pick<Bundle, 'applicant' | 'client'>): CaseActor => ({
  kind: 'applicant',
  subject: applicant === 'company' ? COMPANY : PERSON,
  client,
});
export const officer = (authority: string): CaseActor => ({
  kind: 'authority',
  authority,
  client: `${authority}-system`,
});

/** An example of each element, as registers and applicants say it. */
const examples = new Map<string, Json>([...elements.elements].map(([id, one]) => [id, one.examples[0] as Json]));

/** Registers that say this, and of elements their examples; `away` do not answer. */
export function saying(said: Answers, away: readonly string[] = []): CasesOptions['registers'] {
  return async (bundle): Promise<RegisterReadings> => {
    const filled: Readings['filled'] = new Map(
      [...elements.elements.values()]
        .filter(
          ({ registers, id }) =>
            registers.length > 0 &&
            !away.includes(registers[0]?.contract.id ?? '') &&
            bundle !== undefined &&
            examples.has(id),
        )
        .map(({ id, registers: [first] }) => [
          id,
          {
            value: (said[id] as Json | undefined) ?? (examples.get(id) as Json),
            dataset: first?.contract.id ?? '',
            sourceTime: '2026-11-26T00:00:00Z',
          },
        ]),
    );
    const facts = Object.entries(said).filter(([name]) => !away.includes(bundle.facts.get(name)?.contract.id ?? ''));
    const values = [...filled].flatMap(([id, { value }]) =>
      typeof value === 'object' && !Array.isArray(value) ? [] : [[id, value as Answers[string]] as const],
    );
    const readings: Readings = {
      said: Object.fromEntries([...values, ...facts]),
      filled,
      away: new Map(),
      conflicts: new Map(),
      asked: ['samr.company-register'],
    };
    return { readings, releases: [] };
  };
}

/** Values of all elements that no register and no question says. */
export const written = (bundle: Bundle): Readonly<Record<string, Json>> => usualValues(bundle, elements);

export interface Office {
  readonly cases: Cases;
  readonly state: State;
  readonly deeds: CaseDeed[];
  now: number;
  readonly record: (deed: CaseDeed) => Promise<{ readonly id: string; readonly json: string }>;
  /** Destroys the keys of who applies. */
  erase(): void;
  /** As after a restart. */
  again(): Promise<void>;
}

/** Told as JSON, on topics of the test's own. */
const asJson: PublishStep = (step, about) => ({
  do: 'send',
  topic: `cases.${step.to}`,
  key: about.case,
  value: Buffer.from(JSON.stringify({ ...step, ...about })).toString('base64'),
});

export const casesOver = (
  state: State,
  keys: SealingKeys,
  now: () => number,
  registers: CasesOptions['registers'],
  publish: PublishStep = asJson,
): Cases =>
  openCases({
    bundles,
    elements,
    state,
    keys,
    calendar,
    now,
    registers,
    drivers: developmentDrivers(elements),
    publish,
    mayGo: () => true,
  });

interface OfficeOptions {
  readonly registers?: CasesOptions['registers'];
  readonly dir?: string;
  readonly publish?: PublishStep | undefined;
}

export async function office(
  t: Test,
  { registers = saying({}), dir = t.testdir(), publish }: OfficeOptions = {},
): Promise<Office> {
  const keys = openSubjectKeys({ dir: `${dir}/keys` });
  t.teardown(() => keys.close());
  const sealing = sealingKeysOf(`${dir}/keys`);
  t.teardown(() => sealing.close());
  const deeds: CaseDeed[] = [];
  let state = openEmbeddedState({ dir: `${dir}/state` });
  t.teardown(() => state.close());
  const made = {
    now: START,
    deeds,
    record: (deed: CaseDeed) => Promise.resolve({ id: `w1:${deeds.push(deed)}`, json: '{}' }),
    get state() {
      return state;
    },
    cases: undefined as unknown as Cases,
    erase() {
      for (const subject of [COMPANY, PERSON]) keys.destroy(keys.get(subject)?.pseudonym ?? '');
    },
    async again() {
      await state.close();
      state = openEmbeddedState({ dir: `${dir}/state` });
      open();
    },
  };
  const open = (): void => {
    made.cases = casesOver(state, sealing, () => made.now, registers, publish);
  };
  open();
  return made;
}

/** In a process of its own, which nobody closes. */
export function standing(dir: string, registers: CasesOptions['registers']): Pick<Office, 'cases' | 'record'> {
  const state = openEmbeddedState({ dir: `${dir}/state` });
  const keys = sealingKeysOf(`${dir}/keys`);
  const record: Office['record'] = () => Promise.resolve({ id: 'w1:1', json: '{}' });
  return { cases: casesOver(state, keys, Date.now, registers), record };
}

/** A draft of the bundle's common case, filled in, identified and signed; the next act is to submit it. */
export async function filledIn(
  { cases, record }: Pick<Office, 'cases' | 'record'>,
  bundle: Bundle,
  answers: Answers = bundle.usual.answers,
): Promise<string> {
  const how = { actor: applicantOf(bundle), record };
  const { id } = await cases.open(bundle.id, how);
  await cases.act(id, { act: 'save', answers, values: written(bundle) }, how);
  for (let left = true; left; ) {
    const { acts } = await cases.get(id, how);
    const step = acts.find(({ act }) => act === 'step');
    left = step !== undefined;
    if (step?.step !== undefined && step.port !== undefined)
      await cases.act(id, { act: 'step', step: step.step, port: step.port }, how);
  }
  return id;
}
