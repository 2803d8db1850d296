/** An invented record of a dataset, to see what its fields hold. */

import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/localised.js';
import type { Language } from '../../../ground/language/language.js';
import { sayIn } from '../../ui/say.js';
import type { SampleLine } from './sample.js';

interface SampleProps {
  readonly lines: readonly SampleLine[];
  readonly language: Language;
}

/** Folded. */
export function Sample({ lines, title, language }: SampleProps & { readonly title: Localised }): JSX.Element | null {
  const say = sayIn(language);
  if (lines.length === 0) return null;
  return (
    <details class="sample">
      <summary>{say(`${title.zh}的样例（虚构）`, `A record of ${title.en} (invented)`)}</summary>
      <SampleTable lines={lines} language={language} />
    </details>
  );
}

export function SampleTable({ lines, language }: SampleProps): JSX.Element | null {
  const say = sayIn(language);
  if (lines.length === 0) return null;
  return (
    <>
      <p class="foot">{say('样例内容是虚构的，不是任何主体的真实数据。', 'The record is invented, and of nobody.')}</p>
      <dl class="facts flat">
        {lines.map(({ path, title: name, value }) => (
          <div key={path}>
            <dt>{name[language]}</dt>
            <dd class="exact own">{value[language]}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
