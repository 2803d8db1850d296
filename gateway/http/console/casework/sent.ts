/** What an officer sent, as the act that is meant; what is lacking is said beside its field. */
import type { Element, Json } from '../../../../contracts/bundle/types.js';
import { type FormFaults, isYitongError, YitongError } from '../../../../contracts/errors.js';
import type { Localised } from '../../../../contracts/localised.js';
import { present } from '../../../../contracts/present.js';
import type { Workspace } from '../../../../contracts/types.js';
import { fitsSchema } from '../../../procedures/cases/form.js';
import type { Cases, Doing, OpenedCase } from '../../../procedures/cases/types.js';
import { formFault } from '../../plugins/forms.js';

/** By what the form is understood. */
type Content = Pick<Cases, 'bundles'> & Pick<Cases['content']['elements'], 'elements'> & Pick<Workspace, 'schemes'>;
type Sent = Readonly<Record<string, string | readonly string[]>>;

const text = (value: Sent[string] | undefined): string => (typeof value === 'string' ? value.trim() : '');
const several = (value: Sent[string] | undefined): readonly string[] =>
  typeof value === 'string' ? [value] : (value ?? []);
const number = (one: string): number => (/^\d{1,3}$/.test(one) ? Number(one) : -1);

const MOVED: Localised = {
  zh: '该事项刚刚由其他人员办理，请核对最新情况后再作决定。',
  en: 'Somebody has acted on this meanwhile: look at it as it is now.',
};
const REFUSED: Localised = {
  zh: '办件当前状态下不能作此办理，可能已由其他人员办结。',
  en: 'This cannot be done as the case stands now; somebody else may have decided.',
};

/** What comes of an act in the words of cases: errors of the engine are told of tickets else. */
export async function inWordsOfCases(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!isYitongError(error) || error.extra.faults !== undefined) throw error;
    if (error.code === 'ticket_moved') throw formFault({ act: MOVED }, 'ticket_moved');
    if (error.code === 'act_refused') throw formFault({ act: REFUSED }, 'act_refused');
    throw error;
  }
}

/** As an element takes it; undefined where it is none. */
function valueOf(
  { type, many, schema, scheme }: Element,
  written: string,
  schemes: Workspace['schemes'],
): Json | undefined {
  const parsed = scheme === undefined || many ? undefined : schemes.get(scheme)?.parse(written);
  if (parsed?.ok === false) return undefined;
  const one = (part: string): Json => {
    if (type === 'yes-no') return part === 'yes' ? true : part === 'no' ? false : part;
    return type === 'integer' && /^-?\d{1,15}$/.test(part) ? Number(part) : part;
  };
  const value: Json = many
    ? written
        .split(/\r?\n/)
        .map((line) => line.trim())
        .filter((line) => line !== '')
        .map(one)
    : one(written);
  return fitsSchema(schema, value) ? value : undefined;
}

class Reading {
  readonly #body: Sent;
  readonly #opened: OpenedCase;
  readonly #content: Content;
  readonly #faults: Record<string, Localised> = {};

  constructor(body: Sent, opened: OpenedCase, content: Content) {
    this.#body = body;
    this.#opened = opened;
    this.#content = content;
  }

  /** Somebody who comes too late is told so, whatever else is lacking. */
  #checkFaults(): void {
    if (Object.keys(this.#faults).length === 0) return;
    const { item, seen } = this.#seen();
    if (seen !== undefined && this.#opened.state.items[item]?.since !== seen)
      throw new YitongError('ticket_moved', 'somebody acted on this item since it was looked at');
    throw formFault(this.#faults as FormFaults, 'act_incomplete');
  }

  #seen(): { readonly item: string; readonly seen?: number } {
    const seen = text(this.#body['seen']);
    return { item: text(this.#body['item']), ...present({ seen: /^\d{1,15}$/.test(seen) ? Number(seen) : undefined }) };
  }

  #grant(): Doing {
    const { item, seen } = this.#seen();
    const planned = this.#opened.state.plan?.items[item];
    const checked = several(this.#body['checked']).map(number);
    if (!(planned?.unknown ?? []).every((at) => checked.includes(at)))
      this.#faults['checked'] = {
        zh: '尚未确认的情形须逐项核查；核查后仍有不符的，请不予办理。',
        en: 'Look each of them up first; where one is so, refuse.',
      };
    const issued: Record<string, Json> = {};
    for (const id of planned?.issues ?? []) {
      const element = this.#content.elements.get(id);
      const value =
        element === undefined ? undefined : valueOf(element, text(this.#body[`issued.${id}`]), this.#content.schemes);
      if (value === undefined)
        this.#faults[`issued.${id}`] = {
          zh: `请填写正确的${element?.title.zh ?? '内容'}`,
          en: `Give a valid ${element?.title.en ?? 'value'}.`,
        };
      else issued[id] = value;
    }
    this.#checkFaults();
    const says = text(this.#body['says']);
    return { act: 'grant', item, checked, issued, ...present({ seen, says: says === '' ? undefined : says }) };
  }

  #ask(): Doing {
    const says = text(this.#body['says']);
    const fields = several(this.#body['fields']);
    if (says === '' && fields.length === 0)
      this.#faults['says'] = {
        zh: '请选择需要补正的项目，或者写明告知内容。',
        en: 'Choose what is lacking, or say it.',
      };
    this.#checkFaults();
    return { act: 'ask', says, fields, ...this.#seen() };
  }

  /** Chosen reasons in the words of the bundle, then what was written. */
  #refuse(): Doing {
    const { item, seen } = this.#seen();
    const requires = this.#content.bundles.get(this.#opened.state.bundle)?.items.get(item)?.requires ?? [];
    const chosen = several(this.#body['reason']).flatMap((one) => {
      const requirement = requires[number(one)];
      return requirement === undefined ? [] : [`${requirement.says.zh}（${requirement.basis.join('；')}）`];
    });
    const says = [...chosen, text(this.#body['says'])].filter((line) => line !== '').join('\n');
    if (says === '')
      this.#faults['says'] = {
        zh: '不予办理须说明理由：选择不符合的条件，或者写明理由。',
        en: 'A refusal has its reasons: choose or write them.',
      };
    this.#checkFaults();
    return { act: 'refuse', item, says, ...present({ seen }) };
  }

  doing(): Doing {
    const says = text(this.#body['says']);
    const remark = present({ says: says === '' ? undefined : says });
    const act = text(this.#body['act']);
    switch (act) {
      case 'grant':
        return this.#grant();
      case 'ask':
        return this.#ask();
      case 'refuse':
        return this.#refuse();
      case 'pass':
        return { act, ...this.#seen(), ...remark };
      case 'settle':
        return { act, task: text(this.#body['task']), ...remark };
      case 'stop':
        if (says === '') this.#faults['says'] = { zh: '终止办理须说明理由。', en: 'Say why.' };
        this.#checkFaults();
        return { act, outcome: text(this.#body['outcome']), says };
      case 'answer':
        if (says === '') this.#faults['says'] = { zh: '请写明核实和整改情况。', en: 'Say what came of it.' };
        this.#checkFaults();
        return { act, says };
      default:
        throw new YitongError('bad_request', 'there is no such act');
    }
  }
}

/** @throws YitongError with faults of the form, `ticket_moved`, `bad_request` */
export function doingOf(
  body: Sent,
  opened: OpenedCase,
  content: Content,
): { readonly doing: Doing; readonly key?: string } {
  const key = text(body['key']);
  return {
    doing: new Reading(body, opened, content).doing(),
    ...present({ key: /^[a-z]{3,8}-[\w-]{12}$/.test(key) ? key : undefined }),
  };
}
