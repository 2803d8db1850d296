/** For which company somebody acts who speaks for several. */

import type { JSX } from 'preact';
import { keyOf } from '../../../contracts/ids.js';
import type { Language } from '../../ground/language/language.js';
import { sayIn } from './say.js';

export interface Subjects {
  readonly subject: string;
  /** Its name in this session. */
  readonly hidden: string;
  readonly others: readonly { readonly subject: string; readonly href: string }[];
  /** What an address needs to stay with it: nothing where there is only one. */
  query(before: '?' | '&'): string;
}

export function Speaking({
  language,
  subjects: { subject, others },
  name,
}: {
  readonly language: Language;
  readonly subjects: Subjects;
  readonly name?: string | undefined;
}): JSX.Element {
  const say = sayIn(language);
  return others.length < 2 ? (
    <p class="soft">
      {say('企业：', 'Company: ')}
      {name === undefined ? null : <b>{name} </b>}
      <span class="code">{keyOf(subject)}</span>
    </p>
  ) : (
    <nav class="pills" aria-label={say('企业', 'Company')}>
      {others.map((one) => (
        <a class="code" href={one.href} aria-current={one.subject === subject ? 'true' : undefined}>
          {keyOf(one.subject)}
        </a>
      ))}
    </nav>
  );
}
