/** What documents are laid out of: title, sections, numbered sentences and facts. */
import type { Localised } from '../../../contracts/types.js';
import type { Flow } from './flow.js';
import { BRAND, type Element, LEFT, LINE, leading, RIGHT, SOFT } from './sheet.js';

/** What a document is called, over a line. */
export function titled(flow: Flow, { zh, en }: Localised): void {
  const { sheet } = flow;
  flow.text(sheet.root, 'H1', zh, { size: 20, weight: 'bold' });
  flow.text(sheet.root, 'P', en, { size: 10, colour: SOFT }, 'en');
  flow.gap(4);
  sheet.artifact(() => sheet.rule(LEFT, flow.y, RIGHT, BRAND, 1.4));
  flow.gap(8);
}

/** @param keep height that its heading and what follows have together on a page */
export function section(
  flow: Flow,
  parent: Element,
  title: Localised,
  draw: (part: Element) => void,
  keep?: number,
): void {
  flow.sheet.group(parent, 'Sect', (part) => {
    flow.heading(part, title, keep);
    draw(part);
    flow.gap(4);
  });
}

/** Sentences with their numbers, each kept on one page. */
export function numbered(flow: Flow, parent: Element, all: readonly Localised[]): void {
  const { sheet } = flow;
  const indent = LEFT + 20;
  sheet.group(parent, 'L', (list) => {
    for (const [i, { zh, en }] of all.entries()) {
      const chinese = sheet.lines(zh, RIGHT - indent, { size: 9.5 });
      const english = sheet.lines(en, RIGHT - indent, { size: 7.5 });
      const height = chinese.length * leading(9.5) + english.length * leading(7.5) + 5;
      flow.need(height);
      sheet.group(list, 'LI', (item) => {
        sheet.tag(item, 'Lbl', () =>
          sheet.put(`${String(i + 1)}．`, LEFT, flow.y, { size: 9.5, colour: BRAND, weight: 'bold' }),
        );
        sheet.group(item, 'LBody', (body) => {
          sheet.tag(body, 'P', () => sheet.putLines(chinese, indent, flow.y, { size: 9.5 }));
          sheet.tag(
            body,
            'P',
            () => sheet.putLines(english, indent, flow.y + chinese.length * leading(9.5), { size: 7.5, colour: SOFT }),
            { lang: 'en' },
          );
        });
      });
      flow.gap(height);
    }
  });
}

const LABEL = 124;

/** Label and value over the whole width, a line each. */
export function rows(flow: Flow, parent: Element, pairs: readonly (readonly [Localised, Localised])[]): void {
  const { sheet } = flow;
  sheet.group(parent, 'Table', (table) => {
    for (const [title, { zh, en }] of pairs) {
      const chinese = sheet.lines(zh, RIGHT - LEFT - LABEL, { size: 9 });
      const english = en === '' ? [] : sheet.lines(en, RIGHT - LEFT - LABEL, { size: 7 });
      const height = Math.max(leading(9), chinese.length * leading(9) + english.length * leading(7)) + 4;
      flow.need(height);
      sheet.group(table, 'TR', (tr) => {
        sheet.tag(
          tr,
          'TH',
          () => {
            sheet.put(title.zh, LEFT, flow.y, { size: 9, colour: SOFT });
            sheet.put(title.en, LEFT + sheet.widthOf(title.zh, { size: 9 }) + 5, flow.y + 2.2, {
              size: 6,
              colour: SOFT,
            });
          },
          { scope: 'Row' },
        );
        sheet.tag(tr, 'TD', () => {
          const under = sheet.putLines(chinese, LEFT + LABEL, flow.y, { size: 9 });
          sheet.putLines(english, LEFT + LABEL, under - 1.5, { size: 7, colour: SOFT });
        });
      });
      flow.gap(height);
      sheet.artifact(() => sheet.rule(LEFT, flow.y - 2, RIGHT, LINE, 0.3));
    }
  });
}
