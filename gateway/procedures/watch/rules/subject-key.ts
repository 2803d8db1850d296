/** A subject's key is damaged. Found by looking through the keys, not in accesses. */
import { watchRule } from '../rule.js';

export default watchRule({
  title: { zh: '主体密钥损坏', en: 'damaged key' },
  advice: {
    zh: '该主体（假名）的密钥已损坏：日志中以其加密的内容无法再读，关于该主体的查询不予答复。请从备份恢复审计密钥目录。',
    en:
      'The key of this subject (a pseudonym) is damaged: what stands under it in the log cannot be read, and ' +
      'nothing about the subject is answered. Put audit/keys back from a backup.',
  },
  thresholds: {},
  start: () => ({}),
  see: () => undefined,
  window: () => 0,
});
