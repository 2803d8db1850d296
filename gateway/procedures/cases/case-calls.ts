/** A draft that is handed to a person of the department that leads, and the reply. */
import { YitongError } from '../../../contracts/errors.js';
import { type Call, callOf, keepCall, keepReply, openCalls } from './calls.js';
import type { Preparation } from './preparation.js';
import { ERASED, incomplete, notFound, refuse } from './refusals.js';
import { type Known, shown } from './seen.js';
import type { CaseActor, CasesOptions, HowDone } from './types.js';

interface Parts {
  readonly options: CasesOptions;
  readonly preparation: Preparation;
  readonly known: (id: string, actor: CaseActor) => Promise<Known>;
}

export class CaseCalls {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async make(id: string, says: string, { actor, record }: Omit<HowDone, 'key'>): Promise<Call> {
    const { stored, contents } = await this.#parts.known(id, actor);
    const { bundle, phase } = stored.state;
    if (actor.kind !== 'applicant' || phase !== 'draft') return refuse('a draft is handed over by who applies');
    if (contents === undefined) return refuse(ERASED);
    const { authority } = this.#parts.preparation.bundle(bundle);
    const { subject, answers, values } = contents;
    const call = { id, bundle, authority, at: this.#parts.options.now(), subject, says: says.trim(), answers, values };
    await record({
      action: 'case_called',
      target: id,
      subject,
      detail: { bundle, authority },
      about: { says: call.says },
    });
    await keepCall(this.#parts.options, call);
    return (await callOf(this.#parts.options, id)) ?? refuse(ERASED);
  }

  async get(id: string, { actor }: Omit<HowDone, 'key'>): Promise<Call | undefined> {
    await this.#parts.known(id, actor);
    return callOf(this.#parts.options, id);
  }

  async waiting({ actor, record }: Omit<HowDone, 'key'>): Promise<readonly Call[]> {
    if (actor.kind !== 'authority') return refuse('calls are for the department that leads');
    const found = await openCalls(this.#parts.options, actor.authority);
    const ids = found.map(({ id }) => id);
    await record(shown(ids, undefined));
    return found;
  }

  async answer(
    id: string,
    { says, seen }: { readonly says: string; readonly seen: number },
    { actor, record }: Omit<HowDone, 'key'>,
  ): Promise<void> {
    const call = await callOf(this.#parts.options, id);
    if (call === undefined || actor.kind !== 'authority' || call.authority !== actor.authority) return notFound();
    if (says.trim() === '') incomplete('an answer is said: `says`');
    if (call.version !== seen || call.answeredAt !== undefined)
      throw new YitongError('ticket_moved', 'somebody answered it since it was looked at; look at it again');
    const { bundle, authority, subject } = call;
    await record({
      action: 'case_call_answered',
      target: id,
      subject,
      detail: { bundle, authority },
      about: { says: says.trim() },
    });
    await keepReply(this.#parts.options, call, says.trim(), this.#parts.options.now());
  }
}
