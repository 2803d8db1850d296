/** Pages around a session. */
import type { JSX } from 'preact';
import { type FrameProps, page } from '../../ui/page.js';

type Place = Pick<FrameProps, 'language' | 'workspace'>;

export function signedOut({ language, workspace }: Place): string {
  const zh = language === 'zh';
  const body: JSX.Element = (
    <section class="narrow">
      <h1>{zh ? '已退出登录' : 'Signed out'}</h1>
      <p class="lead">
        {zh ? '本次登录中出现的主体代号已失效。' : 'The names under which subjects stood in this sign-in are void.'}
      </p>
      <p>
        <a class="button" href="/sign-in">
          {zh ? '重新登录' : 'Sign in again'}
        </a>
      </p>
    </section>
  );
  return page({ language, workspace, title: zh ? '已退出' : 'Signed out', children: body });
}

/**
 * On the way from a form to the identity provider: a browser does not follow a form to somebody else's address (CSP
 * `form-action`), and goes there from a page.
 */
export function signInFirst({ language, workspace, to }: Place & { readonly to: string }): string {
  const zh = language === 'zh';
  const body: JSX.Element = (
    <section class="narrow">
      <h1>{zh ? '请重新登录' : 'Sign in again'}</h1>
      <p class="lead">
        {zh
          ? '登录已过期。您填写的内容已保留，登录后可继续办理。'
          : 'The sign-in is over. What you wrote is kept, and is there again once you have signed in.'}
      </p>
      <p>
        <a class="button" href={to}>
          {zh ? '去登录' : 'Sign in'}
        </a>
      </p>
    </section>
  );
  return page({ language, workspace, title: zh ? '请重新登录' : 'Sign in again', children: body });
}
