/** The arithmetic of check characters, compiled from its declaration. Costs a few operations a weighed place. */
import type { Check } from './declaration.js';

interface CompiledCheck {
  /** Whether the key satisfies it, or need not. */
  holds(key: string): boolean;
  /** The key with its check character in place; the key itself where the check has none, or is not for it. */
  complete(key: string): string;
  /** Place of the check character, from 0. */
  readonly at: number | undefined;
  /** Places that are weighed, from 0. */
  readonly from: number;
  readonly to: number;
}

const digitSum = (product: number): number => {
  let sum = 0;
  for (let rest = product; rest > 0; rest = Math.floor(rest / 10)) sum += rest % 10;
  return sum;
};

/** @param refuse takes what is wrong with the declaration, and throws */
export function compileCheck(
  check: Check,
  alphabet: string,
  length: number,
  refuse: (what: string) => never,
): CompiledCheck {
  const {
    only,
    unless,
    weights,
    values = 'alphabet',
    sum = 'products',
    modulus,
    remainder,
    exceptions = [],
    complement = false,
  } = check;
  const from = (check.from ?? 1) - 1;
  const to = from + weights.length;
  if (to > length) refuse('a check weighs more places than a key has');
  if ((remainder === undefined) === (check.at === undefined))
    refuse('a check has either `remainder` or `at`, the place of its character');
  if (remainder !== undefined && remainder >= modulus) refuse('a `remainder` must be smaller than its `modulus`');
  if (remainder !== undefined && (check.characters !== undefined || check.complement !== undefined))
    refuse('`characters` and `complement` belong to a check with `at`');
  if (check.at !== undefined && exceptions.length > 0) refuse('`exceptions` belong to a check with `remainder`');
  const at = check.at === undefined ? undefined : check.at - 1;
  const characters = check.characters ?? alphabet.slice(0, modulus);
  if (at !== undefined) {
    if (at >= length || (at >= from && at < to))
      refuse('a check character stands at a place of the key that is not weighed for it');
    if (characters.length !== modulus) refuse(`a check of modulus ${modulus} needs as many \`characters\``);
    for (const character of characters)
      if (!alphabet.includes(character)) refuse('a check character must be of the alphabet');
  }
  for (const one of exceptions) if (one.at > length) refuse('an exception is for a place that no key has');
  const value = new Map(
    [...alphabet].map((character, index) => [
      character.charCodeAt(0),
      values === 'code' ? character.charCodeAt(0) - 48 : index,
    ]),
  );
  if ([...value.values()].some((one) => one < 0)) refuse('a character before `0` has no value by its code');
  const concerns = (key: string): boolean =>
    (only === undefined || only.some((start) => key.startsWith(start))) &&
    unless?.some((start) => key.startsWith(start)) !== true;
  const total = (key: string): number => {
    let all = 0;
    for (let i = from; i < to; i++) {
      const product = (value.get(key.charCodeAt(i)) ?? 0) * (weights[i - from] ?? 0);
      all += sum === 'digits' ? digitSum(product) : product;
    }
    return all;
  };
  const character = (key: string): string => {
    const rest = total(key) % modulus;
    return characters.charAt(complement ? (modulus - rest) % modulus : rest);
  };
  return {
    at,
    from,
    to,
    holds(key) {
      if (!concerns(key)) return true;
      if (at !== undefined) return key.charAt(at) === character(key);
      const all = total(key);
      return (
        all % modulus === remainder ||
        exceptions.some((one) => key.charAt(one.at - 1) === one.is && (all + one.add) % modulus === remainder)
      );
    },
    complete: (key) =>
      at === undefined || !concerns(key) ? key : key.slice(0, at) + character(key) + key.slice(at + 1),
  };
}
