/**
 * What an act needs before it is put on record: what was written is checked, registers are read, what is signed is
 * drawn, and what is done elsewhere is carried out. Nothing is stored here.
 */
import type { Bundle, Json, StepPort } from '../../../contracts/bundle/types.js';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { type Papers, papersOf } from '../materials/made.js';
import type { CaseContents, EventContents } from './contents.js';
import { type CaseForm, checkWritten, fillForm, fitsSchema, knownBefore } from './form.js';
import { apply, type CaseAct } from './machine.js';
import { changedSince, digestsOf, lackingUploads } from './papers.js';
import { incomplete, refuse } from './refusals.js';
import type { StoredCase } from './store.js';
import type { CasesOptions, Doing, HowDone } from './types.js';

/** What stands in the way, with whose it is. */
const barText = ({ says, owners }: CaseForm['obstacles'][number]): string =>
  `${says.en}${owners.length > 0 ? ` (${owners.join(', ')})` : ''}`;

export class Preparation {
  readonly #options: CasesOptions;

  constructor(options: CasesOptions) {
    this.#options = options;
  }

  /** @throws YitongError `act_refused` */
  bundle(id: string): Bundle {
    return this.#options.bundles.get(id) ?? refuse('the workspace has no such bundle any more');
  }

  /** The act as the machine takes it, and what is sealed with it. */
  async of(
    stored: StoredCase,
    contents: CaseContents,
    doing: Doing,
    how: Pick<HowDone, 'release'>,
  ): Promise<{ readonly act: CaseAct; readonly inside: EventContents; readonly read?: readonly string[] }> {
    const { elements } = this.#options;
    switch (doing.act) {
      case 'save': {
        const { answers, values } = doing;
        checkWritten(this.bundle(stored.state.bundle), elements, { answers, values });
        return { act: { act: 'save' }, inside: { answers, values } };
      }
      case 'submit':
        return await this.#submission(stored, contents, how);
      case 'step':
        return await this.#step(stored, contents, doing.step, doing.port, how);
      case 'ask':
        return this.#asking(contents, doing);
      case 'give':
        return this.#giving(contents, doing);
      case 'grant': {
        const { item, checked = [], issued = {}, says } = doing;
        for (const [element, value] of Object.entries(issued)) this.#checkValue(element, value);
        return {
          act: { act: 'grant', item, checked, issued: Object.keys(issued) },
          inside: { issued, ...present({ says }) },
        };
      }
      case 'refuse':
        if (doing.says.trim() === '') incomplete('a refusal has its reasons: `says`');
        return { act: { act: 'refuse', item: doing.item }, inside: { says: doing.says } };
      case 'pass':
        return { act: { act: 'pass', item: doing.item }, inside: present({ says: doing.says }) };
      case 'settle':
        return { act: { act: 'settle', task: doing.task }, inside: present({ says: doing.says }) };
      case 'stop':
        if (doing.says.trim() === '') incomplete('who stops a case says why: `says`');
        return { act: { act: 'stop', outcome: doing.outcome }, inside: { says: doing.says } };
      case 'rate':
        return { act: { act: 'rate', grade: doing.grade }, inside: present({ says: doing.says }) };
      case 'answer':
        if (doing.says.trim() === '') incomplete('an answer is said: `says`');
        return { act: { act: 'answer' }, inside: { says: doing.says } };
      case 'withdraw':
        return { act: { act: 'withdraw' }, inside: {} };
    }
  }

