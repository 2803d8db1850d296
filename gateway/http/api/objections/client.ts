/** The part of the TypeScript client: objections and repairs. */
import { at, queryOf, type SpeakingOptions, speaking, type Wire } from '../../../../contracts/client.js';

export interface ObjectionsQuestion {
  /** `todo` (default): those on which your authority may act now. */
  readonly show?: 'todo' | 'open' | 'closed';
  /** Tickets in the answer, at most 200; default 50. */
  readonly limit?: number;
  /** `next` of an earlier answer. */
  readonly after?: string;
}

export interface Ticket {
  readonly id: string;
  readonly lifecycle: string;
  readonly dataset: string;
  /** Absent where the subject was erased. */
  readonly subject?: string;
  readonly recordId?: string;
  readonly state: string;
  readonly openedAt: string;
  /** True once nothing more is done on it. */
  readonly over: boolean;
  readonly clocks: readonly {
    readonly clock: string;
    readonly party: string;
    /** The last working day of the term. */
    readonly due: string;
    /** It reaches into a year whose holidays are not published. */
    readonly provisional: boolean;
    /** Working days until then; negative once it is over. */
    readonly left: number;
    readonly over: boolean;
    readonly stoppedAt?: string;
  }[];
  /** What your authority may do now. */
  readonly acts: readonly {
    readonly act: string;
    readonly requires: readonly string[];
    readonly optional: readonly string[];
  }[];
  readonly events: readonly {
    readonly at: string;
    readonly act: string;
    readonly party: string;
    readonly fields?: Readonly<Record<string, string>>;
  }[];
}

export interface ObjectionsAnswer {
  /** The next to run out comes first. */
  readonly tickets: readonly Ticket[];
  readonly next?: string;
}

export interface ActBody {
  /** One of the ticket's `acts`. */
  readonly act: string;
  /** By the names of its `requires` and `optional`. */
  readonly fields?: Readonly<Record<string, string>>;
}

export interface OpenObjectionBody extends ActBody {
  readonly lifecycle: string;
  /** Of your own authority; where you speak for the subject, any. */
  readonly dataset: string;
  readonly subject: string;
  /** Absent where the dataset lacks something of the subject. */
  readonly recordId?: string;
}

export interface ObjectionsMethods {
  /** Objections and repairs of which the client's authority is a party. */
  objections(question?: ObjectionsQuestion, options?: SpeakingOptions): Promise<ObjectionsAnswer>;
  /** Does one of a ticket's `acts`. @throws GatewayError `act_refused`, `act_incomplete`, `ticket_moved` */
  actOnObjection(id: string, body: ActBody, options?: SpeakingOptions): Promise<Ticket>;
  /**
   * Opens a ticket about a record of the client's authority.
   * @throws GatewayError `not_found` for a record that is not in its dataset now
   */
  openObjection(body: OpenObjectionBody, options?: SpeakingOptions): Promise<Ticket>;
}

export const objectionsMethods = (wire: Wire): ObjectionsMethods => ({
  objections: (question = {}, call) => wire.get(`/v1/objections${queryOf({ ...question })}`, call, speaking(call)),
  actOnObjection: (id, body, call) =>
    wire.ask({ method: 'POST', path: at('v1', 'objections', id), body, headers: speaking(call) }, call),
  openObjection: (body, call) =>
    wire.ask({ method: 'POST', path: '/v1/objections', body, headers: speaking(call) }, call),
});
