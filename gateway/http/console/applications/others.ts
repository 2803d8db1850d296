/**
 * Matters between departments that are no applications, as their machine declares them: whom and what each concerns, in
 * words. No machine is named here.
 */

import { WHOLE } from '../../../../contracts/lifecycle/matter.js';
import type { Localised } from '../../../../contracts/localised.js';
import { present } from '../../../../contracts/present.js';
import type { GatewayContext } from '../../../documents/context.js';
import type { Matter, OpenedMatter, PossibleAct, SeenMatter } from '../../../procedures/sharing/types.js';
import { numberOf } from '../../ui/say.js';
import { CONTENT_INPUTS } from './opening.js';
import { actsOf, clocksOf, historyOf, namesFor, stateOf } from './reading.js';
import type { AboutLine, MatterView, PartLine, TrayLine } from './views.js';
import { PATH } from './words.js';

type Ground = Pick<GatewayContext, 'workspace' | 'inForce' | 'view' | 'now'>;

const LABELS: Readonly<Record<string, Localised>> = {
  dataset: { zh: '数据集', en: 'Dataset' },
  grant: { zh: '授权', en: 'Grant' },
  application: { zh: '共享申请', en: 'Application' },
  element: { zh: '数据元', en: 'Element' },
  authority: { zh: '单位', en: 'Authority' },
  record: { zh: '记录', en: 'Record' },
};

/** What a matter concerns: `dataset/tax.tax-arrears`, as people call it. */
function aboutLine(ground: Ground, what: string): AboutLine {
  const names = namesFor(ground);
  const [kind = '', ...rest] = what.split('/');
  const id = rest.join('/');
  const label = LABELS[kind] ?? { zh: '涉及', en: 'Concerns' };
  switch (kind) {
    case 'dataset':
      return { label, words: names.dataset(id) };
    case 'authority':
      return { label, words: names.authority(id) };
    case 'grant': {
      const grant = [...ground.inForce().policies.grants.values()].find((one) => one.id === id);
      if (grant === undefined) return { label, words: { zh: '已终止的授权', en: id } };
      const [client, dataset] = [names.client(grant.client), names.dataset(grant.dataset)];
      return { label, words: { zh: `${client.zh} · ${dataset.zh}`, en: `${client.en} · ${dataset.en}` }, grant: id };
    }
    case 'application':
      return { label, words: { zh: numberOf(id), en: numberOf(id) }, href: `${PATH}/${id}` };
    default:
      return { label, words: { zh: '见办理经过', en: id } };
  }
}

/** What the matter was opened with, beside what it concerns: values with a name of their own. */
function contentLines(ground: Ground, { contents }: Pick<Matter, 'contents'>): readonly AboutLine[] {
  const names = namesFor(ground);
  return Object.entries(contents).flatMap(([name, content]) =>
    (CONTENT_INPUTS[name] ?? []).flatMap(({ name: member, title, kind, choices }): readonly AboutLine[] => {
      const value = (content as Readonly<Record<string, unknown>> | null)?.[member];
      // what stands in the head of the page, or among what it concerns, is not said again
      if (value === undefined || kind === 'grant' || kind === 'department' || kind.endsWith('dataset')) return [];
      const all = [value].flat().map(String);
      const words = all.map((one): Localised => {
        if (kind === 'purpose') return names.purpose(one);
        if (kind === 'client') return names.client(one);
        if (kind === 'authority' || kind === 'authorities') return names.authority(one);
        return choices?.[one] ?? { zh: one, en: one };
      });
      const text = { zh: words.map(({ zh }) => zh).join('、'), en: words.map(({ en }) => en).join(', ') };
      return [{ label: title, words: text }];
    }),
  );
}