  #checkValue(element: string, value: Json): void {
    const known = this.#options.elements.elements.get(element);
    if (known === undefined || !fitsSchema(known.schema, value))
      throw new YitongError('bad_answers', 'a value is of no element, or is none that it takes');
  }

  /** What registers say is on record as read before it is used. */
  async form(
    { id, state }: Pick<StoredCase, 'id' | 'state'>,
    contents: CaseContents,
    { release }: Pick<HowDone, 'release'>,
  ): Promise<{ readonly form: CaseForm; readonly papers: Papers; readonly read: readonly string[] }> {
    const bundle = this.bundle(state.bundle);
    const { elements, registers } = this.#options;
    const { readings, releases } = await registers(bundle, knownBefore(bundle, elements, contents), id, state.region);
    for (const one of releases) {
      if (release === undefined) throw new YitongError('internal', 'nobody puts on record what registers are asked');
      await release(one);
    }
    const form = fillForm(bundle, elements, contents, readings, state.region);
    const papers = papersOf({ ...form, elements, ...present({ codelists: this.#options.codelists }) });
    const lacking = this.#options.requiresUploads === true ? lackingUploads(papers, contents) : [];
    return { form: { ...form, missing: [...form.missing, ...lacking] }, papers, read: readings.asked };
  }

  async #submission({ id, state }: StoredCase, contents: CaseContents, how: Pick<HowDone, 'release'>) {
    if (state.phase !== 'draft') refuse('it is submitted already');
    const { form, papers, read } = await this.form({ id, state }, contents, how);
    const bars = form.obstacles.filter((one) => one.state === 'no');
    if (bars.length > 0) refuse(`it cannot be filed: ${bars.map(barText).join('; ')}`);
    if (form.missing.length > 0)
      incomplete(
        form.missing
          .map(
            ({ what, name, registers }) =>
              `${what} \`${name}\`${registers === undefined ? '' : ` (${registers.join(', ')})`}`,
          )
          .join(', '),
      );
    const { signed } = contents;
    const changed = signed === undefined ? [] : changedSince(digestsOf(papers, contents), signed);
    if (changed.length > 0)
      incomplete(`changed since it was signed, save and sign again: ${changed.map((one) => `\`${one}\``).join(', ')}`);
    const { plan, values, filled, layout } = form;
    return { act: { act: 'submit' as const, plan }, inside: { values, filled, layout, papers }, read };
  }

  async #step(
    { id, state }: StoredCase,
    contents: CaseContents,
    step: string,
    port: StepPort,
    how: Pick<HowDone, 'release'>,
  ) {
    const uses = this.#options.bundles.get(state.bundle)?.steps.get(step)?.uses;
    const act: CaseAct = { act: 'step', step, port, ...present({ uses: state.plan === undefined ? uses : undefined }) };
    // before anything is done elsewhere
    apply(state, { ...act, by: 'applicant', at: Math.max(this.#options.now(), state.at) });
    const driver = this.#options.drivers[port];
    if (driver === undefined) return refuse(`nobody here does \`${port}\``);
    // what is signed is the papers as they are now
    const isSigning = port === 'signature' && state.phase === 'draft';
    const signing = isSigning ? await this.form({ id, state }, contents, how) : undefined;
    const signed = signing === undefined ? undefined : digestsOf(signing.papers, contents);
    // a draft may be signed again, once it was changed
    const reference = `${id}.${step}.${port}${port === 'signature' ? `.${String(state.events)}` : ''}`;
    const applicant = this.#options.bundles.get(state.bundle)?.applicant ?? 'company';
    const { receipt, account } = await driver.carryOut({ reference, subject: contents.subject, applicant });
    const own = Object.keys(contents.account);
    const said = Object.fromEntries(Object.entries(account ?? {}).filter(([element]) => !own.includes(element)));
    return {
      act,
      inside: { receipt, ...(account === undefined ? {} : { account: said }), ...present({ signed }) },
      ...present({ read: signing?.read }),
    };
  }

  #asking({ layout }: CaseContents, { item, says, fields }: Doing & { readonly act: 'ask' }) {
    if (says.trim() === '' && fields.length === 0) incomplete('what is asked for is said, whole: `says`, `fields`');
    const own = layout[item] ?? {};
    if (!fields.every((field) => Object.hasOwn(own, field))) incomplete('`fields` names what is no field of the form');
    return { act: { act: 'ask' as const, item }, inside: { says, fields } };
  }

  #giving({ layout, items }: CaseContents, { item, values, says = '' }: Doing & { readonly act: 'give' }) {
    const fields = items[item]?.asked?.fields ?? [];
    const wanted = fields.map((field) => layout[item]?.[field] ?? '');
    const lacking = wanted.filter((element) => !Object.hasOwn(values, element));
    if (lacking.length > 0) incomplete(`all that was asked for is given at once: ${lacking.join(', ')}`);
    if (fields.length === 0 && says.trim() === '') incomplete('what was asked for is given: `says`');
    for (const [element, value] of Object.entries(values)) {
      if (!wanted.includes(element)) throw new YitongError('bad_answers', 'a value was not asked for');
      this.#checkValue(element, value);
    }
    return { act: { act: 'give' as const, item }, inside: { values, says } };
  }
}
