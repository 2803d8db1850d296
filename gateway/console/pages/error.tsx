/** What went wrong, for people: what it was, what to do, and the id by which whoever helps finds it. */
import type { FastifyRequest } from 'fastify';
import { errorTable, type ErrorCode } from '../../../contracts/errors.js';
import type { Localised } from '../../../contracts/types.js';
import type { Problem } from '../../plugins/errors.js';
import { page, type FrameProps, type Language } from '../page.js';

/** Where the error table's title would not help somebody who reads pages. */
const said: Partial<Readonly<Record<ErrorCode, Localised>>> = {
  rate_limited: { zh: '查询过于频繁，请一分钟后再试', en: 'Too many at once; try again in a minute' },
  not_found: { zh: '没有这个页面', en: 'There is no such page' },
  role_missing: { zh: '您的角色不能查看此页', en: 'This page is for other roles than yours' },
  sign_in_required: { zh: '请先登录', en: 'Sign in first' },
  sign_in_failed: { zh: '登录未完成，请重新登录', en: 'The sign-in was not completed; begin again' },
  sign_in_unavailable: { zh: '目前无法登录', en: 'Nobody can sign in at present' },
  authorisation_missing: { zh: '有企业没有授权，报告没有出具', en: 'A company has not authorised this, so no report was issued' },
  form_foreign: { zh: '表单已过期，请返回页面重新提交', en: 'The form is out of date; go back to the page and send it again' },
  code_unknown: { zh: '没有这个合规码，请企业出示新的', en: 'There is no such code; let the company show a new one' },
  code_used: { zh: '此码已用过，请企业出示新的', en: 'The code was used; let the company show a new one' },
  code_expired: { zh: '已过时限，请企业出示新的合规码', en: 'The time is over; let the company show a new code' },
  code_refused: { zh: '企业拒绝答复', en: 'The company refused to answer' },
  code_not_confirmed: { zh: '企业尚未确认', en: 'The company has not confirmed yet' },
  code_changed: { zh: '屏幕上的问题已变化，请重新查看', en: 'What was confirmed is not what is asked; look again' },
  address_unknown: { zh: '本系统尚未设置对外地址，暂不能出具文书或登录，请联系管理人员', en: 'The address of this system is not set, so no document is made and nobody signs in; ask its operator' },
  bad_request: { zh: '请求的格式不正确，请返回页面重新填写', en: 'The request is not in order; go back to the page and fill it in again' },
  audit_unavailable: { zh: '审计日志暂时不可写，因此不显示任何内容', en: 'The audit log cannot be written at present, so nothing is shown' },
};

export const errorWords = (code: ErrorCode, language: Language): string => said[code]?.[language] ?? errorTable[code].title;

/** Undefined unless a browser asks for a page. */
export function errorPage(request: FastifyRequest, { status, code, detail, requestId }: Problem, workspace: FrameProps['workspace']): string | undefined {
  if (request.headers.accept?.includes('text/html') !== true) return undefined;
  const { language } = request;
  const zh = language === 'zh';
  return page({
    language, workspace, title: String(status),
    children: (
      <section class="narrow">
        <h1>{errorWords(code, language)}</h1>
        {detail === undefined ? null : <p class="lead">{detail}</p>}
        <p>
          <a class="button" href={status === 401 ? '/sign-in' : '/'}>{status === 401 ? (zh ? '登录' : 'Sign in') : zh ? '回到首页' : 'To the start page'}</a>
        </p>
        <p class="id">{`${code} · ${requestId}`}</p>
      </section>
    ),
  });
}