/** Who looks after it, coordinates, decides: as far as its machine has such a party, and each by its name. */
function bodyLines(ground: Ground, { head, lifecycle }: Pick<Matter, 'head' | 'lifecycle'>): readonly AboutLine[] {
  const names = namesFor(ground);
  const sides = head.sides[WHOLE] ?? {};
  const parties = Object.values(lifecycle.parties);
  return (['authority', 'superior', 'government'] as const).flatMap((side): readonly AboutLine[] => {
    const [party, who] = [parties.find(({ of }) => of === side), sides[side]];
    return party === undefined || who === undefined ? [] : [{ label: party.title, words: names.authority(who) }];
  });
}

/** Acts that are always there and wait for nobody. */
const idle = (act: PossibleAct, { lifecycle }: Pick<Matter, 'lifecycle'>): boolean =>
  act.act === 'extend' || ['withdrawn', 'dismissed', 'ended'].includes(lifecycle.acts[act.act]?.to ?? '');

const partTitle = (ground: Ground, part: string): Localised => {
  const names = namesFor(ground);
  if (names.contract(part) !== undefined) return names.dataset(part);
  return names.authority(part);
};

function sidesIn(ground: Ground, { head }: Pick<Matter, 'head'>): { readonly from: Localised; readonly to: Localised } {
  const names = namesFor(ground);
  const { requester, provider, authority } = head.sides[WHOLE] ?? {};
  const [from, to] = [requester ?? authority, provider ?? authority];
  return { from: names.authority(from), to: names.authority(to) };
}

export function otherLine(ground: Ground, matter: SeenMatter, todo: boolean): readonly TrayLine[] {
  const waiting = matter.acts.filter((one) => !idle(one, matter));
  const [first] = waiting;
  if (todo && first === undefined) return [];
  const rule = first === undefined ? undefined : matter.lifecycle.acts[first.act];
  const terms = Object.keys(matter.state.parts)
    .flatMap((part) => clocksOf(matter, part))
    .sort((a, b) => a.term.left - b.term.left);
  const concerns = matter.head.about.map((one) => aboutLine(ground, one)).filter(({ href }) => href === undefined);
  return [
    {
      id: matter.head.id,
      machine: matter.head.machine,
      title: matter.lifecycle.title,
      ...sidesIn(ground, matter),
      here: matter.parties.some((one) => matter.lifecycle.parties[one]?.of === 'provider'),
      purpose: concerns[0]?.words ?? { zh: '', en: '' },
      state: stateOf(matter),
      ...present({ todo: todo ? rule?.title : undefined, term: terms[0]?.term }),
      since: matter.at,
    },
  ];
}

export function otherView(ground: Ground, matter: OpenedMatter, authority: string | undefined): MatterView {
  const { lifecycle, state, head } = matter;
  const several = Object.keys(state.parts).some((part) => part !== WHOLE);
  const parts = Object.keys(state.parts).map((part): PartLine => {
    const [clock] = clocksOf(matter, part);
    return {
      id: part,
      title: part === WHOLE ? lifecycle.title : partTitle(ground, part),
      state: stateOf(matter, part),
      ...present({ clock }),
      acts: several ? actsOf(matter, part) : [],
    };
  });
  const { from, to } = sidesIn(ground, matter);
  const whole = Object.keys(state.parts).flatMap((part) =>
    actsOf(matter, part).map((one) => ({ ...one, part: undefined })),
  );
  return {
    id: head.id,
    machine: head.machine,
    title: lifecycle.title,
    basis: lifecycle.basis,
    state: stateOf(matter),
    requester: from,
    provider: to,
    facts: [],
    about: [
      ...head.about.map((one) => aboutLine(ground, one)),
      ...contentLines(ground, matter),
      ...bodyLines(ground, matter),
    ],
    datasets: [],
    parts: several ? parts : [],
    missing: [],
    clocks: several ? [] : Object.keys(state.parts).flatMap((part) => clocksOf(matter, part)),
    history: historyOf(ground, matter, authority),
    comments: [],
    deputed: [...new Set(Object.values(matter.deputed))],
    acts: [...actsOf(matter, undefined), ...(several ? [] : whole.map(({ part: _, ...one }) => one))],
  };
}
