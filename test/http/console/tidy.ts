/**
 * What somebody sees at once who looks at a page and axe does not: words that are cut off or too small to be read, a
 * box that touches what stands above it, a button that does not stand on the line of the field beside it. To be run in
 * a page; gives what is wrong, in words.
 */
export const UNTIDY = `(() => {
  const SMALLEST = 12;
  const GAP = 6;
  const BOX = '.card, .notice, .filters, .tiles, .two, table, pre';
  const wrong = new Set();
  const say = (one) => (one.tagName.toLowerCase() + (one.getAttribute('class') === null ? '' : '.' +
    one.getAttribute('class').trim().replace(/\\s+/g, '.')) + ' "' + (one.textContent ?? '').trim().slice(0, 24) + '"');
  const isSeen = (one) => one.checkVisibility() && one.closest('.unseen, .skip, option, svg') === null &&
    one.getClientRects().length > 0;

  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const parents = new Set();
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode())
    if (node.nodeValue.trim() !== '' && node.parentElement !== null) parents.add(node.parentElement);
  for (const one of parents)
    if (isSeen(one) && parseFloat(getComputedStyle(one).fontSize) < SMALLEST) wrong.add(say(one) + ' is too small');

  for (const one of document.body.querySelectorAll('*')) {
    if (!(one instanceof HTMLElement) || one.scrollWidth - one.clientWidth < 2 || one.clientWidth === 0) continue;
    if (!['hidden', 'clip'].includes(getComputedStyle(one).overflowX) || !isSeen(one)) continue;
    // a field scrolls by itself while it is written in
    if (one.matches('input, select, textarea, progress')) continue;
    wrong.add(say(one) + ' is cut off by ' + String(one.scrollWidth - one.clientWidth) + ' px');
  }

  for (const one of document.querySelectorAll('td, th'))
    if (isSeen(one) && one.scrollWidth - one.clientWidth > 1) wrong.add(say(one) + ' runs over into the next cell');

  const shown = [...document.querySelectorAll('main > *')].filter((one) => isSeen(one) &&
    one.getBoundingClientRect().height > 0 && !['absolute', 'fixed', 'sticky'].includes(getComputedStyle(one).position));
  shown.forEach((one, at) => {
    const next = shown[at + 1];
    if (next === undefined || !(one.matches(BOX) || next.matches(BOX))) return;
    // it keeps its distance inside
    if (one.matches('.pager') || next.matches('.pager')) return;
    const gap = next.getBoundingClientRect().top - one.getBoundingClientRect().bottom;
    if (gap > -40 && gap < GAP) wrong.add(say(one) + ' touches ' + say(next));
  });

  for (const row of document.querySelectorAll('.row, .filters')) {
    if (!isSeen(row)) continue;
    const fields = [...row.querySelectorAll(':scope > .field, :scope > label')].flatMap((one) => {
      const field = one.querySelector('input:not([type=checkbox], [type=radio], [type=file], [type=hidden]), select');
      return field !== null && isSeen(field) && !one.contains(row) ? [field.getBoundingClientRect()] : [];
    });
    for (const press of row.querySelectorAll(':scope > .button, :scope > .quiet, :scope > .row > .button')) {
      if (!isSeen(press)) continue;
      const { top, bottom } = press.getBoundingClientRect();
      const beside = fields.filter((field) => field.top < bottom && field.bottom > top);
      if (beside.some((field) => Math.abs(field.bottom - bottom) > 2))
        wrong.add(say(press) + ' does not stand on the line of its field');
    }
  }
  return JSON.stringify([...wrong]);
})()`;
