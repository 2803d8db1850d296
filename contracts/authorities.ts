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
