/**
 * Cases across regions: what an errand brings to the other side, and what is done with one that comes. An item that
 * comes is a case here of its own, with that one item, so that inbox, terms and figures of its authority are as for
 * any other; who applies acts in their own region. All of it names people, and goes from gateway to gateway only.
 */
import type { Bundle, Json } from '../../../contracts/bundle/types.js';
import { YitongError } from '../../../contracts/errors.js';
import { keyOf, schemeOf } from '../../../contracts/ids.js';
import { present } from '../../../contracts/present.js';
import { inspectFile } from '../materials/inspect/index.js';
import type { Papers } from '../materials/made.js';
import { keepUpload, openUpload, uploadOf } from '../materials/room.js';
import type { CaseContents, EventContents } from './contents.js';
import type { ErrandBody, ErrandSays } from './errand-body.js';
import type { Errand } from './errands.js';
import { fitsSchema, type Layout } from './form.js';
import { apply, type CaseEvent, type CaseState, type Guest } from './machine.js';
import { guestPlan } from './plan.js';
import { refuse } from './refusals.js';
import type { StoredCase } from './store.js';
import type { CasesOptions, Doing, HowDone, Regional } from './types.js';

/** A case with what was written in it, for those that come by no actor. */
export interface WholeCase {
  readonly stored: StoredCase;
  readonly contents: CaseContents | undefined;
  readonly events: readonly {
    readonly number: number;
    readonly event: CaseEvent;
    readonly key?: string;
    readonly inside: EventContents | undefined;
  }[];
}

interface RegionalParts {
  readonly options: CasesOptions;
  readonly find: (id: string) => Promise<WholeCase | undefined>;
  readonly act: (id: string, doing: Doing, how: HowDone) => Promise<unknown>;
  readonly put: (
    next: StoredCase,
    before: CaseState | undefined,
    event: CaseEvent,
    inside: EventContents,
    how: HowDone,
    subject: string,
  ) => Promise<void>;
}

export class RegionalCases implements Regional {
  readonly #parts: RegionalParts;

  constructor(parts: RegionalParts) {
    this.#parts = parts;
  }

  /** Undefined where who applies was erased: then there is nothing to bring. */
  async bodyOf(errand: Errand): Promise<ErrandSays | undefined> {
    const found = await this.#parts.find(errand.case);
    if (found?.contents === undefined) return undefined;
    const { bundle, item, act, guest, id } = errand;
    const head = {
      id,
      at: new Date(errand.at).toISOString(),
      bundle,
      item,
      act,
      case: guest?.case ?? errand.case,
      subject: found.contents.subject,
    };
    if (act === 'begin' || act === 'give') return { ...head, ...(await this.#material(found, found.contents, errand)) };
    if (act === 'recall') return head;
    const done = found.events.find(({ number }) => number === errand.event);
    const checked = done?.event.act === 'grant' ? done.event.checked : undefined;
    const { says, fields, issued } = done?.inside ?? {};
    return {
      ...head,
      ...present({ says, checked, issued }),
      ...(fields === undefined ? {} : { fields: [...fields] }),
    } as ErrandSays;
  }

  /** What the item's own authority needs, and nothing that stands in no form of its own. */
  async #material({ stored: { id, state } }: WholeCase, contents: CaseContents, { item, act }: Errand) {
    const elements = Object.values(contents.layout[item] ?? {});
    const ofForm = <T>(all: Readonly<Record<string, T>>): Record<string, T> =>
      Object.fromEntries(Object.entries(all).filter(([element]) => elements.includes(element)));
    const values = ofForm(contents.values);
    const uploads = await this.#uploadsOf(id, contents, item);
    const given = contents.items[item];
    if (act === 'give') {
      const wanted = (given?.asked?.fields ?? []).map((field) => contents.layout[item]?.[field] ?? '');
      const asked = Object.fromEntries(Object.entries(values).filter(([element]) => wanted.includes(element)));
      return { values: asked, says: given?.given ?? '', uploads };
    }
    const { sure = true, unknown = [] } = state.plan?.items[item] ?? {};
    return {
      values,
      filled: ofForm(contents.filled),
      sure,
      unknown: [...unknown],
      steps: { ...contents.receipts },
      uploads,
      ...present({ papers: contents.papers === undefined ? undefined : papersFor(contents.papers, item, elements) }),
    };
  }

  async #uploadsOf(folder: string, { papers, uploads }: CaseContents, item: string) {
    const { blobs, keys } = this.#parts.options;
    const found: Record<string, string> = {};
    if (blobs === undefined) return found;
    for (const { material, kind, items } of papers?.materials ?? []) {
      const upload = uploads[material];
      if (kind !== 'upload' || upload === undefined || !items.includes(item)) continue;
      const bytes = await openUpload(blobs, keys, folder, upload);
      found[material] = bytes.toString('base64');
    }
    return found;
  }

