/** Before it is issued: what it would say, or whose authorisation is missing. */
import type { JSX } from 'preact';
import type { Preview } from '../../../reports/index.js';
import type { Asked } from '../../../services/reporting/form.js';
import type { Language } from '../../page.js';
import { ReportContent } from './content.js';
import { Carried } from './picks.js';
import { keyOf, relationNames, sayIn } from './words.js';

export interface PreviewProps {
  readonly language: Language;
  readonly csrf: string;
  readonly hidden: string;
  readonly asked: Asked;
  readonly subject: string;
  readonly preview: Preview;
}

export function previewPage({ language, csrf, hidden, asked, subject, preview: { model, members, missing } }: PreviewProps): JSX.Element {
  const say = sayIn(language);
  const carried = <Carried asked={asked} csrf={csrf} hidden={hidden} />;
  const ready = model !== undefined;
  const steps = (
    <div class="row steps-on">
      <form method="post" action="/console/reports/new"><input type="hidden" name="step" value="edit" />{carried}<button class="quiet" type="submit">{say('返回修改', 'Go back and change')}</button></form>
      {ready ? <form method="post" action="/console/reports" data-once>{carried}<button class="button" type="submit">{say('出具报告', 'Issue the report')}</button></form> : null}
    </div>
  );
  const lacking = missing.map(({ member, company }) => ({ member: members[member], company })).filter(({ member }) => member !== undefined);
  return (
    <>
      <h1>{ready ? say('预览', 'Preview') : say('部分企业尚未授权', 'Authorisations are missing')}</h1>
      {ready ? <p class="lead">{say('报告尚未出具。核对无误后出具，即可取得核验码和文书。', 'Nothing is issued yet. Issue it once it is as you want it: you get its code and its documents.')}</p> : (
        <>
          <div class="notice bad" role="alert">
            <p>{say(`${members.length} 家企业中有 ${lacking.length} 家没有为这些领域和用途授权，因此没有读取任何记录。`, `${lacking.length} of ${members.length} companies have not authorised these domains and this purpose, so no record was read.`)}</p>
            <p>{say('请下列企业登录本平台，在“授权”页授权给 ', 'Have the companies below sign in here and authorise, under “Authorisations”, the code ')}<b class="code">{keyOf(subject)}</b>{say('；或返回修改，不再选择上述企业。', '; or go back and leave them out.')}</p>
          </div>
          <ul class="card rows">
            {lacking.map(({ member, company }) => (
              <li>
                <div><p><b>{member?.name}</b> <span class="soft">{member === undefined ? '' : relationNames[member.relation][language]}</span></p><p class="code soft">{keyOf(member?.subject ?? '')}</p></div>
                <span class="soft">{company === member?.subject ? say('由其自行授权', 'authorises itself') : <>{say('由其所属企业授权：', 'its company authorises: ')}<span class="code">{keyOf(company)}</span></>}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      {steps}
      {model === undefined ? null : <><ReportContent model={model} language={language} />{steps}</>}
    </>
  );
}
