/** A request in four languages, one open at a time. */
import type { JSX } from 'preact';
import type { Language } from '../../ground/language/language.js';
import { type ApiRequest, askedIn } from './asking.js';

interface AskedInProps {
  readonly request: ApiRequest;
  /** Whose certificate it is asked with. */
  readonly client: string;
  readonly language: Language;
  /** Tells it from the others of a page. */
  readonly name?: string;
}

/** Copied by a button where the page has `choose.js`. */
export const AskedIn = ({ request, client, language, name = 'asked-in' }: AskedInProps): JSX.Element => (
  <div data-copied={language === 'zh' ? '已复制' : 'copied'}>
    {askedIn(request, client).map(({ id, title, called, code }, i) => (
      <details name={name} open={i === 0} data-code={id}>
        <summary>
          {title[language]} · <span lang="en">{called}</span>
        </summary>
        <pre class="command" lang="en" tabIndex={0} id={`${name}-${id}`}>
          {code}
        </pre>
        <button type="button" class="quiet" data-copy={`${name}-${id}`} hidden>
          {language === 'zh' ? '复制' : 'Copy'}
        </button>
      </details>
    ))}
  </div>
);
