import type { KeyResult, KeyScheme } from '../types.js';

const bad = (reason: string): KeyResult => ({ ok: false, code: 'bad_value', reason });

/**
 * ISO/IEC 7812-1 annex B (Luhn): the sum over the digits, every second from the right doubled; NaN where there is
 * another character.
 */
export function luhnSum(digits: string): number {
  let sum = 0;
  for (let i = digits.length - 1, double = false; i >= 0; i--, double = !double) {
    const value = digits.charCodeAt(i) - 48;
    if (value < 0 || value > 9) return NaN;
    sum += double ? (value > 4 ? value * 2 - 9 : value * 2) : value;
  }
  return sum;
}

/** Without the blanks that people write; undefined where what is left is not `length` digits. */
export function onlyDigits(input: string, length: number): string | undefined {
  const text = input.length === length ? input : input.length > 64 ? '' : input.replace(/\s/g, '');
  if (text.length !== length) return undefined;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code < 48 || code > 57) return undefined;
  }
  return text;
}

/** Système d'identification du répertoire des entreprises */
const siren: KeyScheme = {
  id: 'siren',
  name: { zh: '法国企业识别码', en: 'SIREN' },
  standard: 'Code de commerce R123-221; INSEE SIRENE; ISO/IEC 7812-1 annex B',
  persons: false,
  parse(input) {
    const key = onlyDigits(input, 9);
    if (key === undefined) return bad('must have 9 digits');
    if (key === '000000000') return bad('is all zeros, which is nobody');
    if (luhnSum(key) % 10 !== 0)
      return { ok: false, code: 'bad_check_digit', reason: 'does not satisfy the Luhn check' };
    return { ok: true, key, changed: key !== input };
  },
  mask: (key) => `${key.slice(0, 2)}*****${key.slice(7)}`,
  make(n) {
    const head = String(10_000_000 + (Math.abs(Math.trunc(n)) % 90_000_000));
    return head + String((10 - (luhnSum(`${head}0`) % 10)) % 10);
  },
};
export default siren;
