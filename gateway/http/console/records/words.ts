/** How records of use are told. */
import type { Localised } from '../../../../contracts/localised.js';
import type { UseRecord } from '../../../procedures/sharing/use-records.js';

export const PATH = '/console/sharing/records';
export const TOLD_PATH = '/console/sharing/told';

export const statusNames: Readonly<Record<UseRecord['status'], Localised & { readonly css: 'ok' | 'warn' | 'none' }>> =
  {
    'in-use': { zh: '使用中', en: 'in use', css: 'ok' },
    stored: { zh: '不再使用，仍有存储', en: 'stored, not used', css: 'warn' },
    destroyed: { zh: '已销毁', en: 'destroyed', css: 'none' },
  };

export const partNames = {
  scenario: { zh: '使用场景', en: 'Scenario' },
  effect: { zh: '应用成效', en: 'Effect' },
  storage: { zh: '存储情况', en: 'Storage' },
  destruction: { zh: '销毁情况', en: 'Destruction' },
} as const satisfies Readonly<Partial<Record<keyof UseRecord, Localised>>>;

export const PARTS = ['scenario', 'effect', 'storage', 'destruction'] as const;
