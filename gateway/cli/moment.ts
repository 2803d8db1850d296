/** A moment as somebody at a shell says it: a date, a time, or how long ago. */
import { YitongError } from '../../contracts/errors.js';

const AGO = /^(\d{1,6})(s|m|min|h|d)$/;
const MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 };

/** ms since 1970. @param option as it is named in what is said of a wrong one @throws YitongError `bad_request` */
export function momentOf(given: string, option: string, now = Date.now()): number {
  const [, count, unit = ''] = AGO.exec(given) ?? [];
  const at = count === undefined ? Date.parse(given) : now - Number(count) * (MS[unit] ?? 0);
  if (Number.isNaN(at))
    throw new YitongError(
      'bad_request',
      `\`--${option} ${given}\` is not a date such as 2026-01-31 or 2026-01-31T08:00:00Z, nor how long ago, such as ` +
        '10m, 2h or 3d',
    );
  return at;
}
