/** What people wrote in a case: sealed with each event under the subject's key, and put together from all of them. */
import type { Answers, Json } from '../../../contracts/bundle/types.js';
import { present } from '../../../contracts/present.js';
import type { Papers } from '../materials/made.js';
import type { Upload } from '../materials/room.js';
import type { Layout, Written } from './form.js';
import type { CaseEvent } from './machine.js';
import type { FilledValue } from './readings.js';

/** Of one event. */
export interface EventContents {
  /** With the first one: who applies. */
  readonly subject?: string;
  readonly answers?: Answers;
  readonly values?: Readonly<Record<string, Json>>;
  readonly account?: Readonly<Record<string, Json>>;
  /** With submitting. */
  readonly filled?: Readonly<Record<string, Omit<FilledValue, 'value'>>>;
  readonly layout?: Layout;
  /** What somebody wrote with it: what is asked for, reasons, a remark. */
  readonly says?: string;
  /** Fields of the item's own form that are asked for. */
  readonly fields?: readonly string[];
  /** Elements that exist from now on. */
  readonly issued?: Readonly<Record<string, Json>>;
  readonly receipt?: string;
  /** With the signature of a draft: digests of the papers that were signed, by material. */
  readonly signed?: Readonly<Record<string, string>>;
  /** With submitting: the papers as they were filed. */
  readonly papers?: Papers;
  /** Of a material that was attached. */
  readonly upload?: Upload;
  /** Who acted for an authority. */
  readonly officer?: string;
  /** With the first one, of an item that another region brought. */
  readonly origin?: Origin;
}

/** The case of another region, and the references of what was done of its steps. */
interface Origin {
  readonly region: string;
  readonly case: string;
  readonly steps: Readonly<Record<string, string>>;
}

/** What was signed, when, and under which reference the other side knows it. */
export interface Signed {
  readonly digests: Readonly<Record<string, string>>;
  /** ms since 1970 */
  readonly at: number;
  readonly receipt: string;
}

interface ItemContents {
  readonly asked?: { readonly says: string; readonly fields: readonly string[] };
  readonly given?: string;
  readonly reasons?: string;
  readonly remark?: string;
}

/** Of a case. */
export interface CaseContents extends Written {
  readonly subject: string;
  readonly filled: Readonly<Record<string, Omit<FilledValue, 'value'>>>;
  readonly layout: Layout;
  readonly items: Readonly<Record<string, ItemContents>>;
  /** What was written with the rating, and what was answered. */
  readonly rating: { readonly says?: string; readonly answer?: string };
  /** By `<step>.<port>`. */
  readonly receipts: Readonly<Record<string, string>>;
  /** Newest upload of each material. */
  readonly uploads: Readonly<Record<string, Upload>>;
  /** Undefined where it was changed since. */
  readonly signed?: Signed;
  /** As they were filed. */
  readonly papers?: Papers;
  readonly origin?: Origin;
}

const nothing = (subject: string): CaseContents => ({
  subject,
  answers: {},
  values: {},
  account: {},
  filled: {},
  layout: {},
  items: {},
  rating: {},
  receipts: {},
  uploads: {},
});

function itemAfter(
  before: ItemContents,
  act: CaseEvent['act'],
  { says = '', fields = [] }: EventContents,
): ItemContents {
  switch (act) {
    case 'ask':
      return { ...before, asked: { says, fields } };
    case 'give':
      return { ...before, given: says };
    case 'refuse':
      return { ...before, reasons: says };
    default:
      return says === '' ? before : { ...before, remark: says };
  }
}

/** A draft that is changed has to be signed again. */
function signedAfter({ signed, papers }: CaseContents, event: CaseEvent, inside: EventContents): Signed | undefined {
  if (inside.signed !== undefined) return { digests: inside.signed, at: event.at, receipt: inside.receipt ?? '' };
  const changed = event.act === 'save' || event.act === 'attach';
  return changed && papers === undefined ? undefined : signed;
}

/** @param events in order */
export function contentsOf(
  events: readonly { readonly event: CaseEvent; readonly inside: EventContents }[],
): CaseContents {
  let all = nothing(events[0]?.inside.subject ?? '');
  for (const { event, inside } of events) {
    const { answers, values, account, filled, layout, issued, receipt, papers, upload } = inside;
    const { signed: _, ...before } = all;
    all = {
      ...before,
      ...present({
        signed: signedAfter(all, event, inside),
        papers: papers ?? all.papers,
        origin: inside.origin ?? all.origin,
      }),
      answers: answers ?? all.answers,
      // a draft is saved whole, as is what is submitted; a supplement and what is issued come on top
      values: {
        ...(event.act === 'give' ? all.values : (values ?? all.values)),
        ...(event.act === 'give' ? values : {}),
        ...issued,
      },
      account: { ...all.account, ...account },
      filled: filled ?? all.filled,
      layout: layout ?? all.layout,
    };
    if ('item' in event)
      all = {
        ...all,
        items: { ...all.items, [event.item]: itemAfter(all.items[event.item] ?? {}, event.act, inside) },
      };
    if (event.act === 'attach' && upload !== undefined)
      all = { ...all, uploads: { ...all.uploads, [event.material]: upload } };
    const { says = '' } = inside;
    if (event.act === 'rate' && says !== '') all = { ...all, rating: { ...all.rating, says } };
    if (event.act === 'answer') all = { ...all, rating: { ...all.rating, answer: says } };
    if (event.act === 'step' && receipt !== undefined)
      all = { ...all, receipts: { ...all.receipts, [`${event.step}.${event.port}`]: receipt } };
  }
  return all;
}
