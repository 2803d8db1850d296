/** Who stands in for which head of the department, and the form by which a head hands acts over. */
import type { JSX } from 'preact';
import type { Language } from '../../../ground/language/language.js';
import { localMinute } from '../../../ground/language/time.js';
import { MOST_DAYS } from '../../../procedures/sharing/deputies.js';
import { ChoiceField, FoldedForm, Form, ReasonField, TextField } from '../../ui/form.js';
import { type Say, sayIn } from '../../ui/say.js';

export const PATH = '/console/sharing/deputies';

export interface DeputyLine {
  readonly id: string;
  readonly role: string;
  readonly of: string;
  readonly deputy: string;
  readonly from: string;
  readonly until: string;
  readonly reason: string;
  readonly entry: string;
  readonly stands: 'now' | 'later' | 'over' | 'ended';
  readonly endedAt?: number;
  /** Of whoever looks: the head whose acts they are, or the deputy. */
  readonly mayEnd: 'head' | 'deputy' | undefined;
}

interface DeputiesProps {
  readonly language: Language;
  readonly of: string;
  readonly lines: readonly DeputyLine[];
  /** Roles that whoever looks may hand over, with their names. */
  readonly roles: readonly { readonly value: string; readonly title: string }[];
  readonly today: string;
}

export function deputiesPage(props: DeputiesProps): JSX.Element {
  const { language, of, lines, roles } = props;
  const say = sayIn(language);
  return (
    <>
      <p class="foot">
        <a href="/console/applications">{say('← 共享事项', '← Matters of sharing')}</a>
      </p>
      <h1>{say('代行安排', 'Deputies')}</h1>
      <p class="lead">
        {say(
          `${of}。负责人不在岗期间，可以委托本单位一名人员代行审批，每次最长 ${MOST_DAYS} 天，可随时收回。`,
          `${of}. A head who is away hands the acts to one person of the department, for ${MOST_DAYS} days at most; ` +
            'it is taken back at any time.',
        )}
      </p>
      {roles.length === 0 ? null : <HandOver {...props} say={say} />}
      <h2>{say('本单位的代行安排', 'Of the department')}</h2>
      {lines.length === 0 ? (
        <div class="card">
          <p class="empty">{say('没有代行安排', 'None.')}</p>
        </div>
      ) : (
        <ul class="offers">
          {lines.map((line) => (
            <Line line={line} language={language} say={say} key={line.id} />
          ))}
        </ul>
      )}
    </>
  );
}

function HandOver({ roles, today, say }: DeputiesProps & { readonly say: Say }): JSX.Element {
  return (
    <section class="card pad" aria-label={say('委托代行', 'Hand over')}>
      <h2>{say('委托代行', 'Hand over')}</h2>
      <p class="foot">
        {say(
          '起草、拟定的人员不得审批同一事项，代行时也不例外；代行人员不得再委托他人；长期同意不能代行。',
          'Whoever drafted consents to nothing of it, also as a deputy; a deputy hands nothing on; ' +
            'standing consents stay with the head.',
        )}
      </p>
      <Form action={PATH} class="stacked" data-once>
        <ChoiceField name="role" required label={say('代行的职权', 'Acts of')} options={roles} />
        <TextField
          name="name"
          label={say('代行人员姓名', 'Name of the deputy')}
          required
          maxLength={60}
          autocomplete="off"
        />
        <TextField
          name="account"
          label={say('代行人员登录账号（统一身份认证）', 'Account of the deputy, as for signing in')}
          required
          maxLength={200}
          autocomplete="off"
        />
        <TextField name="from" type="date" label={say('第一天', 'First day')} required value={today} />
        <TextField name="until" type="date" label={say('最后一天', 'Last day')} required value={today} />
        <ReasonField label={say('事由（记入日志）', 'Why (goes on record)')} />
        <p>
          <button class="button" type="submit">
            {say('委托代行', 'Hand over')}
          </button>
        </p>
      </Form>
    </section>
  );
}

const STANDS = {
  now: { zh: '代行中', en: 'in force', css: 'ok' },
  later: { zh: '尚未开始', en: 'to come', css: 'none' },
  over: { zh: '已到期', en: 'over', css: 'none' },
  ended: { zh: '已收回', en: 'taken back', css: 'none' },
} as const;

function Line({
  line,
  language,
  say,
}: {
  readonly line: DeputyLine;
  readonly language: Language;
  readonly say: Say;
}): JSX.Element {
  const { id, role, of, deputy, from, until, reason, entry, stands, endedAt, mayEnd } = line;
  return (
    <li class="card pad">
      <div class="head">
        <b>{say(`${deputy}代${of}`, `${deputy} for ${of}`)}</b>
        <span class={`state ${STANDS[stands].css}`}>{STANDS[stands][language]}</span>
      </div>
      <p>
        {role} · {from} {say('至', 'to')} {until}
        {endedAt === undefined ? '' : say(`，${localMinute(endedAt)}收回`, `, ended ${localMinute(endedAt)}`)}
      </p>
      <p class="foot">
        <span class="own">{reason}</span>
        {say(' · 回执 ', ' · receipt ')}
        <span class="mono exact">{entry}</span>
      </p>
      {mayEnd === undefined ? null : (
        <FoldedForm
          action={`${PATH}/${id}/end`}
          name={id}
          summary={mayEnd === 'head' ? say('收回', 'Take back') : say('不再代行', 'Lay down')}
          data-once
        >
          <p class="foot">{say('立即生效，记入日志。', 'At once, and on record.')}</p>
          <p>
            <button class="button danger" type="submit">
              {mayEnd === 'head' ? say('收回', 'Take back') : say('不再代行', 'Lay down')}
            </button>
          </p>
        </FoldedForm>
      )}
    </li>
  );
}
