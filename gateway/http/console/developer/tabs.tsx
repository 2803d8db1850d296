/** The pages of the developer's desk, beside one another. */
import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/types.js';
import type { Language } from '../../../ground/language/language.js';

export const DESK = '/console/developer';
export const START = `${DESK}/start`;
export const INTERFACES = `${DESK}/interfaces`;

const TABS = {
  ask: { path: DESK, title: { zh: '在沙箱中试查', en: 'Try in the sandbox' } },
  start: { path: START, title: { zh: '从零到第一个回答', en: 'From zero to the first answer' } },
  interfaces: { path: INTERFACES, title: { zh: '接口文档', en: 'The API' } },
} as const satisfies Readonly<Record<string, { readonly path: string; readonly title: Localised }>>;

interface TabsProps {
  readonly here: keyof typeof TABS;
  /** Whether who looks may ask in the sandbox: it is asked as a client of theirs. */
  readonly tries: boolean;
  readonly language: Language;
}

/** Nothing for whoever sees one of them only. */
export const DeskTabs = ({ here, tries, language }: TabsProps): JSX.Element | null =>
  tries ? (
    <nav class="pills" aria-label={language === 'zh' ? '开发台' : "Developer's desk"}>
      {Object.entries(TABS).map(([id, { path, title }]) => (
        <a href={path} aria-current={id === here ? 'page' : undefined}>
          {title[language]}
        </a>
      ))}
    </nav>
  ) : null;
