/** Whom a company has asked for an authorisation, each with the link by which that company finds it. */

import type { JSX } from 'preact';
import { keyOf } from '../../../../contracts/ids.js';
import type { Invitation } from '../../../documents/reports/index.js';
import type { Language } from '../../../ground/language/language.js';
import { Form } from '../../ui/form.js';
import { sayIn } from '../../ui/say.js';
import type { Subjects } from '../../ui/speaking.js';
import type { Asked } from './form.js';
import { REPORT_FORM } from './form-page.js';
import { Carried } from './picks.js';

interface InvitedProps {
  readonly language: Language;
  readonly csrf: string;
  readonly subjects: Subjects;
  readonly asked: Asked;
  readonly invitations: readonly Invitation[];
  readonly linkOf: (invitation: Invitation) => string;
}

export function invitedPage({ language, csrf, subjects, asked, invitations, linkOf }: InvitedProps): JSX.Element {
  const say = sayIn(language);
  const open = invitations.filter(({ declinedAt }) => declinedAt === undefined);
  const declined = invitations.filter(({ declinedAt }) => declinedAt !== undefined);
  const carried = (leaveOut: boolean): JSX.Element => (
    <Carried asked={{ ...asked, leaveOut }} csrf={csrf} hidden={subjects.hidden} />
  );
  return (
    <>
      <h1>{say('已请求授权', 'They were asked')}</h1>
      <p class="lead">
        {say(
          `已向 ${open.length} 家企业发出授权请求。对方下次登录时会看到；也可把链接发给对方，对方登录后即可答复。`,
          `${open.length} ${open.length === 1 ? 'company was' : 'companies were'} asked. They find it when ` +
            'they sign in next; or send them the link, which leads there.',
        )}
      </p>
      {open.length === 0 ? null : (
        <ul class="card rows">
          {open.map((one) => (
            <li>
              <div>
                <p>
                  <b>{one.names.from}</b> <span class="code soft">{keyOf(one.from)}</span>
                </p>
                <p class="soft">{say(`请于 ${one.until} 前答复`, `to be answered by ${one.until}`)}</p>
              </div>
              <p class="row" data-copied={say('已复制', 'Copied')}>
                <a class="code exact" id={`link-${one.id}`} href={linkOf(one)}>
                  {linkOf(one)}
                </a>
                <button type="button" class="quiet" data-copy={`link-${one.id}`} hidden>
                  {say('复制链接', 'Copy the link')}
                </button>
              </p>
            </li>
          ))}
        </ul>
      )}
      {declined.length === 0 ? null : (
        <>
          <h2>{say('已拒绝的企业', 'Have declined')}</h2>
          <ul class="card rows">
            {declined.map((one) => (
              <li>
                <p>
                  <b>{one.names.from}</b> <span class="code soft">{keyOf(one.from)}</span>
                </p>
                <span class="soft">
                  {say(`${one.until} 之前不能再次请求`, `cannot be asked again before ${one.until}`)}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      <div class="row steps-on">
        <Form name={REPORT_FORM} action="/console/reports/new">
          {carried(true)}
          <button class="button" type="submit">
            {say('先不列入上述企业，继续预览', 'Leave them out for now, and go on')}
          </button>
        </Form>
        <a class="quiet" href={`/console/reports${subjects.query('?')}`}>
          {say('等待答复', 'Wait for them')}
        </a>
      </div>
    </>
  );
}
