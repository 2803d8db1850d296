/** People at the console of two gateways: who has signed in at one is known at both, also when that one is gone. */
import { setTimeout as wait } from 'node:timers/promises';
import { Browser, type Page } from '../../../e2e/browser.js';
import type { Random } from '../random.js';
import type { GatewayOfPair, Name } from './pair.js';

const PERSON = 'lin-auditor';
/** Sessions that are looked at; older ones are left. */
const MOST = 8;
const PATIENCE = 30_000;

interface PeopleOptions {
  readonly any: () => GatewayOfPair;
  readonly random: Random;
  readonly findings: string[];
  readonly onDone: (at: GatewayOfPair) => void;
}

export class PeopleLoad {
  readonly #options: PeopleOptions;
  readonly #sessions: { readonly browser: Browser; readonly madeAt: Name }[] = [];
  readonly counts = { signIns: 0, pages: 0, lost: 0 };

  constructor(options: PeopleOptions) {
    this.#options = options;
  }

  /** Somebody signs in, or looks at a page at whichever gateway. */
  async one(): Promise<void> {
    const { any, random } = this.#options;
    const session = this.#sessions.length === 0 || random.chance(0.1) ? undefined : random.pick(this.#sessions);
    if (session === undefined) await this.#signIn(any());
    else await this.#look(any(), session.browser);
  }

  async #signIn(at: GatewayOfPair): Promise<void> {
    const { up } = at;
    if (up === undefined) return;
    const browser = new Browser();
    // on its way through the provider it is cut off in many places, and begun anew by whoever wants in
    const done = await inTime(browser.signIn(up, PERSON).then(() => true));
    if (done !== true || !isIn(await inTime(browser.get(up, '/console')))) {
      this.counts.lost++;
      return;
    }
    this.counts.signIns++;
    this.#sessions.push({ browser, madeAt: at.name });
    if (this.#sessions.length > MOST) this.#sessions.shift();
  }

  /** @returns whether it was answered */
  async #look(at: GatewayOfPair, browser: Browser): Promise<boolean> {
    const { findings, onDone } = this.#options;
    if (at.up === undefined) return false;
    const page = await inTime(browser.get(at.up, '/console'));
    if (page === undefined || page.status === 503 || page.status === 429) {
      this.counts.lost++;
      return false;
    }
    if (!isIn(page)) {
      findings.push(`who had signed in is unknown at ${at.name}: ${String(page.status)} to ${page.location}`);
      return true;
    }
    this.counts.pages++;
    onDone(at);
    return true;
  }

  /** Whoever signed in at the gateway that is gone goes on at the other. */
  async survives(gone: Name, other: GatewayOfPair): Promise<void> {
    const session = this.#sessions.findLast(({ madeAt }) => madeAt === gone);
    if (session === undefined) return;
    for (const end = Date.now() + PATIENCE * 2; !(await this.#look(other, session.browser)); await wait(100))
      if (Date.now() > end) {
        this.#options.findings.push(`no page at ${other.name} while ${gone} is gone`);
        return;
      }
  }

  /** There is a session of each, so that the next fault finds one. */
  async ready(gateways: readonly GatewayOfPair[]): Promise<void> {
    for (const one of gateways)
      for (
        const end = Date.now() + PATIENCE * 4;
        !this.#sessions.some(({ madeAt }) => madeAt === one.name);
        await wait(100)
      ) {
        if (Date.now() > end) {
          this.#options.findings.push(`nobody can sign in at ${one.name}`);
          return;
        }
        await this.#signIn(one);
      }
  }
}

const isIn = (page: Page | undefined): boolean =>
  page?.status === 200 || (page?.status === 303 && page.location.startsWith('/console'));

const inTime = <T>(work: Promise<T>): Promise<T | undefined> =>
  Promise.race([work.catch(() => undefined), wait(PATIENCE, undefined, { ref: false })]);
