/** The pages of the developer's desk, beside one another. */
import type { JSX } from 'preact';
import type { Localised } from '../../../../contracts/types.js';
import type { Language } from '../../../ground/language/language.js';

export const DESK = '/console/developer';
export const START = `${DESK}/start`;
export const KEYS = `${DESK}/keys`;
export const INTERFACES = `${DESK}/interfaces`;

interface Tab {
  readonly path: string;
  readonly title: Localised;
  readonly about: Localised;
}

const TABS = {
  ask: {
    path: DESK,
    title: { zh: '在沙箱中试查', en: 'Try in the sandbox' },
    about: { zh: '用虚构数据看看能查到什么、为什么', en: 'what comes back, and why, of invented records' },
  },
  start: {
    path: START,
    title: { zh: '快速入门', en: 'From zero to the first answer' },
    about: { zh: '逐步办理，命令可直接复制', en: 'step by step, each with what is pressed or the command to copy' },
  },
  keys: {
    path: KEYS,
    title: { zh: '应用证书', en: 'Certificates' },
    about: { zh: '申请、下载、吊销', en: 'to get, to download and to revoke' },
  },
  interfaces: {
    path: INTERFACES,
    title: { zh: '接口文档', en: 'The API' },
    about: {
      zh: '全部接口的参数、答复、错误代码与调用示例',
      en: 'parameters, answers, errors and samples of all of it',
    },
  },
} as const satisfies Readonly<Record<string, Tab>>;

/** What there is on the desk, for whoever does not know it yet. */
export const DESK_PARTS: readonly Tab[] = Object.values(TABS);

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
