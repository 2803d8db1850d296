/**
 * A bundle: one matter of a person or company (一件事) that takes several items of several departments, as
 * `contracts/bundles/<bundle>/` declares it, and the elements that all bundles of a workspace share.
 */
import type { Place } from '../errors.js';
import type { FieldPath } from '../ids.js';
import type { Contract, Localised } from '../types.js';
import type { Kind, Rule } from './rule.js';

/** A register that has the element: the record of the subject whose key stands in the element `by`. */
export interface Source {
  readonly contract: Contract;
  readonly field: FieldPath;
  readonly by: string;
  /** Of several records of the subject the one whose field holds what that element holds. */
  readonly record?: { readonly field: FieldPath; readonly is: string };
}

export type ElementType = 'text' | 'code' | 'integer' | 'decimal' | 'date' | 'yes-no' | 'key';

/** Who is signed in: a company's or a person's account says it. */
export type Applicant = 'company' | 'person';

/**
 * What of a sentence can be the value of an element beside what its type says (a day, a key, a code): a place, square
 * metres, yuan, kilograms.
 */
export type SlotKind = 'address' | 'area' | 'money' | 'mass';

/** One thing that forms ask for, under one name for the whole workspace. */
export interface Element {
  /** `<group>.<name>` */
  readonly id: string;
  readonly title: Localised;
  readonly type: ElementType;
  /** Several of them: a list. */
  readonly many: boolean;
  /** Of a code: its list. */
  readonly codelist?: string;
  /** Of a key: its scheme. */
  readonly scheme?: string;
  /** The JSON schema of a value, without what single forms narrow. */
  readonly schema: JsonSchema;
  /** Registers that have it, the one that counts first. */
  readonly registers: readonly Source[];
  /** The account of such an applicant says it. */
  readonly identity: readonly Applicant[];
  /** Values that are valid. */
  readonly examples: readonly Json[];
  /** Why it is asked though a register has a field of that name. */
  readonly asked?: Localised;
  readonly slot?: SlotKind;
  /** The authority that was named its source (数源部门) where registers of several have it (政务数据共享条例 Art.19(2)). */
  readonly lead?: string;
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonSchema = Readonly<Record<string, Json>>;

export interface Elements {
  readonly groups: ReadonlyMap<string, Localised>;
  readonly elements: ReadonlyMap<string, Element>;
  /** Undefined where the workspace has no elements. */
  readonly place: Place | undefined;
}

/** A rule with its place in the file. */
export interface PlacedRule {
  readonly rule: Rule;
  /** `items.seal.when` */
  readonly key: string;
  readonly place: Place;
}

export interface Question {
  readonly id: string;
  /** In plain words. */
  readonly asks: Localised;
  readonly help?: Localised;
  readonly kind: Kind;
  readonly choices: ReadonlyMap<string, Localised>;
  /** The answer is the value of this element, which no form asks again. */
  readonly element?: string;
  readonly when: PlacedRule;
  /** "I do not know" is an answer, and stays unknown. */
  readonly mayNotKnow: boolean;
}

/** What registers say about the applicant: whether there is a record for which `where` holds. */
export interface Fact {
  readonly id: string;
  readonly title: Localised;
  readonly contract: Contract;
  readonly by: string;
  /** Over fields of the record; what a record does not hold is unknown. */
  readonly where: PlacedRule;
  /** What a field of the record holds; undefined where rules cannot read it. */
  readonly kindOf: (field: string) => Kind | undefined;
}

type TermUnit = 'working-days' | 'days' | 'on-the-spot';
export interface Term {
  readonly unit: TermUnit;
  /** None on the spot. */
  readonly days?: number;
  readonly basis: readonly string[];
  /** Where it cannot be done on the spot. */
  readonly else?: { readonly unit: Exclude<TermUnit, 'on-the-spot'>; readonly days: number };
  /** It stands still while the applicant has been asked for a supplement. */
  readonly stops?: true;
  readonly note?: Localised;
}

/** What has to hold before the item is filed. */
export interface Requirement {
  readonly rule: PlacedRule;
  /** What stands in the way where it does not hold. */
  readonly says: Localised;
  readonly basis: readonly string[];
}

/** One field of a department's own form. */
export interface FormField {
  readonly name: string;
  readonly title: string;
  /** Undefined: the field names none, which is a finding. */
  readonly element: string | undefined;
  readonly required: boolean;
  readonly when: PlacedRule;
  /** JSON schema without our own keywords. */
  readonly schema: JsonSchema;
}

/** The form that a department has for an item. */
export interface Form {
  readonly title: string;
  readonly fields: readonly FormField[];
  readonly place: Place;
}

export interface Item {
  readonly id: string;
  readonly title: Localised;
  readonly authority: string;
  readonly basis: readonly string[];
  readonly term: Term;
  readonly when: PlacedRule;
  readonly requires: readonly Requirement[];
  /** Items that are done before; what names none of the others goes in parallel with them. */
  readonly after: readonly string[];
  /** Prepared only, until this item is done; then it takes effect with it. */
  readonly prepared?: string;
  /** Elements that exist once it is done, as the number of a licence: forms of later items are filled with them. */
  readonly issues: readonly string[];
  readonly form: Form;
  /** Told by an event, nothing is applied for. */
  readonly told: boolean;
}

/**
 * `data`: a register says it, nothing is handed in. `made`: from a template and the one form. `upload`: no register has
 * it.
 */
export type MaterialKind = 'data' | 'made' | 'upload';
export interface Material {
  readonly id: string;
  readonly title: Localised;
  readonly kind: MaterialKind;
  /** Items whose department asks for it by itself. */
  readonly items: readonly string[];
  readonly when: PlacedRule;
  /** Of `data`. */
  readonly registers: readonly Contract[];
  /** Of `made`: the name of its template and the text. Undefined: there is none, which is a finding. */
  readonly template: { readonly name: string; readonly text: string; readonly place: Place } | undefined;
  /** Of `made`: this one is a part of that one, and not handed in by itself. */
  readonly within?: string;
  readonly basis: readonly string[];
}

/** What the matter can come to. */
export interface Outcome {
  readonly id: string;
  readonly title: Localised;
  readonly kind: 'done' | 'refused' | 'conflict' | 'withdrawn';
  /** Of `refused`: the item that is refused, or of which a later check fails. */
  readonly item?: string;
  /** Items that stay as they are. */
  readonly stands: readonly string[];
  /** Items that are undone, prepared ones dropped. */
  readonly undone: readonly string[];
  /** Who has a task until when. */
  readonly task?: {
    readonly owner: string;
    readonly says: Localised;
    readonly unit: 'working-days' | 'days';
    readonly days: number;
  };
  /** Authorities that are told. */
  readonly tells: readonly string[];
  /** What the applicant can do. */
  readonly offers: readonly Localised[];
  /** Of `conflict`: the lifecycle by which a register is corrected. */
  readonly lifecycle?: string;
}

export type StepPort = 'form' | 'identity' | 'signature' | 'payment' | 'post' | 'appointment' | 'video' | 'collect';
/** Something that the applicant does. */
interface Step {
  readonly id: string;
  readonly title: Localised;
  readonly uses: readonly StepPort[];
  /** An item that does not begin before it is done. */
  readonly before?: string;
  readonly when: PlacedRule;
}

export interface Bundle {
  /** Its folder's name. */
  readonly id: string;
  readonly title: Localised;
  readonly summary: Localised;
  /** Who leads. */
  readonly authority: string;
  /** Under which client and purpose registers are asked; what they give is in its grants. */
  readonly client: string;
  readonly purpose: string;
  readonly applicant: Applicant;
  readonly basis: readonly string[];
  /** The day on which the citations were looked up. */
  readonly reviewed: string;
  readonly notes: readonly Localised[];
  readonly intents: {
    /** What people say who want this. */
    readonly says: readonly string[];
    /** Words that are heard where people speak of it; none where it has none of its own. */
    readonly words: readonly string[];
    /** What sounds like it and is another matter; `bundle` names it where there is one. */
    readonly not: readonly { readonly says: string; readonly bundle?: string }[];
  };
  readonly questions: ReadonlyMap<string, Question>;
  readonly facts: ReadonlyMap<string, Fact>;
  readonly items: ReadonlyMap<string, Item>;
  readonly materials: ReadonlyMap<string, Material>;
  readonly outcomes: ReadonlyMap<string, Outcome>;
  readonly steps: ReadonlyMap<string, Step>;
  /** A common case, of which figures are told: what the applicant answers, and what registers say. */
  readonly usual: { readonly answers: Answers; readonly registers: Answers };
  readonly place: Place;
}

/** By question, or by fact or element; null is "I do not know". */
export type Answers = Readonly<Record<string, boolean | number | string | readonly string[] | null>>;
