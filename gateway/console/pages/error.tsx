/** What went wrong, for people: what it was, what to do, and the id by which whoever helps finds it. */
import type { FastifyRequest } from 'fastify';
import { errorWords as wordsOf } from '../../../contracts/error-words.js';
import type { ErrorCode } from '../../../contracts/errors.js';
import type { Problem } from '../../plugins/errors.js';
import { page, type FrameProps, type Language } from '../page.js';

export const errorWords = (code: ErrorCode, language: Language): string => wordsOf(code)[language];

/** Undefined unless a browser asks for a page. */
export function errorPage(request: FastifyRequest, { status, code, detail, requestId }: Problem, workspace: FrameProps['workspace']): string | undefined {
  if (request.headers.accept?.includes('text/html') !== true) return undefined;
  const { language } = request;
  const zh = language === 'zh';
  return page({
    language, workspace, title: errorWords(code, language),
    children: (
      <section class="narrow" data-error={code}>
        <h1>{errorWords(code, language)}</h1>
        {detail === undefined || zh ? null : <p class="lead">{detail}</p>}
        <p>
          <a class="button" href={status === 401 ? '/sign-in' : '/'}>{status === 401 ? (zh ? '登录' : 'Sign in') : zh ? '回到首页' : 'To the start page'}</a>
        </p>
        <p class="id">{zh ? <>查询编号 <span class="exact">{requestId}</span></> : `${code} · ${requestId}`}</p>
      </section>
    ),
  });
}
