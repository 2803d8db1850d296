/** Reads a rule and checks it against what its names hold: `rule := and ('or' and)*`, `and := not ('and' not)*`. */
import { type Place, YitongError } from '../errors.js';
import { dateToDays } from '../logical.js';
import type { Comparison, Kind, Literal, Rule } from './rule.js';

/** Where a rule stands: its file, and the key in it, as `items.seal.when`. */
interface RulePlace {
  readonly place: Place;
  readonly key: string;
}

interface Token {
  readonly kind: 'name' | 'word' | 'text' | 'number' | 'sign' | 'end';
  readonly text: string;
  /** From 1. */
  readonly at: number;
}

/** Names that a rule cannot have. */
export const WORDS: ReadonlySet<string> = new Set([
  'and',
  'or',
  'not',
  'in',
  'has',
  'contains',
  'is',
  'known',
  'unknown',
  'empty',
  'yes',
  'no',
]);
const TOKEN =
  /(?<space>\s+)|(?<text>'[^'\n]*')|(?<number>-?\d+(?:\.\d+)?(?![\w.]))|(?<sign><=|>=|!=|[=<>(),])|(?<name>[A-Za-z][A-Za-z0-9]*(?:[-.][A-Za-z0-9]+)*)/y;
const MAX_LENGTH = 1_000;
const MAX_DEPTH = 20;

class Reader {
  readonly #tokens: Token[] = [];
  readonly #kindOf: (name: string) => Kind | undefined;
  readonly #where: RulePlace;
  #next = 0;
  #depth = 0;

  constructor(text: string, kindOf: (name: string) => Kind | undefined, where: RulePlace) {
    this.#kindOf = kindOf;
    this.#where = where;
    if (text.length > MAX_LENGTH) this.#refuse(`is longer than ${MAX_LENGTH} characters`, 1);
    const pattern = new RegExp(TOKEN);
    while (pattern.lastIndex < text.length) {
      const at = pattern.lastIndex + 1;
      const found = pattern.exec(text)?.groups;
      if (found === undefined) this.#refuse('has something there that is no part of a rule', at);
      const { name, number, sign, text: quoted } = found;
      if (name !== undefined) this.#tokens.push({ kind: WORDS.has(name) ? 'word' : 'name', text: name, at });
      else if (number !== undefined) this.#tokens.push({ kind: 'number', text: number, at });
      else if (sign !== undefined) this.#tokens.push({ kind: 'sign', text: sign, at });
      else if (quoted !== undefined) this.#tokens.push({ kind: 'text', text: quoted.slice(1, -1), at });
    }
    this.#tokens.push({ kind: 'end', text: '', at: text.length + 1 });
  }

  #refuse(what: string, at: number): never {
    throw new YitongError('bad_rule', `\`${this.#where.key}\` ${what} (character ${at})`, { place: this.#where.place });
  }

  get #token(): Token {
    return this.#tokens[this.#next] as Token;
  }

