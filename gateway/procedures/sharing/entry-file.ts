/**
 * What a published entry of the catalogue says, as `contract.json` holds it: what was written, with the approval and
 * the assessments that the matter found. The program writes no workspace by itself: who keeps it takes it over.
 */
import { dayOf } from '../../../contracts/calendar.js';
import { YitongError } from '../../../contracts/errors.js';

/** A matter `entry`, as the API tells of it. */
interface EntryMatter {
  readonly machine: string;
  readonly parts: readonly { readonly state: string }[];
  readonly contents: Readonly<Record<string, unknown>>;
  readonly steps: readonly { readonly act: string; readonly at: string; readonly deputy?: boolean }[];
}

interface SignedOff {
  readonly role: string;
  readonly date: string;
}

interface EntryFile {
  readonly dataset: string;
  readonly contract: Readonly<Record<string, unknown>>;
}

/**
 * @param before the file as it stands in the workspace: its order of members is kept, and in which role assessments are
 * signed there
 * @throws YitongError `act_refused` where the entry is not published
 */
export function entryFile(
  { machine, parts, contents, steps }: EntryMatter,
  before: (dataset: string) => Readonly<Record<string, unknown>> | undefined,
): EntryFile {
  const content = contents['of-entry'] as
    | { readonly dataset: string; readonly contract: Readonly<Record<string, unknown>> }
    | undefined;
  if (machine !== 'entry' || content === undefined || parts[0]?.state !== 'published')
    throw new YitongError('act_refused', 'only an entry that the sharing authority has published is taken over');
  const last = (name: string): EntryMatter['steps'][number] => {
    const found = steps.filter(({ act }) => act === name || act === `${name}-change`).at(-1);
    if (found === undefined) throw new YitongError('act_refused', `the matter has no step \`${name}\``);
    return found;
  };
  const [approve, assess] = [last('approve'), last('assess')];
  const day = ({ at }: { readonly at: string }): string => dayOf(Date.parse(at));
  const old = before(content.dataset);
  const roleOf = (name: 'secrecy' | 'personalInformation'): string =>
    (old?.['assessments'] as Readonly<Record<string, SignedOff>> | undefined)?.[name]?.role ?? '提供部门';
  const said: Record<string, unknown> = {
    ...content.contract,
    approval: { role: approve.deputy === true ? '部门负责人（代行）' : '部门负责人', date: day(approve) },
    assessments: {
      secrecy: { role: roleOf('secrecy'), date: day(assess) },
      personalInformation: { role: roleOf('personalInformation'), date: day(assess) },
    },
  };
  const names = [...Object.keys(old ?? {}).filter((name) => Object.hasOwn(said, name)), ...Object.keys(said)];
  return {
    dataset: content.dataset,
    contract: Object.fromEntries([...new Set(names)].map((name) => [name, said[name]])),
  };
}
