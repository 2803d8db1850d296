/** One entry of the log in plain words. */
import type { JSX } from 'preact';
import type { Language } from '../../../ground/language/language.js';

export function Effect({
  effect,
  language,
}: {
  readonly effect: string | undefined;
  readonly language: Language;
}): JSX.Element {
  const allow = effect === 'allow';
  return (
    <span class={`state ${allow ? 'ok' : 'bad'}`}>
      {allow ? (language === 'zh' ? '提供' : 'released') : language === 'zh' ? '不予提供' : 'denied'}
    </span>
  );
}
