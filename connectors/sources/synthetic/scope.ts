/** What a recipe computes with: values, the subjects of a population, and the scope in which one value is made. */
import type { KeyScheme } from '../../../contracts/types.js';

/** One holding of a company in another, or of somebody unnamed in a company. */
export interface Stake {
  readonly holder: Member | null;
  readonly held: Member;
  /** Per cent, two decimals: `51.00`. */
  readonly share: string;
}

export type Value =
  | string
  | number
  | boolean
  | null
  | Member
  | Stake
  | readonly Value[]
  | { readonly [name: string]: Value };

/** What is known of a population once its file was read. */
export interface Population {
  readonly name: string;
  readonly scheme: KeyScheme;
  readonly seed: number;
  /** Index → the number from which a key is made. */
  readonly keyNumber: (index: number) => number;
  readonly slots: ReadonlyMap<string, number>;
  readonly makers: readonly Make[];
  /** For those who belong to another population: its name here, e.g. `company`. */
  readonly hostName?: string;
}

/** One subject. Attributes are computed when first asked for. */
export class Member {
  leader: Member | null = null;
  role: 'single' | 'head' | 'branch' | 'subsidiary' = 'single';
  dependents = 0;
  readonly branches: Member[] = [];
  readonly holders: Stake[] = [];
  readonly holdings: Stake[] = [];
  private readonly values: (Value | undefined)[];
  private ownKey: string | undefined;

  constructor(
    readonly population: Population,
    readonly index: number,
    readonly host: Member | null,
    readonly today: number,
  ) {
    this.values = new Array<Value | undefined>(population.makers.length);
  }

  get key(): string {
    return (this.ownKey ??= this.population.scheme.make(this.population.keyNumber(this.index)));
  }

  attribute(slot: number): Value {
    const known = this.values[slot];
    if (known !== undefined) return known;
    const make = this.population.makers[slot];
    const value =
      make === undefined
        ? null
        : make({
            seed: this.population.seed,
            today: this.today,
            subject: this,
            record: 0,
            place: 0,
            item: null,
            locals: [],
          });
    this.values[slot] = value;
    return value;
  }
}

export interface Scope {
  readonly seed: number;
  /** Days since 1970-01-01. */
  readonly today: number;
  subject: Member;
  /** 0-based number of the record within its subject. */
  record: number;
  /** 0-based place within the list that is being made. */
  place: number;
  /** What `item` means within `each`. */
  item: Value;
  readonly locals: Value[];
}

export type Make = (scope: Scope) => Value;
export type Test = (scope: Scope) => boolean;

/** One step of a reference. A name that the value does not have is null. */
export function follow(value: Value, name: string): Value {
  // of a date: `2019`, `2019-01`
  if (typeof value === 'string')
    return name === 'year' ? value.slice(0, 4) : name === 'month' ? value.slice(0, 7) : null;
  if (value === null || typeof value !== 'object') return null;
  if (value instanceof Member) {
    const slot = value.population.slots.get(name);
    if (slot !== undefined) return value.attribute(slot);
    switch (name) {
      case 'key':
        return value.key;
      case 'role':
        return value.role;
      case 'leader':
        return value.leader;
      case 'dependents':
        return value.dependents;
      case 'branches':
        return value.branches;
      case 'holders':
        return value.holders;
      case 'holdings':
        return value.holdings;
      default:
        return name === value.population.hostName ? value.host : null;
    }
  }
  if (Array.isArray(value)) return null;
  return (value as { readonly [name: string]: Value })[name] ?? null;
}

/** The names that every subject has besides the attributes of its population. */
export const BUILT_IN = ['key', 'role', 'leader', 'dependents', 'branches', 'holders', 'holdings'] as const;
