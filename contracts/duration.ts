/**
 * ISO 8601 durations with days and below (`P7D`, `PT15M`, `P1DT12H`); months and years have no fixed length and are
 * refused.
 */
const DURATION = /^P(?:(\d{1,5})W|(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?)$/;

/** Milliseconds, or undefined if `text` is not such a duration or is empty. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text);
  if (match === null) return undefined;
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  const ms = ((((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
  return ms > 0 ? ms : undefined;
}

const UNITS = [
  ['周', 'week'],
  ['天', 'day'],
  ['小时', 'hour'],
  ['分钟', 'minute'],
  ['秒', 'second'],
] as const;

/** `PT1H` → `1 小时`, `1 hour`; undefined if `text` is no such duration. */
export function durationInWords(text: string): { readonly zh: string; readonly en: string } | undefined {
  const match = DURATION.exec(text);
  if (match === null || parseDuration(text) === undefined) return undefined;
  const parts = UNITS.flatMap(([zh, en], i) => {
    const count = Number(match[i + 1] ?? 0);
    return count === 0 ? [] : [{ zh: `${String(count)} ${zh}`, en: `${String(count)} ${en}${count === 1 ? '' : 's'}` }];
  });
  return { zh: parts.map(({ zh }) => zh).join(' '), en: parts.map(({ en }) => en).join(' ') };
}
