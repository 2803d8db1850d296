import type { KeyScheme } from '../types.js';
import siren, { luhnSum, onlyDigits } from './siren.js';

/**
 * La Poste numbers its offices beyond what Luhn leaves: their digits sum to a multiple of 5. Its head office keeps to
 * Luhn.
 */
const LA_POSTE = '356000000';
const LA_POSTE_HEAD_OFFICE = '35600000000048';

function digitSum(key: string): number {
  let sum = 0;
  for (let i = 0; i < key.length; i++) sum += key.charCodeAt(i) - 48;
  return sum;
}

function holds(key: string): boolean {
  if (key.startsWith(LA_POSTE) && key !== LA_POSTE_HEAD_OFFICE) return digitSum(key) % 5 === 0;
  return luhnSum(key) % 10 === 0;
}

/** Système d'identification du répertoire des établissements: SIREN and five digits (NIC) */
const siret: KeyScheme = {
  id: 'siret',
  name: { zh: '法国机构识别码', en: 'SIRET' },
  standard: 'Code de commerce R123-221; INSEE SIRENE; ISO/IEC 7812-1 annex B, with the exception for La Poste',
  persons: false,
  parse(input) {
    const key = onlyDigits(input, 14);
    if (key === undefined) return { ok: false, code: 'bad_value', reason: 'must have 14 digits' };
    if (key.startsWith('000000000'))
      return { ok: false, code: 'bad_value', reason: 'begins with a SIREN of zeros, which is nobody' };
    if (!holds(key)) return { ok: false, code: 'bad_check_digit', reason: 'does not satisfy the Luhn check' };
    if (luhnSum(key.slice(0, 9)) % 10 !== 0)
      return { ok: false, code: 'bad_check_digit', reason: 'begins with a SIREN that does not satisfy the Luhn check' };
    return { ok: true, key, changed: key !== input };
  },
  mask: (key) => `${key.slice(0, 2)}*****${key.slice(7, 9)}***${key.slice(12)}`,
  make(n) {
    const company = siren.make(n);
    if (company === LA_POSTE) return LA_POSTE_HEAD_OFFICE;
    const head = `${company}0001`;
    return head + String((10 - (luhnSum(`${head}0`) % 10)) % 10);
  },
};
export default siret;
