/** A grid of boxes to tick, and what carries a filled-in form from page to page. */

import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/types.js';
import type { Language } from '../../../ground/language/language.js';
import { sayIn } from '../../ui/say.js';
import type { Asked } from './form.js';

interface PicksProps {
  readonly name: string;
  readonly all: readonly { readonly id: string; readonly title: Localised }[];
  readonly chosen: ReadonlySet<string>;
  readonly language: Language;
}

/** `choose.js` makes its buttons work; without scripts they are not shown. */
export function Picks({ name, all, chosen, language }: PicksProps): JSX.Element {
  const say = sayIn(language);
  return (
    <div data-choose={name}>
      <p class="row tools" hidden>
        <button type="button" class="quiet" data-pick="all">
          {say('全选', 'All')}
        </button>
        <button type="button" class="quiet" data-pick="none">
          {say('全不选', 'None')}
        </button>
        <span class="soft" data-count>
          {''}
        </span>
      </p>
      <div class="picks">
        {all.map(({ id, title }) => (
          <label class="pick">
            <input type="checkbox" name={name} value={id} checked={chosen.has(id)} /> <span>{title[language]}</span>
          </label>
        ))}
      </div>
    </div>
  );
}

/** All of it, for a form that goes on or back. */
export function Carried({
  asked,
  hidden,
}: {
  readonly asked: Asked;
  readonly csrf: string;
  readonly hidden: string;
}): JSX.Element {
  const field = (name: string, value: string): JSX.Element => <input type="hidden" name={name} value={value} />;
  const { report, subjects, domains, range, from, to, purpose, bearer, leaveOut } = asked;
  return (
    <>
      {field('of', hidden)}
      {field('report', report)}
      {subjects.map((one) => field('subjects', one))}
      {domains.map((one) => field('domains', one))}
      {field('range', range)}
      {field('from', from)}
      {field('to', to)}
      {field('purpose', purpose)}
      {field('bearer', bearer)}
      {leaveOut ? field('leaveOut', 'yes') : null}
    </>
  );
}
