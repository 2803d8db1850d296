/**
 * A journey as somebody goes it, filmed: what they press, what they fill in and which pages come is counted in the
 * browser itself, and each step leaves a picture. What it may take at most stands here; what it takes, in the table of
 * docs/console.md.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { Test } from 'tap';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import type { Desk } from './browser.js';

/** In the order of the table. */
const MOST = {
  auditor: { clicks: 2, fields: 1 },
  mend: { clicks: 5, fields: 0 },
  developer: { clicks: 2, fields: 0 },
  application: { clicks: 6, fields: 9 },
  decision: { clicks: 2, fields: 0 },
  report: { clicks: 5, fields: 2 },
  grant: { clicks: 5, fields: 3 },
  review: { clicks: 7, fields: 2 },
} as const;
type JourneyName = keyof typeof MOST;
export const JOURNEYS = Object.keys(MOST) as readonly JourneyName[];

interface Row {
  readonly at: number;
  readonly clicks: number;
  readonly fields: number;
  readonly pages: number;
}

/** The table: number, journey, before, clicks, fields, pages, seconds. */
export function journeyRows(): readonly Row[] {
  const page = readFileSync(join(packageRoot(), 'docs', 'console.md'), 'utf8');
  const [, part = ''] = page.split('\n## Eight journeys\n');
  return (part.split('\n## ')[0] ?? '').split('\n').flatMap((line): Row[] => {
    const found = /^\| (\d) \|[^|]*\|[^|]*\| (\d+) \| (\d+) \| (\d+) \|/.exec(line);
    const [at = 0, clicks = 0, fields = 0, pages = 0] = (found ?? []).slice(1).map(Number);
    return found === null ? [] : [{ at, clicks, fields, pages }];
  });
}

/** Presses of the mouse, and fields into which something was written or chosen, each once a page; boxes are pressed. */
const COUNTING = `(() => {
  const filled = new WeakSet();
  addEventListener('pointerdown', (event) => { if (event.isTrusted) window.countedHere('clicks'); }, true);
  addEventListener('input', ({ target }) => {
    if (target.type === 'checkbox' || target.type === 'radio' || filled.has(target)) return;
    filled.add(target);
    window.countedHere('fields');
  }, true);
})();`;

const shots = process.env['YITONG_TEST_SCREENSHOTS'];

export class Film {
  readonly #counts = { clicks: 0, fields: 0, pages: 0 };
  #began: number | undefined;
  #pictures = 0;

  constructor(
    private readonly t: Test,
    private readonly journey: JourneyName,
  ) {}

  /** Somebody who goes it, on the page after the sign-in; from there on all that they do counts. */
  async from({ page }: Desk): Promise<Page> {
    await page.exposeBinding('countedHere', (_, what: 'clicks' | 'fields') => {
      this.#counts[what]++;
    });
    await page.addInitScript({ content: COUNTING });
    await page.goto('/console');
    page.on('framenavigated', (frame) => {
      if (frame === page.mainFrame()) this.#counts.pages++;
    });
    this.#began ??= Date.now();
    await this.picture(page);
    return page;
  }

  async picture(page: Page): Promise<void> {
    if (shots === undefined) return;
    mkdirSync(shots, { recursive: true });
    const name = `journey-${this.journey}-${String(++this.#pictures)}.png`;
    await page.screenshot({ path: join(shots, name), fullPage: true });
  }

  /** It is over. */
  end(): void {
    const { t, journey } = this;
    const { clicks, fields, pages } = this.#counts;
    const seconds = (Date.now() - (this.#began ?? 0)) / 1000;
    t.comment(`${journey}: ${clicks} clicks, ${fields} fields, ${pages} pages, ${seconds.toFixed(1)} s`);
    const most = MOST[journey];
    t.ok(clicks <= most.clicks, `${journey}: at most ${most.clicks} clicks`);
    t.ok(fields <= most.fields, `${journey}: at most ${most.fields} fields`);
    const row = journeyRows()[JOURNEYS.indexOf(journey)];
    t.same({ clicks, fields, pages }, { clicks: row?.clicks, fields: row?.fields, pages: row?.pages }, 'as documented');
  }
}
