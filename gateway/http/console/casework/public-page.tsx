/** /ratings: how matters were rated, for everybody; nothing of which somebody could be told. */

import type { JSX } from 'preact';
import type { Bundle } from '../../../../contracts/bundle/types.js';
import type { Language } from '../../../ground/language/language.js';
import type { PublicRatings } from '../../../procedures/cases/overview.js';
import { GRADES, gradeNames } from '../../ui/rating.js';
import { sayIn } from '../../ui/say.js';

interface PublicProps {
  readonly language: Language;
  readonly ratings: ReadonlyMap<string, PublicRatings>;
  readonly bundles: ReadonlyMap<string, Bundle>;
}

export function publicPage({ language, ratings, bundles }: PublicProps): JSX.Element {
  const say = sayIn(language);
  const shown = [...ratings].filter(([id]) => bundles.has(id));
  return (
    <>
      <h1>{say('政务服务好差评', 'How matters were rated')}</h1>
      <p class="lead">
        {say(
          '近 12 个月申请人的评价。一件事一评，由申请人在办结后作出；评价少于 10 条的事项暂不公布。',
          'What applicants said in the last 12 months: once a case, after the decision. A matter with fewer than 10 ' +
            'ratings is not shown.',
        )}
      </p>
      <div class="card">
        {shown.length === 0 ? (
          <p class="empty">{say('暂无可以公布的评价', 'Nothing can be shown yet.')}</p>
        ) : (
          <table class="stack">
            <thead>
              <tr>
                <th scope="col">{say('一件事', 'Matter')}</th>
                {GRADES.map((grade) => (
                  <th scope="col" class="n" key={grade}>
                    {gradeNames[grade][language]}
                  </th>
                ))}
                <th scope="col" class="n">
                  {say('差评已回复', 'Low ones answered')}
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map(([id, { grades, answered }]) => (
                <tr key={id}>
                  <th scope="row">
                    <a href={`/matters/${id}`}>{bundles.get(id)?.title[language]}</a>
                  </th>
                  {GRADES.map((grade) => (
                    <td class="n" data-title={gradeNames[grade][language]} key={grade}>
                      {(grades.get(grade) ?? 0).toLocaleString('en')}
                    </td>
                  ))}
                  <td class="n" data-title={say('差评已回复', 'low ones answered')}>
                    {answered.toLocaleString('en')}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
    </>
  );
}
