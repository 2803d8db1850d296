/** Authorities by what names them in content and in certificates, which is plain text. */
import type { AuthorityId } from './ids.js';
import type { Localised } from './localised.js';
import type { Authority } from './types.js';

/** Of a workspace. */
interface Known {
  readonly authorities: ReadonlyMap<AuthorityId, Authority>;
  /** Those that provide no data. */
  readonly bodies?: Readonly<Record<string, Localised>>;
}

// the one cast: what is no id is in no map
export const authorityNamed = ({ authorities }: Known, name: string): Authority | undefined =>
  authorities.get(name as AuthorityId);

/** What people call it; what names it, where the workspace does not know it. */
export const authorityTitle = (known: Known, name: string, language: keyof Localised): string =>
  (authorityNamed(known, name)?.name ?? known.bodies?.[name])?.[language] ?? name;

/** How whoever asks about its data or documents reaches it: office, telephone, e-mail; empty where nobody said. */
export const waysTo = ({ contact }: Pick<Authority, 'contact'>, language: keyof Localised): readonly string[] =>
  [contact?.office?.[language], contact?.telephone, contact?.email].filter((way) => way !== undefined);

/** Who can mend what is wrong with its data, and how they are reached. @param name of the authority */
export function dataOfficerOf(known: Known, name: string): Localised {
  const authority = authorityNamed(known, name);
  const ways = (language: keyof Localised): readonly string[] =>
    authority === undefined ? [] : waysTo(authority, language);
  const [zh, en] = [ways('zh').join('，'), ways('en').join(', ')];
  return {
    zh: `${authorityTitle(known, name, 'zh')}数据专员${zh === '' ? '' : `（${zh}）`}`,
    en: `data officer of ${authorityTitle(known, name, 'en')}${en === '' ? '' : ` (${en})`}`,
  };
}
