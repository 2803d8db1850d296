/**
 * The frame of every page: language, title, one style sheet, no inline script or style (the policy of the people's port
 * forbids them).
 */

import type { ComponentChildren, JSX } from 'preact';
import { render } from 'preact-render-to-string';
import type { Localised } from '../../../contracts/types.js';
import type { Language } from '../../ground/language/language.js';
import type { KeptForm } from '../people/kept.js';
import { assets } from './assets.js';
import { FormsContext, Returned } from './form.js';
import { Made } from './made.js';

/** What the frame shows of whoever is signed in. */
interface FrameSession {
  readonly name: string;
  readonly roles: string;
  readonly csrf: string;
  /** Notices that were not read; undefined where that is not known. */
  readonly unread?: number | undefined;
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
  /** Path and query of the page; default: whatever the browser has, without its query. */
  readonly address?: string | undefined;
  /** Where the page stands, for its forms (`http/people/kept.ts`). */
  readonly place?: string | undefined;
  /** A form of the page that could not be taken. */
  readonly kept?: KeptForm | undefined;
  /**
   * A form for whoever has not signed in: it goes into the other language with what is written in it, by its own
   * address and `step=edit`.
   */
  readonly carries?: { readonly form: string; readonly action: string } | undefined;
  /** What the page is made of (`made.tsx`). */
  readonly source?: Localised | undefined;
  readonly children: ComponentChildren;
}

/** The same page in another language, with whatever its address asks. */
function inLanguage(address: string | undefined, lang: Language): string {
  const query = new URLSearchParams(address?.split('?')[1] ?? '');
  query.set('lang', lang);
  return `?${query.toString()}`;
}

interface OtherProps extends Pick<FrameProps, 'language' | 'asked' | 'address' | 'carries'> {
  /** Forms of the page that can be kept. */
  readonly forms: ReadonlySet<string>;
  /** The page, as HTML. */
  readonly main: string;
}

const plain = (text: string): string =>
  text.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

/**
 * What the Enter key does in a form: it presses the first submit button that belongs to it, in the order of the page.
 * The switch of the language belongs to it and stands before the form; so the form's own first button stands before the
 * switch once more, unseen.
 */
function Enter({ form, main }: { readonly form: string; readonly main: string }): JSX.Element | null {
  const from = main.indexOf(` id="${form}"`);
  const own = from < 0 ? '' : main.slice(from, main.indexOf('</form>', from));
  const first = [...own.matchAll(/<button\b([^>]*)>/g)]
    .map(([, attributes = '']) => attributes)
    .find((attributes) => !/\btype="(?:button|reset)"/.test(attributes));
  if (first === undefined) return null;
  const attribute = (name: string): string | undefined => {
    const value = new RegExp(` ${name}="([^"]*)"`).exec(first)?.[1];
    return value === undefined ? undefined : plain(value);
  };
  return (
    <button
      hidden
      form={form}
      name={attribute('name')}
      value={attribute('value')}
      formAction={attribute('formaction')}
      formNoValidate={/\bformnovalidate\b/i.test(first)}
      type="submit"
    />
  );
}

/**
 * The way to the page in the other language. Of a page with one form it takes along what is written there; of one with
 * several, `keep.js` finds that which was begun.
 */
function Other({ language, asked, address, carries, forms, main }: OtherProps): JSX.Element {
  const other: Language = language === 'zh' ? 'en' : 'zh';
  const name = other === 'zh' ? '中文' : 'English';
  const lang = other === 'zh' ? 'zh-CN' : 'en';
  const [only, ...more] = forms;
  if (carries !== undefined)
    return (
      <>
        <Enter form={carries.form} main={main} />
        <button
          class="lang"
          form={carries.form}
          formAction={`${carries.action}?lang=${other}`}
          name="step"
          value="edit"
          formNoValidate
          lang={lang}
          type="submit"
        >
          {name}
        </button>
      </>
    );
  if (only !== undefined && more.length === 0)
    return (
      <>
        <Enter form={only} main={main} />
        <button
          class="lang"
          form={only}
          formAction={`/console/keep?lang=${other}`}
          formEncType="application/x-www-form-urlencoded"
          formNoValidate
          lang={lang}
          type="submit"
        >
          {name}
        </button>
      </>
    );
  if (asked === undefined)
    return (
      <a
        class="lang"
        href={inLanguage(address, other)}
        lang={lang}
        hreflang={other}
        data-keep={only === undefined ? undefined : `/console/keep?lang=${other}`}
      >
        {name}
      </a>
    );
  return (
    <form class="again" method="post" action={`${asked.action}?lang=${other}`}>
      {Object.entries(asked.fields).map(([field, value]) => (
        <input type="hidden" name={field} value={value} />
      ))}
      <button type="submit" class="lang" lang={lang}>
        {name}
      </button>
    </form>
  );
}

