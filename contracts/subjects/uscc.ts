import type { KeyResult, KeyScheme } from '../types.js';

/** GB 32100-2015 §4 and annex B: 0–9 and letters without I, O, Z, S, V; a character's value is its index. */
const ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY';
const VALUE = new Int8Array(128).fill(-1);
for (let i = 0; i < ALPHABET.length; i++) VALUE[ALPHABET.charCodeAt(i)] = i;
/** 3^(i-1) mod 31 */
const WEIGHTS = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

const bad = (reason: string): KeyResult => ({ ok: false, code: 'bad_value', reason });

/** The check character's value over the first 17; -1 where a character is outside the alphabet. */
function check(key: string): number {
  let sum = 0;
  for (let i = 0; i < 17; i++) {
    const code = key.charCodeAt(i);
    const value = code < 128 ? VALUE[code]! : -1;
    if (value < 0) return -1;
    sum += value * WEIGHTS[i]!;
  }
  return (31 - (sum % 31)) % 31;
}

function parse(input: string): KeyResult {
  let key = input;
  let changed = false;
  if (key.length !== 18 || /[^0-9A-Z]/.test(key)) {
    if (input.length > 64) return bad('must have 18 characters');
    key = input.replace(/[\s-]/g, '').toUpperCase();
    changed = true;
    if (key.length !== 18) return bad('must have 18 characters');
  }
  const expected = check(key);
  if (expected < 0) return bad('has a character that GB 32100 does not use');
  // positions 3 to 8 are the registering authority's administrative division, digits only
  for (let i = 2; i < 8; i++) if (key.charCodeAt(i) > 57) return bad('has letters in its administrative division');
  if (key.charCodeAt(17) > 127 || VALUE[key.charCodeAt(17)] !== expected)
    return { ok: false, code: 'bad_check_digit', reason: 'does not satisfy the check character of GB 32100' };
  return { ok: true, key, changed };
}

/** No division of GB/T 2260 begins with 99, so what `make` makes is nobody's code. */
const DIVISIONS = ['990101', '990102', '990103', '990104', '990105', '990106', '990107'];

/** 统一社会信用代码 */
const uscc: KeyScheme = {
  id: 'uscc',
  name: { zh: '统一社会信用代码', en: 'unified social credit code' },
  standard: 'GB 32100-2015',
  persons: false,
  parse,
  mask: (key) => `${key.slice(0, 4)}**********${key.slice(14)}`,
  make(n) {
    // the organisation part counts in base 31 behind `MA`, as new registrations do
    let rest = Math.abs(Math.trunc(n));
    let part = '';
    for (let i = 0; i < 7; i++) {
      part = ALPHABET[rest % 31]! + part;
      rest = Math.floor(rest / 31);
    }
    const head = `91${DIVISIONS[Math.abs(Math.trunc(n)) % DIVISIONS.length]!}MA${part}`;
    return head + ALPHABET[check(head)]!;
  },
};
export default uscc;
