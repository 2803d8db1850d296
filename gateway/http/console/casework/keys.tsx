/** Keys of a page, told on it, and the switch that turns them off (`keys.js`; WCAG 2.1.4). */

import type { JSX } from 'preact';
import type { Language } from '../../../ground/language/language.js';
import { sayIn } from '../../ui/say.js';

export function Keys({
  language,
  keys,
}: {
  readonly language: Language;
  readonly keys: readonly (readonly [key: string, does: string])[];
}): JSX.Element {
  const say = sayIn(language);
  return (
    <details class="keys" data-keys hidden>
      <summary>{say('键盘操作', 'Keys')}</summary>
      <dl>
        {[...keys, ['?', say('显示本说明', 'this list')] as const].map(([key, does]) => (
          <div key={key}>
            <dt>
              <kbd lang="en">{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <label class="row">
        <input type="checkbox" data-keys-on />
        {say('启用单键操作', 'single keys on')}
      </label>
    </details>
  );
}
