/** What somebody wants to be told of, and where. */
import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/localised.js';
import type { Language } from '../../../ground/language/language.js';
import { type Channel, type Profile, wants } from '../../notices/store.js';
import { Form, TextField, TickField } from '../../ui/form.js';
import { type Say, sayIn } from '../../ui/say.js';

export interface KindLine {
  readonly id: string;
  readonly title: Localised;
}

type Chosen = Pick<Profile, 'switches' | 'mail'>;

interface SettingsProps {
  readonly language: Language;
  readonly kinds: readonly KindLine[];
  /** Those that the installation has. */
  readonly ways: readonly Channel[];
  readonly profile: Chosen;
  /** By which webhooks are signed. */
  readonly key: string | undefined;
  readonly saved: boolean;
}

const WAYS: Readonly<Record<Channel, Localised>> = {
  page: { zh: '页面', en: 'In the console' },
  mail: { zh: '邮件', en: 'E-mail' },
  hook: { zh: '消息平台', en: 'Webhook' },
};

/** As it is chosen, also while the address is not confirmed yet. */
const chosen = ({ switches }: Chosen, kind: string, channel: Channel): boolean =>
  wants({ switches, mail: { address: '', confirmed: true, askedAt: 0, tries: 0 } }, kind, channel);

function Mail({ profile: { mail }, say }: Pick<SettingsProps, 'profile'> & { readonly say: Say }): JSX.Element {
  return (
    <section class="card pad switches-beside">
      <h2 class="own">{say('邮件地址', 'E-mail address')}</h2>
      <p class="soft">
        {mail === undefined
          ? say(
              '尚未填写。填写后会收到一封含确认码的邮件。',
              'None yet. A code is sent there, which you give back here.',
            )
          : mail.confirmed
            ? say('已确认。', 'Confirmed.')
            : say('待确认：请查收邮件并填写确认码。', 'Not confirmed yet: enter the code that was sent there.')}
      </p>
      {mail === undefined || mail.confirmed ? null : (
        <Form class="row" action="/console/notices/confirm">
          <TextField
            name="code"
            label={say('确认码（8 位数字）', 'Code (8 digits)')}
            required
            maxLength={8}
            inputmode="numeric"
            autocomplete="off"
          />
          <button class="button" type="submit">
            {say('确认', 'Confirm')}
          </button>
        </Form>
      )}
      <Form class="row" action="/console/notices/mail">
        <TextField
          name="address"
          label={say('邮箱（留空则不再接收）', 'Address (empty: none)')}
          value={mail?.address ?? ''}
          maxLength={200}
          autocapitalize="none"
          spellcheck={false}
        />
        <button class="quiet" type="submit">
          {say('保存地址', 'Save address')}
        </button>
      </Form>
    </section>
  );
}

export function settingsPage({ language, kinds, ways, profile, key, saved }: SettingsProps): JSX.Element {
  const say = sayIn(language);
  return (
    <>
      <h1>{say('提醒设置', 'Notice settings')}</h1>
      <p class="lead">
        {say(
          '提醒只说明事项类别和剩余期限，不含当事人信息和办理内容。邮件默认关闭。',
          'A notice says what kind of work it is and how long it has, nobody’s data and nothing of its words. ' +
            'E-mail is off until you want it.',
        )}
      </p>
      {saved ? (
        <p class="notice ok" role="status">
          {say('设置已保存。', 'Saved.')}
        </p>
      ) : null}
      <Form class="card pad" action="/console/notices/settings">
        <div class="scroll">
          <table class="switches">
            <thead>
              <tr>
                <th scope="col">{say('类别', 'What')}</th>
                {ways.map((way) => (
                  <th scope="col" key={way}>
                    {WAYS[way][language]}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {kinds.map(({ id, title }) => (
                <tr key={id}>
                  <th scope="row">{title[language]}</th>
                  {ways.map((way) => (
                    <td key={way}>
                      <TickField
                        name={way}
                        value={id}
                        checked={chosen(profile, id, way)}
                        label={
                          <span class="unseen">{`${title[language]}${say('：', ': ')}${WAYS[way][language]}`}</span>
                        }
                      />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <button class="button" type="submit">
          {say('保存', 'Save')}
        </button>
      </Form>
      {ways.includes('mail') ? <Mail profile={profile} say={say} /> : null}
      {key === undefined ? null : (
        <section class="card pad switches-beside">
          <h2 class="own">{say('消息平台验签公钥', 'Key of the webhook’s signatures')}</h2>
          <p>
            <code class="exact">{key}</code>
          </p>
        </section>
      )}
    </>
  );
}
