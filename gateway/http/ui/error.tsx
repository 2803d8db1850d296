/** What went wrong, for people: what it was, what to do, and the id by which whoever helps finds it. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { errorWords as wordsOf } from '../../../contracts/error-words.js';
import type { ErrorCode } from '../../../contracts/errors.js';
import type { Language } from '../../ground/language/language.js';
import type { AsPage, Problem } from '../plugins/errors.js';
import { backToForm, isPage } from '../plugins/forms.js';
import { framed } from './frame.js';
import { type FrameProps, page } from './page.js';

export const errorWords = (code: ErrorCode, language: Language): string => wordsOf(code)[language];

/** Undefined unless a browser asks for a page. Of a form that could not be taken its own page comes again. */
export async function errorPage(
  request: FastifyRequest,
  { status, code, detail, requestId }: Problem,
  workspace: FrameProps['workspace'],
  reply: FastifyReply,
  error: unknown,
): ReturnType<AsPage> {
  if (!isPage(request)) return undefined;
  const { language } = request;
  const zh = language === 'zh';
  const back = await backToForm(request, reply, code, status, error);
  if (back?.redirect === true) return { to: back.to };
  const to = back?.to ?? (status === 401 ? '/sign-in' : request.session === undefined ? '/' : '/console');
  const words =
    back !== undefined
      ? zh
        ? '返回表单（已保留所填内容）'
        : 'Back to the form (what you wrote is kept)'
      : status === 401
        ? zh
          ? '登录'
          : 'Sign in'
        : request.session === undefined
          ? zh
            ? '回到首页'
            : 'To the start page'
          : zh
            ? '返回工作台'
            : 'To the console';
  const content = {
    workspace,
    title: errorWords(code, language),
    children: (
      <section class="narrow" data-error={code}>
        <h1>{errorWords(code, language)}</h1>
        {detail === undefined || zh ? null : <p class="lead">{detail}</p>}
        <p>
          <a class="button" href={to}>
            {words}
          </a>
        </p>
        <p class="id">
          {zh ? (
            <>
              查询编号 <span class="exact">{requestId}</span>
            </>
          ) : (
            `${code} · ${requestId}`
          )}
        </p>
      </section>
    ),
  };
  return request.session === undefined ? page({ language, ...content }) : framed(request, content, false);
}
