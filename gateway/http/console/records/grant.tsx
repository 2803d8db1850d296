/** What is recorded of the use of one grant, and the form by which its requester records more. */
import type { JSX } from 'preact';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import type { KeptUseRecord } from '../../../procedures/sharing/use-records.js';
import { USE_STATUSES } from '../../../procedures/sharing/use-records.js';
import { AreaField, ChoiceField, Form } from '../../ui/form.js';
import { type Say, sayIn } from '../../ui/say.js';
import type { UseLine } from './list.js';
import { PARTS, PATH, partNames, statusNames } from './words.js';

interface GrantProps {
  readonly language: Language;
  readonly line: UseLine;
  /** The newest last. */
  readonly records: readonly KeptUseRecord[];
  readonly mayWrite: boolean;
  /** The application that it came of. */
  readonly matter?: string;
  /** Whether the grant itself may be opened. */
  readonly mayGrants: boolean;
}

export function recordsPage(props: GrantProps): JSX.Element {
  const { language, line, records, mayWrite, matter, mayGrants } = props;
  const say = sayIn(language);
  const { grant, client, dataset, requester, provider, until, over, lacking } = line;
  return (
    <>
      <p class="foot">
        <a href={PATH}>{say('← 共享数据使用记录', '← Records of use')}</a>
      </p>
      <div class="head">
        <h1>
          {client[language]} · {dataset[language]}
        </h1>
        {lacking ? <span class="state bad">{say('没有记录', 'nothing recorded')}</span> : null}
      </div>
      <p class="lead">
        {say(
          `${requester.zh}使用${provider.zh}提供的${dataset.zh}，${over || until === undefined ? '授权已终止' : `授权至 ${until}`}。`,
          `${requester.en} uses ${dataset.en} of ${provider.en}; ` +
            (over || until === undefined ? 'the grant is over.' : `granted until ${until}.`),
        )}
      </p>
      <p class="row">
        {matter === undefined ? null : (
          <a class="quiet" href={`/console/applications/${matter}`}>
            {say('查看共享申请', 'The application')}
          </a>
        )}
        {mayGrants ? (
          <a class="quiet" href={`/console/grants/${grant}`}>
            {say('查看授权', 'The grant')}
          </a>
        ) : null}
      </p>
      {mayWrite ? <Write {...props} say={say} /> : null}
      <h2>{say('使用记录（最近的在前）', 'Records, the newest first')}</h2>
      {records.length === 0 ? (
        <div class="card">
          <p class="empty">
            {say('还没有使用记录。使用过程由平台日志自动记录。', 'None yet. The process itself stands in the log.')}
          </p>
        </div>
      ) : (
        [...records]
          .reverse()
          .map((record) => <Kept record={record} language={language} say={say} key={record.entry} />)
      )}
    </>
  );
}

function Kept({
  record,
  language,
  say,
}: {
  readonly record: KeptUseRecord;
  readonly language: Language;
  readonly say: Say;
}): JSX.Element {
  const { at, status, entry } = record;
  return (
    <section class="card pad use-record" aria-label={localMinute(Date.parse(at))}>
      <div class="head">
        <b>{localMinute(Date.parse(at))}</b>
        <span class={`state ${statusNames[status].css}`}>{statusNames[status][language]}</span>
      </div>
      <dl class="facts">
        {PARTS.map((part) => (
          <>
            <dt>{partNames[part][language]}</dt>
            <dd class="own">{record[part]}</dd>
          </>
        ))}
      </dl>
      <p class="foot">
        {say('回执 ', 'receipt ')}
        <span class="mono exact">{entry}</span>
      </p>
    </section>
  );
}

function Write({ line: { grant }, records, language, say }: GrantProps & { readonly say: Say }): JSX.Element {
  const last = records.at(-1);
  return (
    <section class="card pad" aria-label={say('登记使用情况', 'Record')}>
      <h2>{say('登记使用情况', 'Record how it is used')}</h2>
      <p class="foot">
        {say(
          '每次登记新增一条，已登记的不能修改。请勿填写个人信息。',
          'Each record is added, none is changed. Write nothing that is personal.',
        )}
      </p>
      <Form action={`${PATH}/${grant}`} class="stacked" data-once>
        {PARTS.map((part) => (
          <AreaField
            name={part}
            rows={2}
            required
            minLength={2}
            maxLength={4000}
            label={partNames[part][language]}
            value={last?.[part] ?? ''}
            key={part}
          />
        ))}
        <ChoiceField
          name="status"
          required
          label={say('目前状态', 'As it stands')}
          value={last?.status ?? 'in-use'}
          options={USE_STATUSES.map((one) => ({ value: one, title: statusNames[one][language] }))}
        />
        <p>
          <button class="button" type="submit">
            {say('登记', 'Record')}
          </button>
        </p>
      </Form>
    </section>
  );
}
