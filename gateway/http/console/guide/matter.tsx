/** A matter that was named: why, what the sentence says already, the next question, and the way to it. */

import type { JSX } from 'preact';
import type { Bundle, Question } from '../../../../contracts/bundle/types.js';
import type { Language } from '../../../ground/language/language.js';
import type { Guidance } from '../../../procedures/guide/guide.js';
import { SLOT_NAMES } from '../../../procedures/guide/slots.js';
import type { Say } from '../../ui/say.js';
import { canBeAsked, inputName } from '../matters/answers.js';
import { fieldsOf } from './carried.js';
import { Hidden, type HiddenProps } from './hidden.js';

interface MatterProps extends HiddenProps {
  readonly bundle: Bundle;
  readonly guidance: Guidance;
  readonly language: Language;
  readonly say: Say;
}

const isAmount = (kind: string): boolean => kind === 'area' || kind === 'money' || kind === 'mass';

export function Matter(props: MatterProps): JSX.Element {
  const { bundle, guidance, language, say } = props;
  const given = fieldsOf(bundle, guidance.slots);
  const question = bundle.questions.get(guidance.ask?.question ?? '');
  // free text stands in no address
  const open = [...bundle.questions.values()].filter(canBeAsked).map(inputName);
  const query = new URLSearchParams(given.flatMap(([name, value]) => (open.includes(name) ? [[name, value]] : [])));
  return (
    <div class="card pad found">
      <div data-spoken="">
        <button type="button" class="quiet speak" data-speak="" hidden>
          {say('朗读', 'Read aloud')}
        </button>
        <p class="eyebrow">{say('您要办的应该是', 'This looks like')}</p>
        <h2>{bundle.title[language]}</h2>
        <p>{bundle.summary[language]}</p>
        <p class="soft">{guidance.why[language]}</p>
      </div>
      {guidance.slots.length === 0 ? null : (
        <>
          <h3>{say('您已经说到', 'You have said already')}</h3>
          <dl class="said">
            {guidance.slots.map(({ kind, title, value, text }) => (
              <div key={`${kind} ${value}`}>
                <dt>{(title ?? SLOT_NAMES[kind])[language]}</dt>
                <dd>{kind === 'code' ? text : isAmount(kind) ? Number(value).toLocaleString('en') : value}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
      <Next {...props} question={question} given={given} />
      <p class="way">
        <a class="quiet" href={`/matters/${bundle.id}${query.size > 0 ? `?${query.toString()}` : ''}`}>
          {say('先看全部要求', 'See what it takes first')}
        </a>
      </p>
    </div>
  );
}

/** The next question; its answer leads on in the guide, once its applicant has signed in. */
function Next({
  question,
  given,
  bundle,
  language,
  say,
  csrf,
  isLarge,
}: MatterProps & {
  readonly question: Question | undefined;
  readonly given: readonly (readonly [name: string, value: string])[];
}): JSX.Element {
  return (
    <form class="next" method="post" action="/guide/begin">
      <Hidden csrf={csrf} isLarge={isLarge} />
      <input type="hidden" name="bundle" value={bundle.id} />
      {given.map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      {question === undefined || !canBeAsked(question) ? (
        <p>
          <button type="submit" class="button">
            {say('让小浦陪我办', 'Go on with the guide')}
          </button>
        </p>
      ) : (
        <>
          <h3 id="next-asks">{say('接下来，请回答', 'The next question')}</h3>
          <fieldset aria-labelledby="next-asks next-question">
            <p id="next-question">{question.asks[language]}</p>
            {question.help === undefined ? null : <p class="soft">{question.help[language]}</p>}
            <Control question={question} language={language} say={say} />
          </fieldset>
        </>
      )}
      {csrf !== undefined ? null : (
        <p class="soft">
          {say('办理需要登录；登录后从这里接着问。', 'To go on you sign in; the guide then asks on from here.')}
        </p>
      )}
    </form>
  );
}

function Control({
  question,
  language,
  say,
}: Pick<MatterProps, 'language' | 'say'> & { readonly question: Question }): JSX.Element {
  const name = inputName(question);
  const { kind, choices } = question;
  const go = (
    <button type="submit" class="button">
      {say('继续', 'Go on')}
    </button>
  );
  if (kind.type === 'yes-no' || kind.type === 'code') {
    const all: readonly (readonly [string, string])[] =
      kind.type === 'code'
        ? [...choices].map(([code, title]) => [code, title[language]])
        : [
            ['yes', say('是', 'Yes')],
            ['no', say('否', 'No')],
          ];
    return (
      <div class="row">
        {all.map(([value, title]) => (
          <button type="submit" class="button" name={name} value={value} key={value}>
            {title}
          </button>
        ))}
      </div>
    );
  }
  if (kind.type === 'codes')
    return (
      <>
        <div class="checks">
          {[...choices].map(([code, title]) => (
            <label key={code}>
              <input type="checkbox" name={name} value={code} /> {title[language]}
            </label>
          ))}
        </div>
        {go}
      </>
    );
  return (
    <div class="row">
      {kind.type === 'date' ? (
        <input type="date" name={name} aria-labelledby="next-question" required />
      ) : (
        <input
          type="text"
          inputMode={kind.type === 'integer' ? 'numeric' : 'decimal'}
          name={name}
          aria-labelledby="next-question"
          required
        />
      )}
      {go}
    </div>
  );
}
