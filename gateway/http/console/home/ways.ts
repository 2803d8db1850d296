/** What somebody can begin here, by role: of those to whom little or nothing ever waits, and who come seldom. */
import type { Localised } from '../../../../contracts/localised.js';
import type { Role } from '../../../ground/identity/person.js';
import { DESK_PARTS } from '../developer/tabs.js';

/** A part of the console, for whoever does not know it yet. */
export interface Way {
  readonly path: string;
  readonly title: Localised;
  readonly about: Localised;
}

const WAYS: Readonly<Partial<Record<Role, readonly Way[]>>> = {
  developer: [
    ...DESK_PARTS,
    {
      path: '/console/datasets',
      title: { zh: '数据目录', en: 'The catalogue' },
      about: { zh: '有哪些数据，本单位的应用能不能查', en: 'what data there is, and whether your systems may ask it' },
    },
  ],
  'sharing-authority': [
    {
      path: '/console/grants?state=unused',
      title: { zh: '长期未使用的授权', en: 'Grants that nobody uses' },
      about: { zh: '谁提供、依据哪部法律，可以暂停', en: 'whose data, by which law; and how to suspend them' },
    },
    {
      path: '/console/grants',
      title: { zh: '停用一个应用的全部授权', en: 'Stop all that a system gets' },
      about: { zh: '选定应用，写明理由，数秒内生效，之后可以恢复', en: 'at once, with a reason; it can go on later' },
    },
    {
      path: '/console/applications/calendar',
      title: { zh: '哪些部门逾期未办', en: 'Which departments are late' },
      about: { zh: '在办事项的期限和即将到期的授权', en: 'terms that run, and grants that end' },
    },
    {
      path: '/console/sharing/statistics',
      title: { zh: '本季度共享情况', en: 'Figures of the quarter' },
      about: { zh: '共享多少、多快、谁慢，可以起草报告', en: 'how much, how fast, who is slow; and the report' },
    },
  ],
  subject: [
    {
      path: '/console/reports',
      title: { zh: '申请信用报告', en: 'Ask for a credit report' },
      about: { zh: '交给银行等单位，对方凭码核验', en: 'for a bank or others, who check it by its code' },
    },
    {
      path: '/console/history',
      title: { zh: '谁使用过我的数据', en: 'Who looked at my data' },
      about: { zh: '何时、为何、看了哪些内容；有疑问可以投诉', en: 'when, why and at what; and how to complain' },
    },
    {
      path: '/console/tickets',
      title: { zh: '更正记录、信用修复', en: 'Have a record put right' },
      about: { zh: '记录有误或者已经履行义务的，在此提出', en: 'where one is wrong, or what it is about is settled' },
    },
    {
      path: '/guide',
      title: { zh: '办理一件事', en: 'Begin a matter' },
      about: { zh: '用一句话说出要办的事，例如开一家小吃店', en: 'say it in a sentence, such as opening a snack bar' },
    },
  ],
};

/** Each once, in the order of the roles. */
export const waysOf = (roles: readonly Role[]): readonly Way[] => [
  ...new Map(roles.flatMap((role) => WAYS[role] ?? []).map((way) => [way.path, way])).values(),
];
