/** Whether a value is a record of its contract: who publishes asks here, and who forecasts what would be published. */
import { encodeFramed } from '../../contracts/avro.js';
import type { FieldProblem } from '../../contracts/errors.js';
import type { Contract, Workspace } from '../../contracts/types.js';
import { FRAME_BYTES } from '../../contracts/wire.js';
import type { Identity, identifier, JsonForm } from './identity.js';

type Fitting =
  | { readonly ok: true; readonly identity: Identity; readonly framed: Buffer }
  | {
      readonly ok: false;
      readonly nameless: false;
      readonly problems: readonly FieldProblem[];
      readonly identity: Identity;
    }
  /** It cannot be said which record it is. */
  | { readonly ok: false; readonly nameless: true; readonly problems: readonly FieldProblem[] };

/** Compiled for one contract. */
export function fitter(
  contract: Contract,
  workspace: Pick<Workspace, 'codelists'>,
  identify: ReturnType<typeof identifier>,
): (value: JsonForm) => Fitting {
  const encoding = { codelists: workspace.codelists };
  return (given) => {
    const found = identify.of(given);
    if (!found.ok) return { ok: false, nameless: true, problems: found.problems };
    const { identity } = found;
    const encoded = encodeFramed(contract.latest, identity.value, encoding);
    if (!encoded.ok) {
      const { problems } = encoded;
      // a field that says which record this is may be what is wrong: then it names none
      return problems.some(({ field }) => identify.naming.has(field))
        ? { ok: false, nameless: true, problems }
        : { ok: false, nameless: false, problems, identity };
    }
    const bytes = encoded.body.length - FRAME_BYTES;
    if (bytes <= contract.maxRecordBytes) return { ok: true, identity, framed: encoded.body };
    const reason = `the record has ${bytes} bytes, its dataset allows ${contract.maxRecordBytes}`;
    return { ok: false, nameless: false, problems: [{ code: 'record_too_large', field: '', reason }], identity };
  };
}
