/** Why a file is not taken. Nothing of the file is in it. */
import { YitongError } from '../../../../contracts/errors.js';

export const damagedFile = (why: string): never => {
  throw new YitongError('file_damaged', `${why}; save it anew with another program, and send that`);
};
/** Pixels of a picture: four times what a page scanned at 600 dpi has. */
const MOST_PIXELS = 140_000_000;
const MOST_SIDE = 30_000;

export function checkPixels(width: number, height: number): void {
  if (width === 0 || height === 0) damagedFile('the picture has no pixels');
  if (width > MOST_SIDE || height > MOST_SIDE || width * height > MOST_PIXELS)
    throw new YitongError(
      'image_too_large',
      `a picture has at most ${String(MOST_SIDE)} pixels a side and ${String(MOST_PIXELS)} in all; make it smaller`,
    );
}
