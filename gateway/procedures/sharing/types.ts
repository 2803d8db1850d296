/**
 * Matters between departments (政务数据共享条例 Art.12-29, 39-41): what may be asked of them, and what stands in the
 * store. Which there are and how each goes is declared in `contracts/lifecycles`; what a declaration cannot say has a
 * rule by its name (`machines/`).
 */
import type { Calendar } from '../../../contracts/calendar.js';
import type { ClockReading } from '../../../contracts/lifecycle/clocks.js';
import type { MatterEvent, MatterState } from '../../../contracts/lifecycle/matter.js';
import type { ContentName, EffectName, GuardName } from '../../../contracts/lifecycle/program-names.js';
import type { Lifecycle, Side } from '../../../contracts/lifecycle/types.js';
import type { Client } from '../../../policies/types.js';
import type { Person } from '../../ground/identity/person.js';
import type { Change, Json } from '../../ground/state/port.js';
import type { Receipt } from '../../log/entries/port.js';

/** Which authority each side is. */
export type Sides = Readonly<Partial<Record<Side, string>>>;

/** Whose acts somebody may do as well, today (`deputies.ts`). */
export interface DeputyFor {
  /** Of the hand-over. */
  readonly id: string;
  readonly role: string;
  /** The head, by a reference that tells who it is to nobody; and as the department calls them. */
  readonly of: string;
  readonly name: string;
}

export type MatterActor =
  | { readonly kind: 'person'; readonly person: Person; readonly deputyFor?: readonly DeputyFor[] }
  | {
      readonly kind: 'client';
      readonly deputyFor?: readonly DeputyFor[];
      readonly client: Client;
      /** Who acted in the department's own system, which answers for that; absent: the system itself, as an officer. */
      readonly officer?: { readonly id: string; readonly role: string };
    }
  /** The gateway itself, where the law lets no person wait: under a standing consent, once a day has come. */
  | { readonly kind: 'platform' };

/** What a matter is, beside its steps. */
export interface MatterHead {
  /** 16 hex digits, random. */
  readonly id: string;
  /** Id of its lifecycle. */
  readonly machine: string;
  /** By part; those under the empty name hold for all parts that do not say otherwise. */
  readonly sides: Readonly<Record<string, Sides>>;
  /** What it concerns, so that it is found: `dataset/tax.tax-arrears`, `grant/a-…`, `application/…`, `record/…`. */
  readonly about: readonly string[];
  /** Of a matter about a record: the reference to its subject, under whose key all words stand. */
  readonly subject?: string;
}

/** A step as it is stored. */
export interface MatterStep {
  /** From 1. */
  readonly number: number;
  readonly event: MatterEvent;
  /** Receipt of its entry in the log. */
  readonly entry: string;
  /** What it brought: an application, a reply. Undefined also where the subject was erased. */
  readonly content?: Json;
  /** The caller's own, so that an act that is sent again is done once. */
  readonly key?: string;
}

export interface Matter {
  readonly head: MatterHead;
  readonly lifecycle: Lifecycle;
  readonly state: MatterState;
  /** Newest contents, by their name, of a part `<name>/<part>`: `application`, `reply/tax.tax-arrears`. */
  readonly contents: Readonly<Record<string, Json>>;
  /** By part. */
  readonly clocks: Readonly<Record<string, readonly ClockReading[]>>;
  readonly over: boolean;
  /** ms since 1970 */
  readonly openedAt: number;
  readonly at: number;
}

/** What somebody may do now. */
export interface PossibleAct {
  readonly act: string;
  readonly party: string;
  /** Of an act for each part: for which; else all of them. */
  readonly parts: readonly string[];
  /** Of `extend` and `consent`. */
  readonly clock?: string;
}

export interface SeenMatter extends Matter {
  readonly parties: readonly string[];
  /** Of these parties: as which somebody acts only for a head who is away, with the name of the head. */
  readonly deputed: Readonly<Record<string, string>>;
  readonly acts: readonly PossibleAct[];
}

export interface OpenedMatter extends SeenMatter {
  readonly steps: readonly MatterStep[];
}

/** What goes on record before an act takes effect. */
export interface MatterDeed {
  readonly action: 'sharing_act' | 'sharing_act_void' | 'sharing_file';
  /** Of the person, or of the officer in the department's system. */
  readonly role: string;
  readonly target: string;
  readonly detail: Readonly<Record<string, unknown>>;
  /** Of a matter about a record. */
  readonly subject?: string;
  /** Only under a key. */
  readonly about: Readonly<Record<string, unknown>>;
}

