/** Where the next thing goes: one column down the page, and a new page when it is full. */
import type { Localised } from '../../../contracts/types.js';
import { BRAND, type Element, LEFT, leading, RIGHT, type Sheet, SOFT, type Style, TOP } from './sheet.js';

export class Flow {
  y = TOP;
  constructor(readonly sheet: Sheet) {}

  page(): void {
    this.sheet.addPage();
    this.y = TOP;
  }
  /** A new page unless `height` is left on this one. */
  need(height: number): void {
    if (this.y + height > this.sheet.bottom && this.y > TOP) this.page();
  }
  get left(): number {
    return this.sheet.bottom - this.y;
  }
  gap(height: number): void {
    this.y += height;
  }

  /** A heading or paragraph over the whole width; goes on over pages. */
  text(parent: Element, type: string, text: string, style: Style, lang?: string): void {
    const { sheet } = this;
    const lines = sheet.lines(text, RIGHT - LEFT, style);
    const height = leading(style.size ?? 9);
    for (let at = 0; at < lines.length; ) {
      this.need(height);
      const count = Math.max(1, Math.min(lines.length - at, Math.floor(this.left / height)));
      sheet.tag(
        parent,
        type,
        () => {
          this.y = sheet.putLines(lines.slice(at, at + count), LEFT, this.y, style);
        },
        lang === undefined ? {} : { lang },
      );
      at += count;
    }
  }

  /** `H2` in both languages, kept with what follows. */
  heading(parent: Element, { zh, en }: Localised, keep = 70): void {
    this.need(keep);
    this.gap(8);
    const { sheet } = this;
    sheet.artifact(() => sheet.rect(LEFT, this.y + 3, 3, 12).fill(BRAND));
    sheet.tag(parent, 'H2', () => {
      sheet.put(zh, LEFT + 9, this.y, { size: 12, weight: 'bold' });
      sheet.put(en, LEFT + 15 + sheet.widthOf(zh, { size: 12, weight: 'bold' }), this.y + 3.5, {
        size: 8,
        colour: SOFT,
      });
    });
    this.gap(leading(12) + 4);
  }
}
