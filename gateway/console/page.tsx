/** The frame of every page: language, title, one style sheet, no inline script or style (the policy of the people's port forbids them). */
import type { ComponentChildren, JSX } from 'preact';
import { render } from 'preact-render-to-string';
import type { Localised } from '../../contracts/types.js';

export type Language = 'zh' | 'en';

/** `?lang=`, else Accept-Language, else Chinese. */
export function languageOf(query: unknown, header: string | undefined): Language {
  if (query === 'zh' || query === 'en') return query;
  const first = /\b(zh|en)\b/i.exec(header ?? '')?.[1]?.toLowerCase();
  return first === 'en' ? 'en' : 'zh';
}

export const words = (text: Localised, language: Language): string => text[language];

/** What the frame shows of whoever is signed in. */
export interface FrameSession {
  readonly name: string;
  readonly roles: string;
  readonly csrf: string;
  readonly nav: readonly { readonly path: string; readonly title: string; readonly here: boolean }[];
}

export interface FrameProps {
  readonly language: Language;
  readonly title: string;
  readonly workspace: { readonly name: Localised; readonly synthetic: boolean };
  /** Scripts of the page, below `/assets/`. */
  readonly scripts?: readonly string[];
  /** Seconds after which a browser without scripts asks for the page anew. */
  readonly refresh?: number;
  readonly session?: FrameSession;
  /** Of pages that everybody sees: what to call the way into the console. */
  readonly way?: 'sign-in' | 'console';
  /** Of a page that is the answer to a form: the same form gives it in the other language. */
  readonly asked?: { readonly action: string; readonly fields: Readonly<Record<string, string>> } | undefined;
  readonly children: ComponentChildren;
}

/** The way to the page in the other language. */
function Other({ language, asked }: Pick<FrameProps, 'language' | 'asked'>): JSX.Element {
  const other: Language = language === 'zh' ? 'en' : 'zh';
  const name = other === 'zh' ? '中文' : 'English';
  const lang = other === 'zh' ? 'zh-CN' : 'en';
  if (asked === undefined) return <a class="lang" href={`?lang=${other}`} lang={lang} hreflang={other}>{name}</a>;
  return (
    <form class="again" method="post" action={`${asked.action}?lang=${other}`}>
      {Object.entries(asked.fields).map(([field, value]) => <input type="hidden" name={field} value={value} />)}
      <button type="submit" class="lang" lang={lang}>{name}</button>
    </form>
  );
}

function Frame({ language, title, workspace, children, scripts = [], refresh, session, way, asked }: FrameProps): JSX.Element {
  return (
    <html lang={language === 'zh' ? 'zh-CN' : 'en'}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${title} · ${workspace.name[language]}`}</title>
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/yitong.css" />
        {refresh === undefined ? null : <noscript><meta http-equiv="refresh" content={String(refresh)} /></noscript>}
        {scripts.map((name) => (
          <script type="module" src={`/assets/${name}`} />
        ))}
      </head>
      <body>
        {workspace.synthetic ? (
          <p class="banner" role="note">
            {language === 'zh' ? '演示环境：城市、企业与记录均为虚构，由程序生成。' : 'Demonstration: the city, its companies and every record are invented.'}
          </p>
        ) : null}
        <header class="top">
          <a class="skip" href="#main">
            {language === 'zh' ? '跳到正文' : 'Skip to content'}
          </a>
          <a class="brand" href="/">
            <img src="/assets/icon.svg" alt="" width="28" height="28" />
            <span>{language === 'zh' ? '一通' : 'Yitong'}</span>
          </a>
          <span class="place">{workspace.name[language]}</span>
          <Other language={language} asked={asked} />
          {way === undefined ? null : (
            <a class="quiet" href="/console">
              {way === 'console' ? (language === 'zh' ? '工作台' : 'Console') : language === 'zh' ? '登录' : 'Sign in'}
            </a>
          )}
          {session === undefined ? null : (
            <form class="who" method="post" action="/sign-out">
              <input type="hidden" name="csrf" value={session.csrf} />
              <span>
                {session.name} <small>{session.roles}</small>
              </span>
              <button type="submit" class="quiet">
                {language === 'zh' ? '退出' : 'Sign out'}
              </button>
            </form>
          )}
        </header>
        {session === undefined || session.nav.length === 0 ? null : (
          <nav class="nav" aria-label={language === 'zh' ? '主导航' : 'Main'}>
            {session.nav.map(({ path, title: name, here }) => (
              <a href={path} aria-current={here ? 'page' : undefined}>
                {name}
              </a>
            ))}
          </nav>
        )}
        <main id="main" tabIndex={-1}>
          {children}
        </main>
      </body>
    </html>
  );
}

export const page = (props: FrameProps): string => `<!doctype html>${render(<Frame {...props} />)}`;
