/** What stands beside an act on rows that are ticked: all, none, and how many. `choose.js` makes it work. */
import type { JSX } from 'preact';
import type { Language } from '../../ground/language/language.js';
import { sayIn } from './say.js';

export function Picking({
  language,
  all,
  picked,
}: {
  readonly language: Language;
  /** What ticks all of them. */
  readonly all: string;
  /** That are ticked as the page comes. */
  readonly picked: number;
}): JSX.Element {
  const say = sayIn(language);
  return (
    <>
      <button class="quiet" type="button" data-pick="all" hidden>
        {all}
      </button>
      <button class="quiet" type="button" data-pick="none" hidden>
        {say('全不选', 'None')}
      </button>
      <span class="soft">
        {say('已选 ', 'picked ')}
        <b data-count>{picked}</b>
      </span>
    </>
  );
}
