/** Before it is issued: what it would say, or whose authorisation is missing. */

import type { JSX } from 'preact';
import { keyOf } from '../../../../contracts/ids.js';
import type { Preview } from '../../../documents/reports/index.js';
import type { Language } from '../../../ground/language/language.js';
import { Form } from '../../ui/form.js';
import { relationNames } from '../../ui/report-words.js';
import { sayIn } from '../../ui/say.js';
import { ReportContent } from './content.js';
import type { Asked } from './form.js';
import { REPORT_FORM } from './form-page.js';
import { Carried } from './picks.js';

interface PreviewProps {
  readonly language: Language;
  readonly csrf: string;
  readonly hidden: string;
  readonly asked: Asked;
  readonly preview: Preview;
}

export function previewPage({
  language,
  csrf,
  hidden,
  asked,
  preview: { model, members, missing },
}: PreviewProps): JSX.Element {
  const say = sayIn(language);
  const carried = <Carried asked={asked} csrf={csrf} hidden={hidden} />;
  const ready = model !== undefined;
  const lacking = missing
    .map(({ member, company }) => ({ member: members[member], company }))
    .filter(({ member }) => member !== undefined);
  const steps = (
    <div class="row steps-on">
      <Form name={REPORT_FORM} action="/console/reports/new" hidden={{ step: 'edit' }}>
        {carried}
        <button class="quiet" type="submit">
          {say('返回修改', 'Go back and change')}
        </button>
      </Form>
      {ready ? (
        <Form name={REPORT_FORM} action="/console/reports" data-once>
          {carried}
          <button class="button" type="submit">
            {say('出具报告', 'Issue the report')}
          </button>
        </Form>
      ) : (
        <>
          <Form name={REPORT_FORM} action="/console/reports/invitations" data-once>
            {carried}
            <button class="button" type="submit">
              {say('请其授权', 'Ask them to authorise it')}
            </button>
          </Form>
          {lacking.length === members.length ? null : (
            <Form name={REPORT_FORM} action="/console/reports/new">
              <Carried asked={{ ...asked, leaveOut: true }} csrf={csrf} hidden={hidden} />
              <button class="button low" type="submit">
                {say('不列入，并在报告中写明', 'Leave them out, and say so in the report')}
              </button>
            </Form>
          )}
        </>
      )}
    </div>
  );
  return (
    <>
      <h1>
        {ready
          ? say('预览', 'Preview')
          : lacking.length === members.length
            ? say('尚未获得授权', 'Not authorised yet')
            : say('部分企业尚未授权', 'Authorisations are missing')}
      </h1>
      {ready ? (
        <p class="lead">
          {say(
            '报告尚未出具。核对无误后出具，即可取得核验码和文书。',
            'Nothing is issued yet. Issue it once it is as you want it: you get its code and its documents.',
          )}
        </p>
      ) : (
        <>
          <div class="notice bad" role="alert">
            <p>
              {members.length === 1
                ? say(
                    '该企业没有为这些领域和用途授权，因此没有读取任何记录。',
                    'The company has not authorised these domains and this purpose, so no record was read.',
                  )
                : say(
                    `${members.length} 家企业中有 ${lacking.length} 家没有为这些领域和用途授权，因此没有读取任何记录。`,
                    `${lacking.length} of ${members.length} companies have not authorised these domains and this ` +
                      'purpose, so no record was read.',
                  )}
            </p>
            <p>
              {lacking.length === members.length
                ? say(
                    '可以请其授权：对方下次登录时会看到请求。',
                    'Ask for it: whoever is asked finds it at the next sign-in.',
                  )
                : say(
                    '可以请这些企业授权：对方下次登录时会看到请求；也可以不列入这些企业，报告中会写明其名称。',
                    'Ask them: they find it when they sign in next. Or leave them out: the report then names them.',
                  )}
            </p>
          </div>
          <ul class="card rows">
            {lacking.map(({ member, company }) => (
              <li>
                <div>
                  <p>
                    <b>{member?.name}</b>{' '}
                    <span class="soft">{member === undefined ? '' : relationNames[member.relation][language]}</span>
                  </p>
                  <p class="code soft">{keyOf(member?.subject ?? '')}</p>
                </div>
                <span class="soft">
                  {company === member?.subject ? (
                    say('由其自行授权', 'authorises itself')
                  ) : (
                    <>
                      {say('由其所属企业授权：', 'its company authorises: ')}
                      <span class="code">{keyOf(company)}</span>
                    </>
                  )}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      {steps}
      {model === undefined ? null : (
        <>
          <ReportContent model={model} language={language} />
          {steps}
        </>
      )}
    </>
  );
}
