/** An application, as the statute tells it, without its declaration: what each may do, and which terms run. */
export interface Doer {
  readonly party: string;
  readonly who: string;
}

interface Part {
  readonly unconditional: boolean;
  state: string;
  told: boolean;
  proposedBy: string;
  agrees: boolean;
  /** Of the reply. */
  asked: number;
  extended: number;
  everExtended: boolean;
  /** Of the clock that runs: name and when it began. */
  clock: readonly [name: string, since: number] | undefined;
  granted: boolean;
}

export interface Try {
  readonly act: string;
  readonly doer: Doer;
  /** Of acts for one dataset. */
  readonly part: string;
  readonly at: number;
  readonly days: number;
}

const BEFORE_REPLY = ['draft', 'consented', 'filed', 'incomplete', 'proposed'];
const IN_FORCE = ['agreed', 'supplied', 'in-use'];

export class NaiveApplication {
  readonly parts = new Map<string, Part>();
  /** The last who did each. */
  #last: Record<'draft' | 'save', string> = { draft: '', save: '' };

  constructor(parts: Readonly<Record<string, string>>, by: Doer) {
    for (const [name, variant] of Object.entries(parts))
      this.parts.set(name, {
        unconditional: variant === 'unconditional',
        state: 'draft',
        told: false,
        proposedBy: '',
        agrees: false,
        asked: 0,
        extended: 0,
        everExtended: false,
        clock: undefined,
        granted: false,
      });
    this.#last.draft = by.who;
  }

  states(): string {
    return [...this.parts].map(([name, { state }]) => `${name}:${state}`).join();
  }

  /** Does it, or says that it cannot be done. @param isOver whether the reply's term is over @param agrees of a reply */
  try(one: Try, isOver: (part: string) => boolean, agrees = true): boolean {
    const whole = ['save', 'approve', 'return', 'file', 'withdraw'].includes(one.act);
    const moved = (whole ? [...this.parts.keys()] : [one.part]).filter((name) => this.#may(one, name, isOver, agrees));
    for (const name of moved) this.#do(one, name);
    if (moved.length > 0 && one.act === 'save') this.#last.save = one.doer.who;
    return moved.length > 0;
  }

  #may(
    { act, doer: { party, who }, days }: Try,
    name: string,
    isOver: (part: string) => boolean,
    agrees: boolean,
  ): boolean {
    const part = this.parts.get(name);
    if (part === undefined) return false;
    const { state } = part;
    const by = (one: string, ...from: readonly string[]): boolean => party === one && from.includes(state);
    switch (act) {
      case 'save':
        return by('requester', 'draft');
      case 'approve':
        return by('requester-head', 'draft') && who !== this.#last.draft && who !== this.#last.save;
      case 'return':
        return by('requester-head', 'draft', 'consented');
      case 'file':
        return by('requester', 'consented');
      case 'withdraw':
        return by('requester', ...BEFORE_REPLY);
      case 'tell-missing':
        return by('provider', 'filed') && !part.told;
      case 'complete':
        return by('requester', 'incomplete');
      case 'propose':
        return by('provider', 'filed', 'proposed');
      case 'send-back':
        return by('provider-head', 'proposed');
      case 'agree':
        return by('provider-head', 'proposed') && who !== part.proposedBy && (!agrees || part.agrees);
      case 'refuse':
        return by('provider-head', 'proposed') && who !== part.proposedBy && (!agrees || !part.agrees);
      case 'agree-standing':
        return by('platform', 'filed') && part.unconditional;
      case 'supply':
        return by('provider', 'agreed') || by('platform', 'agreed');
      case 'use':
        return by('requester', 'supplied');
      case 'end':
        return by('requester', ...IN_FORCE) || by('platform', ...IN_FORCE);
      case 'close':
        return by('provider', 'ended') || by('platform', 'ended');
      case 'extend':
        return (
          by('provider', 'filed', 'proposed') &&
          part.asked === 0 &&
          part.extended === 0 &&
          !part.everExtended &&
          days <= 10 &&
          !isOver(name)
        );
      case 'consent':
        return by('authority', 'filed', 'proposed') && part.asked > 0 && !isOver(name);
      default:
        return false;
    }
  }

  #do({ act, doer, at, days }: Try, name: string): void {
    const part = this.parts.get(name);
    if (part === undefined) return;
    const to: Readonly<Record<string, string>> = {
      save: 'draft',
      approve: 'consented',
      return: 'draft',
      file: 'filed',
      withdraw: 'withdrawn',
      'tell-missing': 'incomplete',
      complete: 'filed',
      propose: 'proposed',
      'send-back': 'filed',
      agree: 'agreed',
      refuse: 'refused',
      'agree-standing': 'agreed',
      supply: 'supplied',
      use: 'in-use',
      end: 'ended',
      close: 'closed',
    };
    if (act === 'extend') {
      part.asked = days;
      return;
    }
    if (act === 'consent') {
      part.extended = part.asked;
      part.everExtended = true;
      part.asked = 0;
      return;
    }
    part.state = to[act] ?? part.state;
    if (act === 'tell-missing') part.told = true;
    if (act === 'propose') part.proposedBy = doer.who;
    if (act === 'file' || act === 'complete') {
      part.clock = [part.unconditional ? 'reply-unconditional' : 'reply-conditional', at];
      part.extended = 0;
      part.asked = 0;
    } else if (act === 'tell-missing') part.clock = ['complete', at];
    else if (act === 'agree' || act === 'agree-standing') part.clock = ['supply', at];
    else if (['refuse', 'withdraw', 'supply', 'end'].includes(act)) part.clock = undefined;
    if (act === 'agree' || act === 'agree-standing') part.granted = true;
    if (act === 'end') part.granted = false;
  }
}
