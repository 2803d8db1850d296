import { civilToDays } from '../logical.js';
import type { KeyResult, KeyScheme } from '../types.js';

const bad = (reason: string): KeyResult => ({ ok: false, code: 'bad_value', reason });
/** GB 11643-1999 §4.4, ISO 7064 MOD 11-2: 2^(18-i) mod 11 */
const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS = '10X98765432';

function expected(key: string): string {
  let sum = 0;
  for (let i = 0; i < 17; i++) sum += (key.charCodeAt(i) - 48) * WEIGHTS[i]!;
  return CHECKS[sum % 11]!;
}

/** First digits of the provinces and the like of GB/T 2260, and 83 for residents from Taiwan. */
const REGIONS = new Set(
  '11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83'.split(' '),
);
const two = (key: string, at: number): number => (key.charCodeAt(at) - 48) * 10 + key.charCodeAt(at + 1) - 48;

/** 公民身份号码 */
const cnId: KeyScheme = {
  id: 'cn-id',
  name: { zh: '公民身份号码', en: 'citizen identification number' },
  standard: 'GB 11643-1999',
  persons: true,
  parse(input) {
    let key = input;
    if (key.length !== 18 || key.charCodeAt(17) === 120) {
      if (input.length > 64) return bad('must have 18 characters');
      key = input.replace(/\s/g, '').toUpperCase();
      if (key.length === 15) return bad('has the 15 characters of the number withdrawn in 2013');
      if (key.length !== 18) return bad('must have 18 characters');
    }
    for (let i = 0; i < 17; i++) {
      const code = key.charCodeAt(i);
      if (code < 48 || code > 57) return bad('must have 17 digits and a check character');
    }
    if (!REGIONS.has(key.slice(0, 2))) return bad('begins with a region that GB/T 2260 does not know');
    if (civilToDays(two(key, 6) * 100 + two(key, 8), two(key, 10), two(key, 12)) === undefined || two(key, 6) < 18)
      return bad('holds a date of birth that is no date');
    if (key[17] !== expected(key))
      return { ok: false, code: 'bad_check_digit', reason: 'does not satisfy the check character of GB 11643' };
    return { ok: true, key, changed: key !== input };
  },
  mask: (key) => `${key.slice(0, 3)}*************${key.slice(16)}`,
  make(n) {
    const whole = Math.abs(Math.trunc(n));
    const date = new Date(Date.UTC(1950, 0, 1) + (Math.floor(whole / 999) % 20_000) * 86_400_000)
      .toISOString()
      .slice(0, 10)
      .replaceAll('-', '');
    // 31 99 00 is no division, so that nobody bears a number made here
    const head = `319900${date}${String((whole % 999) + 1).padStart(3, '0')}`;
    return head + expected(head);
  },
};
export default cnId;
