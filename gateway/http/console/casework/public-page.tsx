/** /ratings: how matters were rated, for everybody; nothing of which somebody could be told. */

import type { JSX } from 'preact';
import type { Bundle } from '../../../../contracts/bundle/types.js';
import type { Language } from '../../../ground/language/language.js';
import type { PublicRatings } from '../../../procedures/cases/overview.js';
import { sayIn } from '../../ui/say.js';
import { FiguresTable, gradeColumns } from './figures-table.js';

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
          <FiguresTable
            head={{
              title: say('一件事', 'Matter'),
              of: ([id]) => <a href={`/matters/${id}`}>{bundles.get(id)?.title[language]}</a>,
            }}
            columns={[
              ...gradeColumns<(typeof shown)[number]>(language, ([, { grades }]) => grades),
              {
                title: say('差评已回复', 'Low ones answered'),
                of: ([, { answered }]) => answered.toLocaleString('en'),
              },
            ]}
            rows={shown}
            keyOf={([id]) => id}
          />
        )}
      </div>
    </>
  );
}
