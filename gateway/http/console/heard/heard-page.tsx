/** What was asked of the guide: figures, questions whose answers were not understood, and masked sentences. */
import type { JSX } from 'preact';
import type { Bundle, Elements } from '../../../../contracts/bundle/types.js';
import type { Language } from '../../../ground/language/language.js';
import type { Heard } from '../../../procedures/guide/heard.js';
import { type Say, sayIn } from '../../ui/say.js';
import { FiguresTable } from '../casework/figures-table.js';
import type { HeardFigures, HeardMatter } from './figures.js';

export const SPANS = [7, 30, 90] as const;
const SHOWN = 300;
export const outcomeNames = {
  unsure: { zh: '未能确定事项', en: 'not sure' },
  'off-topic': { zh: '未对应任何事项', en: 'of no matter' },
} as const;

interface HeardProps {
  readonly language: Language;
  readonly span: (typeof SPANS)[number];
  readonly keptDays: number;
  readonly figures: HeardFigures;
  readonly bundles: ReadonlyMap<string, Bundle>;
  readonly elements: Elements['elements'];
  /** Address of the sentences as a table. */
  readonly csv: string;
}
type Part = HeardProps & { readonly say: Say };

const numeral = (n: number): string => n.toLocaleString('en');
const titleIn = ({ bundles, language, say }: Part, id: string): string =>
  bundles.get(id)?.title[language] ?? say('已停用的事项', id);

export function heardPage(props: HeardProps): JSX.Element {
  const { language, span, keptDays, figures } = props;
  const say = sayIn(language);
  const part: Part = { ...props, say };
  const { all } = figures;
  const tiles: readonly (readonly [string, number])[] = [
    [say('提问', 'sentences'), all.named + all.unsure + all['off-topic']],
    [say('已对应到事项', 'led to a matter'), all.named],
    [say('未能确定事项', 'not sure which'), all.unsure],
    [say('未对应任何事项', 'of no matter'), all['off-topic']],
    [say('转人工', 'handed over'), all['handed-over']],
    [say('经导办提交', 'submitted by the guide'), all.submitted],
  ];
  return (
    <>
      <h1>{say('导办用语', 'Words of the guide')}</h1>
      <p class="lead">
        {say(
          `市民和企业向导办提了什么、哪些没有听懂，供改进各“一件事”的用语。提问保存前已隐去姓名、号码、地址等个人信息，不记录提问人和具体时刻；保存 ${String(keptDays)} 天后自动删除。`,
          'What people asked of the guide and what of it was not understood, so that the words of matters can be ' +
            'bettered. Sentences are masked before they are kept, without who asked and when in the day; after ' +
            `${String(keptDays)} days they go by themselves.`,
        )}
      </p>
      <nav class="pills" aria-label={say('时段', 'Time')}>
        {SPANS.map((one) => (
          <a href={`?days=${String(one)}`} aria-current={one === span ? 'true' : undefined} key={one}>
            {say(`近 ${String(one)} 天`, `${String(one)} days`)}
          </a>
        ))}
      </nav>
      <div class="tiles">
        {tiles.map(([title, n]) => (
          <div class="tile" key={title}>
            <b>{numeral(n)}</b>
            <span>{title}</span>
          </div>
        ))}
      </div>
      <Sentences {...part} />
      <Turns {...part} />
      <Matters {...part} />
    </>
  );
}

function Sentences(part: Part): JSX.Element {
  const { language, figures, say, csv } = part;
  const { sentences } = figures;
  return (
    <>
      <h2>{say('没有听懂的提问', 'Sentences that led nowhere')}</h2>
      <div class="card">
        {sentences.length === 0 ? (
          <p class="empty">{say('该时段没有', 'There are none in this time.')}</p>
        ) : (
          <FiguresTable
            head={{ title: say('提问', 'Sentence'), of: ({ text }) => <span class="plain">{text}</span> }}
            columns={[
              { title: say('次数', 'Times'), of: ({ n }) => numeral(n) },
              { title: say('结果', 'Outcome'), of: ({ outcome }) => outcomeNames[outcome][language] },
              {
                title: say('最接近的事项', 'Nearest'),
                of: ({ nearest: [first], outcome }) =>
                  first === undefined || outcome === 'off-topic' ? '–' : titleIn(part, first),
              },
              { title: say('最近日期', 'Last'), of: ({ day }) => day },
            ]}
            rows={sentences.slice(0, SHOWN)}
            keyOf={({ text }) => text}
          />
        )}
      </div>
      {sentences.length === 0 ? null : (
        <p class="foot">
          {sentences.length > SHOWN
            ? say(`仅列前 ${String(SHOWN)} 条，其余见导出的表格。`, `The first ${String(SHOWN)}; the table has all. `)
            : ''}
          <a href={csv}>{say('导出为表格', 'As a table (CSV)')}</a>
        </p>
      )}
    </>
  );
}

/** Which questions of conversations are hard to answer in own words. */
function Turns(part: Part): JSX.Element | null {
  const { language, figures, bundles, elements, say } = part;
  if (figures.turns.length === 0) return null;
  const asks = (bundle: string, turn: string): string =>
    bundles.get(bundle)?.questions.get(turn)?.asks[language] ??
    elements.get(turn)?.title[language] ??
    say('已停用的问题', turn);
  return (
    <>
      <h2>{say('对话中没有听懂回答的问题', 'Questions whose answers were not understood')}</h2>
      <div class="card">
        <FiguresTable
          head={{
            title: say('问题', 'Question'),
            of: ({ bundle, turn }) => (
              <>
                {asks(bundle, turn)}
                <span class="plain soft">{titleIn(part, bundle)}</span>
              </>
            ),
          }}
          columns={[{ title: say('次数', 'Times'), of: ({ n }) => numeral(n) }]}
          rows={figures.turns}
          keyOf={({ bundle, turn }) => `${bundle} ${turn}`}
        />
      </div>
    </>
  );
}

function Matters(part: Part): JSX.Element | null {
  const { figures, say } = part;
  if (figures.matters.length === 0) return null;
  const of =
    (what: Heard) =>
    ({ n }: HeardMatter): string =>
      numeral(n[what] ?? 0);
  return (
    <>
      <h2>{say('按一件事', 'By matter')}</h2>
      <div class="card">
        <FiguresTable
          head={{ title: say('一件事', 'Matter'), of: ({ bundle }) => titleIn(part, bundle) }}
          columns={[
            { title: say('提问对应', 'Led here'), of: of('named') },
            { title: say('对话提问', 'Asked'), of: of('asked') },
            { title: say('已回答', 'Answered'), of: of('answered') },
            { title: say('未听懂', 'Not understood'), of: of('not-understood') },
            { title: say('转人工', 'Handed over'), of: of('handed-over') },
            { title: say('已提交', 'Submitted'), of: of('submitted') },
          ]}
          rows={figures.matters}
          keyOf={({ bundle }) => bundle}
        />
      </div>
    </>
  );
}
