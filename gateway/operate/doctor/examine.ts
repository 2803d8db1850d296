/** Runs the checks one after the other: a check that breaks or hangs is a finding like another. */
import { readdir } from 'node:fs/promises';
import { wordsOf } from '../../ground/logging/words.js';
import { type Check, type Finding, fail, note, type Patient } from './port.js';

export interface Result {
  readonly check: string;
  readonly about: string;
  readonly findings: readonly Finding[];
}

/** ms for one check; a deep look may take as long as it takes. */
const WITHIN = 20_000;

/** The checks of the folder by name, in their order. */
export async function loadChecks(
  folder: URL = new URL('./checks/', import.meta.url),
): Promise<readonly (readonly [string, Check])[]> {
  const names = (await readdir(folder)).filter((file) => file.endsWith('.js')).map((file) => file.slice(0, -3));
  const all = await Promise.all(
    names.map(
      async (name) =>
        [name, ((await import(new URL(`${name}.js`, folder).href)) as { default: Check }).default] as const,
    ),
  );
  return all.sort(([a, one], [b, other]) => one.order - other.order || (a < b ? -1 : 1));
}

async function within(work: Promise<readonly Finding[]>, ms: number): Promise<readonly Finding[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly Finding[]>((resolve) => {
    timer = setTimeout(
      () =>
        resolve([
          fail(
            `this could not be found out within ${ms / 1000} s`,
            'look whether a disk or a server that it names hangs',
          ),
        ]),
      ms,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** @param ms that one check may take, unless the look is deep */
export async function examine(
  patient: Patient,
  checks: readonly (readonly [string, Check])[],
  onResult: (result: Result) => void = () => undefined,
  ms = WITHIN,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  // what nobody can read is said once, by the check whose part it is
  const told = new Set<string>();
  for (const [name, check] of checks) {
    if (patient.signal.aborted) break;
    const work = check.run(patient).catch((error: unknown): readonly Finding[] => {
      const why = wordsOf(error);
      if (told.has(why)) return [note(`not looked at, for: ${why}`)];
      told.add(why);
      return [fail(why, 'mend this first; what builds on it was not looked at')];
    });
    const findings = patient.deep ? await work : await within(work, ms);
    const result = { check: name, about: check.about, findings };
    results.push(result);
    onResult(result);
  }
  return results;
}