  #take(text?: string): Token | undefined {
    const token = this.#token;
    if (token.kind === 'text' || token.kind === 'end' || token.text !== text) return undefined;
    this.#next++;
    return token;
  }

  #expect(text: string): void {
    if (this.#take(text) === undefined) this.#refuse(`lacks \`${text}\``, this.#token.at);
  }

  whole(): Rule {
    const rule = this.#or();
    if (this.#token.kind !== 'end') this.#refuse('goes on where it should end', this.#token.at);
    return rule;
  }

  #or(): Rule {
    if (++this.#depth > MAX_DEPTH) this.#refuse(`is nested deeper than ${MAX_DEPTH}`, this.#token.at);
    const of = [this.#and()];
    while (this.#take('or') !== undefined) of.push(this.#and());
    this.#depth--;
    return of.length === 1 ? (of[0] as Rule) : { op: 'or', of };
  }

  #and(): Rule {
    const of = [this.#not()];
    while (this.#take('and') !== undefined) of.push(this.#not());
    return of.length === 1 ? (of[0] as Rule) : { op: 'and', of };
  }

  #not(): Rule {
    let times = 0;
    while (this.#take('not') !== undefined) times++;
    const rule = this.#primary();
    return times % 2 === 0 ? rule : { op: 'not', of: rule };
  }

  #primary(): Rule {
    const { kind, text, at } = this.#token;
    if (this.#take('(') !== undefined) {
      const rule = this.#or();
      this.#expect(')');
      return rule;
    }
    if (this.#take('yes') !== undefined) return { op: 'always' };
    if (this.#take('no') !== undefined) return { op: 'never' };
    if (kind !== 'name') return this.#refuse('lacks a name', at);
    this.#next++;
    const known = this.#kindOf(text);
    return known === undefined ? this.#refuse(`reads the unknown name \`${text}\``, at) : this.#said(text, known);
  }

  #said(name: string, kind: Kind): Rule {
    const { at, text } = this.#token;
    if (this.#take('is') !== undefined) {
      if (this.#take('known') !== undefined) return { op: 'known', name };
      if (this.#take('unknown') !== undefined) return { op: 'unknown', name };
      this.#fits(name, kind, 'has', at);
      this.#expect('empty');
      return { op: 'empty', name };
    }
    if (this.#take('in') !== undefined) {
      this.#fits(name, kind, '=', at);
      this.#expect('(');
      const literals = [this.#literal(name, kind)];
      while (this.#take(',') !== undefined) literals.push(this.#literal(name, kind));
      this.#expect(')');
      return { op: 'in', name, literals };
    }
    for (const by of ['=', '!=', '<', '<=', '>', '>=', 'has', 'contains'] as const) {
      if (text !== by || this.#take(by) === undefined) continue;
      this.#fits(name, kind, by, at);
      return { op: 'compare', name, by, literal: this.#literal(name, kind) };
    }
    if (kind.type !== 'yes-no') return this.#refuse(`says nothing of \`${name}\`, which is no \`yes-no\``, at);
    return { op: 'name', name };
  }

  #fits(name: string, { type }: Kind, by: Comparison, at: number): void {
    const ordered = type === 'integer' || type === 'decimal' || type === 'date';
    const fits =
      by === 'has'
        ? type === 'codes' || type === 'texts'
        : by === 'contains'
          ? type === 'text'
          : by === '=' || by === '!='
            ? type !== 'codes' && type !== 'texts'
            : ordered;
    if (!fits) this.#refuse(`compares \`${name}\`, which is \`${type}\`, by \`${by}\``, at);
  }

  #literal(name: string, kind: Kind): Literal {
    const token = this.#token;
    this.#next++;
    const wants = (what: string): never =>
      this.#refuse(`compares \`${name}\` with something that is no ${what}`, token.at);
    switch (kind.type) {
      case 'yes-no':
        return token.kind === 'word' && (token.text === 'yes' || token.text === 'no')
          ? token.text === 'yes'
          : wants('`yes` or `no`');
      case 'integer':
      case 'decimal':
        return token.kind === 'number' && (kind.type === 'decimal' || Number.isInteger(Number(token.text)))
          ? Number(token.text)
          : wants(kind.type === 'integer' ? 'whole number' : 'number');
      case 'date':
        return token.kind === 'text' && isDay(token.text) ? token.text : wants("day `'YYYY-MM-DD'`");
      case 'code':
      case 'codes':
        return token.kind === 'text' && kind.codes.includes(token.text) ? token.text : wants('code of its list');
      default:
        return token.kind === 'text' && token.text !== '' ? token.text : wants("text `'…'`");
    }
  }
}

/** A day that the calendar has. */
export const isDay = (text: string): boolean => dateToDays(text) !== undefined;

/**
 * A rule, whose names are all known and each compared with what it can hold.
 * @param kindOf undefined for a name that there is not
 * @throws YitongError `bad_rule` with the file, the key and the character
 */
export function parseRule(text: string, kindOf: (name: string) => Kind | undefined, where: RulePlace): Rule {
  return new Reader(text, kindOf, where).whole();
}
