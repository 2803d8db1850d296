import type { KeyResult, KeyScheme } from '../types.js';

const bad = (reason: string): KeyResult => ({ ok: false, code: 'bad_value', reason });
const WEIGHTS = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];

/**
 * Modulo 11 over the first `length` characters; a letter counts as its ASCII code less 48 (IN RFB 2.229/2024, annex
 * XV).
 */
function check(key: string, length: 12 | 13): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += (key.charCodeAt(i) - 48) * WEIGHTS[13 - length + i]!;
  const rest = sum % 11;
  return rest < 2 ? 0 : 11 - rest;
}

/** Twelve of 0–9 A–Z, then two digits. */
function wellFormed(key: string): boolean {
  if (key.length !== 14) return false;
  for (let i = 0; i < 14; i++) {
    const code = key.charCodeAt(i);
    const digit = code >= 48 && code <= 57;
    if (!digit && (i >= 12 || code < 65 || code > 90)) return false;
  }
  return true;
}

function allEqual(key: string): boolean {
  for (let i = 1; i < key.length; i++) if (key.charCodeAt(i) !== key.charCodeAt(0)) return false;
  return true;
}

/** Cadastro Nacional da Pessoa Jurídica: digits, and since July 2026 letters in the first twelve places. */
const cnpj: KeyScheme = {
  id: 'cnpj',
  name: { zh: '巴西法人登记号', en: 'CNPJ' },
  standard: 'IN RFB 2.119/2022; alphanumeric by IN RFB 2.229/2024',
  persons: false,
  slips: 'modulo 11, of which the results 10 and 0 are both written 0, lets a few pass',
  parse(input) {
    let key = input;
    if (!wellFormed(key)) {
      if (input.length > 64) return bad('must have 14 characters');
      key = input.replace(/[\s./-]/g, '').toUpperCase();
      if (!wellFormed(key)) return bad('must have twelve digits or letters and two check digits');
    }
    if (allEqual(key)) return bad('is one digit repeated, which is nobody');
    if (key.charCodeAt(12) - 48 !== check(key, 12) || key.charCodeAt(13) - 48 !== check(key, 13)) {
      return { ok: false, code: 'bad_check_digit', reason: 'does not satisfy its check digits (modulo 11)' };
    }
    return { ok: true, key, changed: key !== input };
  },
  mask: (key) => `${key.slice(0, 2)}********${key.slice(10)}`,
  make(n) {
    const head = `${String(10_000_000 + (Math.abs(Math.trunc(n)) % 90_000_000))}0001`;
    const first = head + String(check(head, 12));
    return first + String(check(first, 13));
  },
};
export default cnpj;
