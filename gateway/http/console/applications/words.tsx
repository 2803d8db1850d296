/** How states, terms, classes and risk of applications are told. */

import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/localised.js';
import type { Classification, SharingAttribute } from '../../../../contracts/types.js';
import { CLASSES } from '../../../../policies/explain.js';
import type { Language } from '../../../ground/language/language.js';
import { sayIn } from '../../ui/say.js';
import { Term } from '../casework/words.js';
import type { Risk } from './risk.js';
import type { ClockLine, Marked } from './views.js';

export const PATH = '/console/applications';

export const attributes: Readonly<Record<SharingAttribute, Marked>> = {
  unconditional: { zh: '无条件共享', en: 'unconditional', css: 'ok' },
  conditional: { zh: '有条件共享', en: 'conditional', css: 'warn' },
  none: { zh: '不予共享', en: 'not shared', css: 'bad' },
};

export const levels: Readonly<Record<Risk['level'], Marked>> = {
  low: { zh: '风险低', en: 'low risk', css: 'none' },
  middle: { zh: '风险中', en: 'some risk', css: 'warn' },
  high: { zh: '风险高', en: 'high risk', css: 'bad' },
};

const className = (one: Classification): Localised => ({ zh: CLASSES[one], en: one });

export const Mark = ({ of, language }: { readonly of: Marked; readonly language: Language }): JSX.Element => (
  <span class={`state ${of.css}`}>{of[language]}</span>
);

export const ClassMark = ({
  of,
  language,
}: {
  readonly of: Classification;
  readonly language: Language;
}): JSX.Element => (
  <span class={`state ${of === 'sensitive' ? 'bad' : of === 'personal' || of === 'restricted' ? 'warn' : 'none'}`}>
    {className(of)[language]}
  </span>
);

/** All terms of one application, what runs out first in front. */
export function Clocks({
  clocks,
  language,
}: {
  readonly clocks: readonly ClockLine[];
  readonly language: Language;
}): JSX.Element | null {
  const say = sayIn(language);
  if (clocks.length === 0) return null;
  return (
    <ul class="clocks" aria-label={say('办理期限', 'Terms')}>
      {[...clocks]
        .sort((a, b) => a.term.left - b.term.left)
        .map(({ name, dataset, basis, term, extended }) => (
          <li key={`${name.zh} ${dataset?.zh ?? ''}`}>
            <b>{name[language]}</b>
            {dataset === undefined ? null : <span class="plain">{dataset[language]}</span>}
            <Term term={term} language={language} />
            <small class="soft">
              {basis === undefined ? say('内部期限', 'internal term') : basis[language]}
              {extended ? say('，已依法延长一次', ', extended once') : ''}
            </small>
          </li>
        ))}
    </ul>
  );
}
