/** What stands on each page: title, number, code. Drawn last, when it is known how many pages there are. */
import type { Localised } from '../../../contracts/types.js';
import { qrOf, sideOf } from './qr.js';
import { HEIGHT, INK, LEFT, LINE, leading, RIGHT, type Sheet, SOFT, WIDTH } from './sheet.js';
import { labels, pageOf, sentences } from './words.js';

interface QrRoom {
  readonly operators: string;
  /** Modules a side, and points. */
  readonly size: number;
  readonly side: number;
  /** Where content ends on each page. */
  readonly bottom: number;
}

/** The QR code of an address, and the room that it takes below each page. */
export function qrRoom(url: string): QrRoom {
  const qr = qrOf(url);
  const side = sideOf(qr);
  return { ...qr, side, bottom: HEIGHT - 24 - side - 12 };
}

interface HeadOptions {
  readonly title: Localised;
  readonly issuer: Localised;
  readonly synthetic: boolean;
}

interface FrameOptions extends HeadOptions {
  readonly code: string;
  readonly url: string;
  /** What the code is for. */
  readonly scan: Localised;
  readonly qr: QrRoom;
}

export function qrFrame(sheet: Sheet, { code, url, scan, qr, ...head }: FrameOptions): void {
  const { side } = qr;
  const showQr = sheet.drawing('QR', qr.operators, qr.size);
  const { start, count } = sheet.bufferedPageRange();
  const top = HEIGHT - 24 - side;
  for (let page = start; page < start + count; page++) {
    sheet.switchToPage(page);
    sheet.artifact(() => header(sheet, head, pageOf(page - start + 1, count)), 'Pagination');
    const draw = (): void => showQr(LEFT - 4, top, side);
    // told once, passed over on the other pages
    if (page === start)
      sheet.tag(sheet.root, 'Figure', draw, {
        alt: `二维码 QR code: ${url}`,
        bbox: [LEFT, top, LEFT + side, top + side],
      });
    else sheet.artifact(draw, 'Pagination');
    sheet.artifact(() => {
      sheet.rule(LEFT, top - 4, RIGHT, LINE);
      const x = LEFT + side + 8;
      const width = RIGHT - x;
      let y = top + 6;
      sheet.put(`${labels.verifyCode.zh} ${labels.verifyCode.en}`, x, y, { size: 7, colour: SOFT });
      y += leading(7);
      sheet.put(sheet.drawable(code), x, y, { size: 13, weight: 'bold' });
      y += leading(13);
      y = sheet.putLines(sheet.lines(url, width, { size: 7 }), x, y, { size: 7, colour: INK });
      sheet.put(scan.zh, x, y, { size: 7, colour: SOFT });
      sheet.put(scan.en, x, y + leading(7), { size: 6.5, colour: SOFT });
    }, 'Pagination');
  }
}

/** Where content ends on pages with a foot in words. */
export const FOOT = HEIGHT - 52;

/** Pages of a document to which no code leads: its foot says in two lines what it is. */
export function footFrame(sheet: Sheet, { foot, ...head }: HeadOptions & { readonly foot: Localised }): void {
  const { start, count } = sheet.bufferedPageRange();
  for (let page = start; page < start + count; page++) {
    sheet.switchToPage(page);
    sheet.artifact(() => {
      header(sheet, head, pageOf(page - start + 1, count));
      sheet.rule(LEFT, FOOT + 10, RIGHT, LINE);
      sheet.put(sheet.drawable(foot.zh), LEFT, FOOT + 15, { size: 7.5, colour: SOFT });
      sheet.put(sheet.drawable(foot.en), LEFT, FOOT + 26, { size: 6.5, colour: SOFT });
    }, 'Pagination');
  }
}

function header(sheet: Sheet, model: HeadOptions, number: string): void {
  const y = 32;
  if (model.synthetic) {
    sheet.rect(0, 0, WIDTH, 20).fill('#fdf0d5');
    const banner = `${sentences.synthetic.zh}   ${sentences.synthetic.en}`;
    sheet.put(banner, (WIDTH - sheet.widthOf(banner, { size: 8, weight: 'bold' })) / 2, 4, {
      size: 8,
      weight: 'bold',
      colour: '#7a4d00',
    });
  }
  const issuer = sheet.drawable(model.issuer.zh);
  sheet.put(sheet.lines(model.title.zh, (RIGHT - LEFT) * 0.55, { size: 8.5 })[0] ?? '', LEFT, y, {
    size: 8.5,
    weight: 'bold',
  });
  sheet.putRight(number, RIGHT, y, { size: 8.5 });
  sheet.put(issuer, LEFT, y + leading(8.5), { size: 7.5, colour: SOFT });
  sheet.rule(LEFT, y + leading(8.5) + leading(7.5) + 4, RIGHT, LINE);
}
