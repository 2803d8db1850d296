/** An act of a department's system as it stands on its topic, checked by the same rules as one over HTTP. */
import { decodeAct } from '../../../contracts/case-topics.js';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { shape } from '../../../contracts/validate.js';
import { type ActBody, actBody, doingOf } from './doing.js';
import type { CaseActor, Cases, Doing } from './types.js';

const CODE = 'bad_case_answer';
const check = shape<ActBody>(actBody, CODE);
const ACTS: ReadonlySet<string> = new Set(['grant', 'refuse', 'ask', 'pass', 'settle', 'stop']);
const SEALED: ReadonlySet<string> = new Set(['says', 'fields', 'issued']);

interface ReadAct {
  /** Of the case. */
  readonly case: string;
  /** The system's own: what comes again with it is done once. */
  readonly id: string;
  readonly doing: Doing;
}

/**
 * @param value of the record @param topic for messages
 * @throws YitongError `wire_format`, `bad_case_answer`, `act_incomplete`; `not_found` and `act_refused` where what was
 * sealed to the case cannot be opened
 */
export async function readAct(
  value: Buffer | null,
  topic: string,
  cases: Pick<Cases, 'unsealed'>,
  actor: CaseActor,
): Promise<ReadAct> {
  if (value === null) throw new YitongError(CODE, 'an act is not withdrawn');
  const { id, case: caseId, act, item, task, outcome, checked, sealed } = decodeAct(value);
  if (!ACTS.has(act)) throw new YitongError(CODE, 'only what an authority does is taken: `act`');
  const inside = sealed === null ? {} : await cases.unsealed(caseId, sealed, actor);
  if (typeof inside !== 'object' || inside === null || Object.keys(inside).some((key) => !SEALED.has(key)))
    throw new YitongError(CODE, '`sealed` holds `says`, `fields` and `issued`, and nothing else');
  const named = present({ item: item ?? undefined, task: task ?? undefined, outcome: outcome ?? undefined });
  const body = check({ act, ...named, ...(act === 'grant' ? { checked } : {}), ...inside, key: id }, { file: topic });
  return { case: caseId, id, doing: doingOf(body) };
}