export interface MatterAct {
  readonly actor: MatterActor;
  readonly act: string;
  /** Where one is a part of several parties that may do it: as which. */
  readonly party?: string;
  readonly part?: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly content?: Json;
  readonly clock?: string;
  readonly days?: number;
  readonly key?: string;
  /** @throws YitongError `audit_unavailable`; then nothing happens */
  readonly record: (deed: MatterDeed) => Promise<Receipt>;
}

/** Of a matter that is opened; what the content itself says (`Taken`) goes before it. */
export interface Opening {
  readonly sides?: Readonly<Record<string, Sides>>;
  readonly about?: readonly string[];
  /** A subject key, of a matter about a record. */
  readonly subject?: string;
}

/** A step under way, as rules see it. Nothing is stored yet. */
export interface StepAround {
  readonly head: MatterHead;
  readonly lifecycle: Lifecycle;
  readonly calendar: Calendar;
  readonly event: MatterEvent;
  /** Undefined of one that opens the matter. */
  readonly before: MatterState | undefined;
  readonly after: MatterState;
  /** As they are with this step. */
  readonly contents: Readonly<Record<string, Json>>;
  /** Of a matter about a record: whose it is. Only effects have it. */
  readonly subject?: string;
  /** Parts that this step moves. */
  readonly parts: readonly string[];
  readonly now: number;
}

/** What a content is once it was checked. */
export interface Taken {
  readonly content: Json;
  /** Of an act `parts`: all, each with its variant. */
  readonly parts?: Readonly<Record<string, string>>;
  readonly sides?: Readonly<Record<string, Sides>>;
  readonly about?: readonly string[];
}

/** What a program brings to the machines: each name of `contracts/lifecycle/program-names.ts` once. */
export interface MatterRules {
  readonly contents: Readonly<
    Partial<
      Record<
        ContentName,
        /** @throws YitongError `act_incomplete` naming all that is wrong at once */
        (
          given: Json,
          around: Omit<StepAround, 'after' | 'parts' | 'contents'> & Pick<Matter, 'contents'>,
        ) => Promise<Taken> | Taken
      >
    >
  >;
  readonly guards: Readonly<
    Partial<
      Record<GuardName, /** @throws YitongError where it does not hold */ (around: StepAround) => Promise<void> | void>
    >
  >;
  readonly effects: Readonly<
    Partial<
      Record<
        EffectName,
        /** Changes of the commit in which the step stands. @param entry receipt of the step's entry */
        (around: StepAround, entry: string) => Promise<readonly Change[]> | readonly Change[]
      >
    >
  >;
  /** What the platform does next by itself, after a step. */
  readonly next?: (around: StepAround) => Promise<readonly PlatformAct[]> | readonly PlatformAct[];
}

export type PlatformAct = Pick<MatterAct, 'act' | 'part' | 'fields' | 'content'>;

export interface MatterPage {
  readonly matters: readonly SeenMatter[];
  readonly next?: string;
}

export interface MatterQuery {
  /**
   * `todo`: those on which one of the actor's parties can act, the next to run out first; `open` and `over`: all of the
   * actor's sides.
   */
  readonly tray: 'todo' | 'open' | 'over';
  readonly machine?: string;
  /** As in `MatterHead.about`. */
  readonly about?: string;
  readonly after?: string;
  readonly limit?: number;
}

export interface Matters {
  readonly machines: ReadonlyMap<string, Lifecycle>;
  /** Acts that open a matter of a machine, as this actor could do them for its own authority. */
  openings(actor: MatterActor): readonly { readonly machine: string; readonly acts: readonly string[] }[];
  /** @throws YitongError `act_refused`, `act_incomplete`, `audit_unavailable` */
  open(machine: string, opening: Opening, act: MatterAct): Promise<OpenedMatter>;
  /** @throws YitongError `not_found`, `act_refused`, `act_incomplete`, `matter_moved`, `audit_unavailable` */
  act(id: string, act: MatterAct): Promise<OpenedMatter>;
  /** @throws YitongError `not_found`, also for those that the actor may not see */
  get(id: string, actor: MatterActor): Promise<OpenedMatter>;
  list(actor: MatterActor, query: MatterQuery): Promise<MatterPage>;
  /** Every matter of a machine that is open, or was over since then, for figures; some at a time. */
  all(
    machine: string,
    query: { readonly over: boolean; readonly after?: string },
  ): Promise<{
    readonly matters: readonly Matter[];
    readonly next?: string;
  }>;
  close(): Promise<void>;
}
