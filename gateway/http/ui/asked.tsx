/** A request in four languages, one open at a time. */
import type { JSX } from 'preact';
import type { Language } from '../../ground/language/language.js';
import { type ApiRequest, askedIn } from './asking.js';

interface AskedInProps {
  readonly request: ApiRequest;
  /** Whose certificate it is asked with. */
  readonly client: string;
  readonly language: Language;
}

export const AskedIn = ({ request, client, language }: AskedInProps): JSX.Element => (
  <>
    {askedIn(request, client).map(({ id, title, code }, i) => (
      <details name="asked-in" open={i === 0} data-code={id}>
        <summary>{title[language]}</summary>
        <pre class="command" lang="en" tabIndex={0}>
          {code}
        </pre>
      </details>
    ))}
  </>
);
