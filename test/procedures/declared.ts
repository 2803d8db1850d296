/** Lifecycles of tests, as their files hold them. */
const title = { zh: '名', en: 'name' };
const field = (max = 100): object => ({ title, min: 4, max });

/** The least that a lifecycle is. */
export const declared = () => ({
  title,
  basis: 'a law',
  calendar: 'mainland',
  about: { kinds: ['penalty'] },
  parties: {
    asker: { title, role: 'subject', follows: true },
    giver: { title, role: 'data-officer', authority: 'record' },
  },
  fields: { grounds: field(), scope: field() },
  states: { filed: { title, effect: 'none' }, closed: { title, effect: 'none', terminal: true } },
  acts: {
    file: { title, by: ['asker'], from: [] as string[], to: 'filed', requires: ['grounds'] },
    close: { title, by: ['giver'], from: ['filed'], to: 'closed' },
  },
  clocks: {
    reply: { title, basis: 'a law', party: 'giver', days: 10, starts: ['file'], stops: ['close'], runsOut: 'alert' },
  },
});

/**
 * A sharing application (政务数据共享条例 Art.21): told once what is missing, a reply within ten working days, ten more with
 * consent.
 */
export const sharing = () => ({
  ...declared(),
  parties: {
    asker: { title, role: 'data-officer', authority: 'tax', follows: true },
    giver: { title, role: 'data-officer', authority: 'record' },
    office: { title, role: 'sharing-authority' },
  },
  fields: { grounds: field(), reason: field() },
  states: {
    filed: { title, effect: 'none' },
    incomplete: { title, effect: 'none' },
    agreed: { title, effect: 'none', terminal: true },
    refused: { title, effect: 'none', terminal: true },
    withdrawn: { title, effect: 'none', terminal: true },
  },
  acts: {
    file: { title, by: ['asker'], from: [], to: 'filed', requires: ['grounds'] },
    'tell-missing': { title, by: ['giver'], from: ['filed'], to: 'incomplete', requires: ['reason'], once: true },
    complete: { title, by: ['asker'], from: ['incomplete'], to: 'filed', requires: ['grounds'] },
    agree: { title, by: ['giver'], from: ['filed'], to: 'agreed' },
    refuse: { title, by: ['giver'], from: ['filed'], to: 'refused', requires: ['reason'] },
    withdraw: { title, by: ['asker'], from: ['filed', 'incomplete'], to: 'withdrawn' },
  },
  clocks: {
    reply: {
      title,
      basis: '政务数据共享条例 第二十一条',
      party: 'giver',
      days: 10,
      starts: ['file', 'complete'],
      stops: ['agree', 'refuse', 'tell-missing', 'withdraw'],
      runsOut: 'alert',
      extension: { days: 10, by: ['giver'], consent: 'office', requires: ['reason'] },
    },
  },
});
