/** The id behind a name. Readers of English have it in their files too; a Chinese page has names alone. */
import type { ComponentChildren, JSX } from 'preact';
import type { Language } from '../../ground/language/language.js';

export const Id = ({
  language,
  children,
}: {
  readonly language: Language;
  readonly children: ComponentChildren;
}): JSX.Element | null => (language === 'zh' ? null : <span class="id">{children}</span>);
