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

/** What happened, for whoever has to judge it. */
export function Story({
  sentences,
  language,
}: {
  readonly sentences: readonly string[];
  readonly language: Language;
}): JSX.Element | null {
  if (sentences.length === 0) return null;
  return (
    <section class="card pad story">
      <h2>{language === 'zh' ? '本次使用的经过' : 'What happened'}</h2>
      <ol>
        {sentences.map((sentence) => (
          <li>{sentence}</li>
        ))}
      </ol>
    </section>
  );
}