const unreadWords = (unread: number): string => (unread > 99 ? '99+' : String(unread));

interface WholeProps extends Omit<FrameProps, 'children'> {
  /** The page itself, as HTML. */
  readonly main: string;
  readonly forms: ReadonlySet<string>;
}

function Frame({
  language,
  title,
  workspace,
  main,
  forms,
  scripts = [],
  refresh,
  session,
  way,
  asked,
  address,
  carries,
}: WholeProps): JSX.Element {
  const { folder } = assets();
  return (
    <html lang={language === 'zh' ? 'zh-CN' : 'en'}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${title} · ${workspace.name[language]}`}</title>
        <link rel="icon" href={`${folder}icon.svg`} type="image/svg+xml" />
        <link rel="stylesheet" href={`${folder}yitong.css`} />
        {refresh === undefined ? null : (
          <noscript>
            <meta http-equiv="refresh" content={String(refresh)} />
          </noscript>
        )}
        {scripts.map((name) => (
          <script type="module" src={`${folder}${name}`} />
        ))}
      </head>
      <body>
        {workspace.synthetic ? (
          <aside class="banner" aria-label={language === 'zh' ? '演示环境' : 'Demonstration'}>
            {language === 'zh'
              ? '演示环境：城市、企业与记录均为虚构，由程序生成。'
              : 'Demonstration: the city, its companies and every record are invented.'}
          </aside>
        ) : null}
        <header class="top">
          <a class="skip" href="#main">
            {language === 'zh' ? '跳到正文' : 'Skip to content'}
          </a>
          <a class="brand" href="/">
            <img src={`${folder}icon.svg`} alt="" width="28" height="28" />
            <span>{language === 'zh' ? '一通' : 'Yitong'}</span>
          </a>
          <span class="place">{workspace.name[language]}</span>
          <Other language={language} asked={asked} address={address} carries={carries} forms={forms} main={main} />
          {way === undefined ? null : (
            <a class="quiet" href="/console">
              {way === 'console' ? (language === 'zh' ? '工作台' : 'Console') : language === 'zh' ? '登录' : 'Sign in'}
            </a>
          )}
          {session === undefined ? null : (
            <form class="who" method="post" action="/sign-out">
              <input type="hidden" name="csrf" value={session.csrf} />
              <a class="bell" href="/console/notices">
                {language === 'zh' ? '提醒' : 'Notices'}
                {session.unread === undefined || session.unread === 0 ? null : (
                  <>
                    {' '}
                    <b>{unreadWords(session.unread)}</b>
                    <span class="unseen">{language === 'zh' ? ' 条未读' : ' unread'}</span>
                  </>
                )}
              </a>
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
        <main id="main" tabIndex={-1} dangerouslySetInnerHTML={{ __html: main }} />
      </body>
    </html>
  );
}

/** Has a form that somebody may fill in. */
const SENDS = /<form\b[^>]*method="post"/;

/** The page itself first: its frame says what its forms are. */
export function page({ children, ...props }: FrameProps): string {
  const { language, kept, place, session, title, scripts = [] } = props;
  const written = new Set<string>();
  const body = render(
    <FormsContext.Provider value={{ language, csrf: session?.csrf, place, kept, written }}>
      {children}
    </FormsContext.Provider>,
  );
  const before = kept === undefined ? '' : render(<Returned kept={kept} written={written} language={language} />);
  const made =
    props.source === undefined ? '' : render(<Made source={props.source} at={Date.now()} language={language} />);
  // pages around the sign-in need none
  const sends = (session !== undefined || props.way !== undefined) && SENDS.test(body);
  const wrong = kept?.why === undefined ? '' : language === 'zh' ? '错误：' : 'Error: ';
  const whole = render(
    <Frame
      {...props}
      title={`${wrong}${title}`}
      scripts={[...scripts, ...(sends ? ['fields.js'] : []), ...(written.size > 1 ? ['keep.js'] : [])]}
      main={`${before}${body}${made}`}
      forms={written}
    />,
  );
  return `<!doctype html>${whole}`;
}