  /**
   * Does what a region brings; what comes again does nothing.
   * @param region from which it comes
   * @throws YitongError `act_refused`, `act_incomplete`, `bad_answers`, `bad_subject`, `not_found`, `ticket_moved`
   */
  async receive(region: string, said: ErrandBody, how: Pick<HowDone, 'record'>): Promise<void> {
    const guest: Guest = { region, case: said.case, item: said.item };
    switch (said.act) {
      case 'begin':
        return this.#begin(guest, said, how);
      case 'give':
      case 'recall':
        return this.#goOn(guest, said, how);
      default: {
        const actor = {
          kind: 'authority' as const,
          authority: await this.#authorityOf(said, region),
          client: `region-${region}`,
          region,
        };
        await this.#parts.act(said.case, doingOf(said), { actor, key: said.id, ...how });
      }
    }
  }

  async #authorityOf({ case: id, item }: ErrandBody, region: string): Promise<string> {
    const planned = (await this.#parts.find(id))?.stored.state.plan?.items[item];
    if (planned?.region !== region) throw new YitongError('not_found', 'there is no such item of yours');
    return planned.authority;
  }

  #idOf({ region, case: id, item }: Guest): string {
    return this.#parts.options.keys.reference('case', JSON.stringify(['region', region, id, item])).slice(0, 16);
  }

  async #begin(guest: Guest, said: ErrandBody, how: Pick<HowDone, 'record'>): Promise<void> {
    const { options, find, put } = this.#parts;
    const bundle = options.bundles.get(said.bundle) ?? refuse('there is no such bundle here');
    const plan = guestPlan(bundle, guest.item, { sure: said.sure !== false, unknown: said.unknown ?? [] });
    if (plan === undefined) return refuse('the bundle has no such item that is done for others');
    if ((schemeOf(said.subject) === 'uscc') !== (bundle.applicant === 'company'))
      throw new YitongError('bad_subject', 'another kind of applicant applies for this');
    const inside = this.#inside(bundle, guest.item, said);
    const id = this.#idOf(guest);
    const client = `region-${guest.region}`;
    const all = { ...how, actor: { kind: 'applicant' as const, subject: said.subject, client } };
    const subject = options.keys.reference('subject', said.subject);
    if ((await find(id)) === undefined) {
      const event: CaseEvent = { act: 'open', bundle: bundle.id, guest, by: 'applicant', at: options.now() };
      const opened = { id, version: 0, state: apply(undefined, event), subject, client, pseudonym: '' };
      const account = { [schemeOf(said.subject) === 'uscc' ? 'company.uscc' : 'agent.id']: keyOf(said.subject) };
      const origin = { region: guest.region, case: guest.case, steps: said.steps ?? {} };
      const contents = { subject: said.subject, account, origin };
      await put(opened, undefined, event, contents, { ...all, key: `${said.id}#open` }, said.subject);
    }
    await this.#attach(id, said, all);
    const now = (await find(id))?.stored;
    if (now === undefined) throw new YitongError('ticket_moved', 'the case is not there yet');
    if (now.state.phase !== 'draft') return;
    const event: CaseEvent = { act: 'submit', plan, by: 'applicant', at: this.#later(now.state) };
    await put(
      { ...now, state: apply(now.state, event) },
      now.state,
      event,
      inside,
      { ...all, key: said.id },
      said.subject,
    );
  }

  #later({ at }: CaseState): number {
    return Math.max(this.#parts.options.now(), at);
  }

  /** By the bundle as it is here: each value is one of its element, and what the own form needs is there. */
  #inside(bundle: Bundle, item: string, { values = {}, filled = {}, papers }: ErrandBody): EventContents {
    const { elements } = this.#parts.options.elements;
    const fields = bundle.items.get(item)?.form.fields ?? [];
    const layout: Layout[string] = Object.fromEntries(
      fields.flatMap(({ name, element }) =>
        element !== undefined && Object.hasOwn(values, element) ? [[name, element]] : [],
      ),
    );
    for (const [id, value] of Object.entries(values)) {
      const element = elements.get(id);
      const isInForm = fields.some((field) => field.element === id);
      if (element === undefined || !isInForm || !fitsSchema(element.schema, value))
        throw new YitongError('bad_answers', 'a value is of no element of the form, or is none that it takes');
    }
    const lacking = fields.find(
      ({ name, required, when, element }) =>
        required &&
        when.rule.op === 'always' &&
        layout[name] === undefined &&
        !bundle.items.get(item)?.issues.includes(element ?? ''),
    );
    if (lacking !== undefined)
      throw new YitongError('act_incomplete', `the form of the item needs \`${lacking.name}\` here`);
    return {
      values: values as Readonly<Record<string, Json>>,
      filled: filled as NonNullable<EventContents['filled']>,
      layout: { [item]: layout },
      ...present({ papers: papers as Papers | undefined }),
    };
  }

  async #attach(id: string, { uploads = {}, subject, id: errand }: ErrandBody, how: HowDone): Promise<void> {
    const { options, find, put } = this.#parts;
    const { blobs, keys } = options;
    if (blobs === undefined) return;
    for (const [material, base64] of Object.entries(uploads)) {
      const found = await find(id);
      if (found?.contents === undefined) return;
      const { state } = found.stored;
      const inspected = await inspectFile(Buffer.from(base64, 'base64'));
      const secret = await keys.secretOf(subject);
      const current = Object.hasOwn(found.contents.uploads, material) ? found.contents.uploads[material] : undefined;
      const upload = uploadOf(keys, secret, inspected, { current, after: state.events });
      if (upload === current) continue;
      const event: CaseEvent = { act: 'attach', material, by: 'applicant', at: this.#later(state) };
      const next = apply(state, event);
      await keepUpload(blobs, id, upload, secret, inspected.bytes);
      await put(
        { ...found.stored, state: next },
        state,
        event,
        { upload },
        { ...how, key: `${errand}#${material}` },
        subject,
      );
    }
  }

  async #goOn(guest: Guest, said: ErrandBody, how: Pick<HowDone, 'record'>): Promise<void> {
    const { find, act, put } = this.#parts;
    const id = this.#idOf(guest);
    const found = await find(id);
    if (found === undefined) throw new YitongError('not_found', 'no such item was brought here');
    if (found.events.some(({ key }) => key === said.id)) return;
    const client = `region-${guest.region}`;
    const all = { ...how, key: said.id, actor: { kind: 'applicant' as const, subject: said.subject, client } };
    if (said.act === 'give') {
      if (found.stored.state.items[guest.item]?.status === 'supplement') await this.#attach(id, said, all);
      const values = (said.values ?? {}) as Readonly<Record<string, Json>>;
      await act(id, { act: 'give', item: guest.item, values, says: said.says ?? '' }, all);
      return;
    }
    const { stored } = found;
    const event: CaseEvent = { act: 'recall', by: 'applicant', at: this.#later(stored.state) };
    await put({ ...stored, state: apply(stored.state, event) }, stored.state, event, {}, all, said.subject);
  }
}

function doingOf({ act, item, says, fields = [], checked, issued }: ErrandBody): Doing {
  switch (act) {
    case 'ask':
      return { act, item, says: says ?? '', fields };
    case 'grant':
      return { act, item, issued: (issued ?? {}) as never, ...present({ checked, says }) };
    case 'pass':
      return { act, item, ...present({ says }) };
    default:
      return { act: 'refuse', item, says: says ?? '' };
  }
}

/** Papers that the item takes, with the values of its own form. */
function papersFor({ materials, values }: Papers, item: string, elements: readonly string[]): Record<string, unknown> {
  return {
    materials: materials.filter(({ items }) => items.includes(item)).map((one) => ({ ...one, items: [item] })),
    values: values.filter(({ element }) => elements.includes(element)),
  };
}
