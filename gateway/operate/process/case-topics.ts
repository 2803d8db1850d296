/**
 * Cases over the bus, in the writer: steps go from the outbox to the topics of their authorities, and acts of the
 * authorities' own systems are taken from theirs.
 */
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Bus } from '../../../connectors/bus/port.js';
import { present } from '../../../contracts/present.js';
import type { Workspace } from '../../../contracts/types.js';
import type { Settings } from '../../ground/config/index.js';
import { inWords } from '../../ground/logging/words.js';
import type { State } from '../../ground/state/port.js';
import { administrationBody } from '../../log/entries/events.js';
import type { JournalOptions } from '../../log/journal/journal.js';
import { journalOnDemand } from '../../log/journal/on-demand.js';
import { type ActPlace, takeActs } from '../../procedures/cases/act-taking.js';
import { openCases } from '../../procedures/cases/cases.js';
import { type CaseGround, caseContent, openCaseGround } from '../../procedures/cases/opened.js';
import { sendSteps } from '../../procedures/cases/step-sending.js';
import { publishSteps } from '../../procedures/cases/topics.js';
import type { CaseDeed, Cases } from '../../procedures/cases/types.js';

interface CaseTopicsParts {
  readonly dataDir: string;
  readonly settings: Settings;
  readonly workspace: () => Workspace;
  readonly bus: Bus;
  /** That all replicas share. */
  readonly state: State | undefined;
  /** Signs the entries of acts. */
  readonly signer: JournalOptions['signer'];
  readonly alert: (message: string) => void;
}

export interface CaseTopics {
  /** By task of the writer, ms since 1970 when it came forward last. */
  passes(): Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

/** Undefined where no authority takes part over the bus, and nothing can wait from when one did. */
export function startCaseTopics(parts: CaseTopicsParts): CaseTopics | undefined {
  const { dataDir, settings, state } = parts;
  const none = settings.gateway.caseTopics.length === 0;
  if (none && state === undefined && !existsSync(join(dataDir, 'state'))) return undefined;
  return new RunningCaseTopics(parts);
}

interface Workers {
  readonly ground: CaseGround;
  readonly sending: ReturnType<typeof sendSteps>;
  /** Undefined where no authority's acts are taken. */
  readonly taking: ReturnType<typeof takeActs> | undefined;
}

/** ms until a state that could not be opened is tried again. */
const AGAIN = 1000;

class RunningCaseTopics implements CaseTopics {
  readonly #parts: CaseTopicsParts;
  readonly #journal: ReturnType<typeof journalOnDemand>;
  readonly #startedAt = Date.now();
  readonly #stop = new AbortController();
  readonly #beginning: Promise<void>;
  #workers: Workers | undefined;
  /** Nothing is to be done here. */
  #idle = false;
  #cases: { readonly workspace: Workspace; readonly cases: Promise<Cases> } | undefined;

  constructor(parts: CaseTopicsParts) {
    this.#parts = parts;
    const { dataDir, signer, settings } = parts;
    const { mergeWithinSeconds } = settings.audit;
    this.#journal = journalOnDemand({ dataDir, name: 'cases', signer, now: Date.now, mergeWithinSeconds });
    this.#beginning = this.#begin();
  }

  /** A state that does not answer is waited for. Never rejects. */
  async #begin(): Promise<void> {
    const { alert } = this.#parts;
    let told = false;
    while (!this.#stop.signal.aborted && this.#workers === undefined && !this.#idle) {
      try {
        await this.#tryBegin();
      } catch (error) {
        if (!told) alert(`cases over the bus wait for the state: ${inWords(error)}`);
        told = true;
        await pause(AGAIN, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      }
    }
  }

  async #tryBegin(): Promise<void> {
    const { dataDir, settings, state } = this.#parts;
    const ground = await openCaseGround({ dataDir, settings, now: Date.now, ...present({ state }) });
    try {
      this.#idle = settings.gateway.caseTopics.length === 0 && (await ground.state.outbox(1)).length === 0;
      if (!this.#idle) this.#workers = this.#start(ground);
    } finally {
      if (this.#workers === undefined) await ground.close();
    }
  }

  #start(ground: CaseGround): Workers {
    const { dataDir, settings, workspace, bus, alert } = this.#parts;
    const common = { state: ground.state, bus, holder: `${hostname()} ${String(process.pid)}` };
    const sending = sendSteps({
      ...common,
      onTrouble: (error) => alert(`steps of cases for the authorities' topics: ${inWords(error)}`),
    });
    const authorities = settings.gateway.caseTopics;
    if (authorities.length === 0) return { ground, sending, taking: undefined };
    const taking = takeActs({
      ...common,
      dataDir,
      authorities,
      prefix: workspace().prefix,
      cases: () => this.#opened(ground),
      record: (deed, place) => this.#record(deed, place),
      onTrouble: (error) => alert(`acts on cases from the authorities' topics: ${inWords(error)}`),
      onHeld: (topic, code) => alert(`an act on a case from ${topic} went to quarantine: ${code}`),
      now: Date.now,
    });
    return { ground, sending, taking };
  }

  /** As the workspace stands now. */
  #opened(ground: CaseGround): Promise<Cases> {
    const workspace = this.#parts.workspace();
    if (this.#cases?.workspace !== workspace) {
      const cases = this.#open(workspace, ground);
      this.#cases = { workspace, cases };
      // what did not load is tried again with the next act
      cases.catch(() => (this.#cases = undefined));
    }
    return this.#cases.cases;
  }

  async #open(workspace: Workspace, { state, keys }: CaseGround): Promise<Cases> {
    const publish = publishSteps(workspace.prefix, this.#parts.settings.gateway.caseTopics);
    return openCases({
      ...(await caseContent(workspace)),
      state,
      keys,
      now: Date.now,
      // authorities neither fill in forms nor do the steps of who applies
      registers: () => Promise.reject(new Error('no form is filled in here')),
      drivers: {},
      ...present({ publish }),
    });
  }

  #record({ action, target, detail, subject, about }: CaseDeed, { topic, offset, record }: ActPlace) {
    return this.#journal.append({
      clear: administrationBody({
        time: new Date().toISOString(),
        action,
        by: topic,
        target,
        detail: { record, offset, ...detail },
      }),
      subject: { subject, json: JSON.stringify(about) },
    });
  }

  passes(): Readonly<Record<string, number>> {
    if (this.#idle) return {};
    const now = Date.now();
    const { sending, taking } = this.#workers ?? {};
    return {
      'case-steps': sending === undefined ? this.#startedAt : now - sending.age(),
      ...(taking === undefined ? {} : { 'case-acts': now - taking.age() }),
    };
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#beginning;
    await this.#workers?.taking?.stop();
    await this.#workers?.sending.stop();
    await this.#journal.close();
    await this.#workers?.ground.close();
  }
}
