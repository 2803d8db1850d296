/** A draft as an answer tells it. */
import { present } from '../../../../contracts/present.js';
import type { Contract, Localised, Workspace } from '../../../../contracts/types.js';
import { actsOn, type Draft, type DraftPart, isRefused } from '../../publishing/mend-drafts.js';
import { mendLine } from '../../publishing/mend-words.js';
import type { MendDesk, StandingDraft } from '../../publishing/mends.js';

const iso = (at: number): string => new Date(at).toISOString();
const step = ({ at, by }: Draft['proposed'], name: string | undefined) => ({
  at: iso(at),
  ...present({ name, via: by.via }),
});

export function answersOf({ codelists }: Pick<Workspace, 'codelists'>, mends: MendDesk) {
  function partOf(contract: Contract, field: string, part: DraftPart) {
    const info = contract.latest.fields.find(({ path }) => path === field);
    const codelist = codelists.get(info?.codelist ?? '');
    const words: Localised = { zh: mendLine(part, 'zh', codelist), en: mendLine(part, 'en', codelist) };
    return { kind: part.kind, edits: part.edits, words };
  }

  async function shown(contract: Contract, { draft, standing }: StandingDraft, whole: boolean) {
    const drafts = await mends.drafts();
    const names = await drafts.names(draft);
    const elsewhere = await mends.elsewhere(contract);
    const { approved, withdrawn, source, applied, undoes } = draft;
    return {
      id: draft.id,
      dataset: draft.dataset,
      code: draft.cause.code,
      field: draft.cause.field,
      standing,
      ...(isRefused(draft) ? { refused: true } : {}),
      acts: actsOn(standing, elsewhere === undefined),
      ...present({ elsewhere, undoes }),
      parts: draft.parts.map((part) => partOf(contract, draft.cause.field, part)),
      proposed: step(draft.proposed, names.proposed),
      ...(approved === undefined ? {} : { approved: step(approved, names.decided) }),
      ...(withdrawn === undefined ? {} : { withdrawn: step(withdrawn, names.decided) }),
      ...(applied === undefined ? {} : { applied: iso(applied) }),
      before: draft.before.digest,
      after: draft.after.digest,
      held: draft.held,
      ...(typeof source === 'string' ? { notRead: source } : { source }),
      ...(whole ? { file: draft.after.text } : {}),
    };
  }
  /** As it stands after something was done. */
  const standing = async (contract: Contract, { id }: Pick<Draft, 'id'>) =>
    shown(contract, await mends.find(contract, id), true);

  return { partOf, shown, standing };
}
