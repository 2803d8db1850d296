/**
 * Single keys of a page: `data-key` says which one leads to a link, a button or a form, `data-row` which links are gone
 * through by j and k, and x picks the box of the row that has the focus. None counts while somebody writes, and all of
 * them can be turned off (WCAG 2.1.4).
 */
const STORED = 'yitong-keys';
const help = document.querySelector<HTMLDetailsElement>('[data-keys]');
const toggle = document.querySelector<HTMLInputElement>('[data-keys-on]');
// where nothing may be stored they are on
const isOff = (): boolean => {
  try {
    return localStorage.getItem(STORED) === 'off';
  } catch {
    return false;
  }
};

if (help !== null) help.hidden = false;
if (toggle !== null) {
  toggle.checked = !isOff();
  toggle.addEventListener('change', () => {
    try {
      if (toggle.checked) localStorage.removeItem(STORED);
      else localStorage.setItem(STORED, 'off');
    } catch {
      // it stays as it is
    }
  });
}

const WRITES = 'input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]';

function go(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')];
  const here = rows.indexOf(document.activeElement as HTMLElement);
  const next = rows[here === -1 ? (by === 1 ? 0 : rows.length - 1) : here + by];
  next?.focus();
}

function lead(place: HTMLElement): void {
  if (place instanceof HTMLAnchorElement || place instanceof HTMLButtonElement) return place.click();
  const folded = place instanceof HTMLDetailsElement ? place : place.querySelector('details');
  if (folded !== null) folded.open = true;
  place.scrollIntoView({ block: 'nearest' });
  place.querySelector<HTMLElement>('input:not([type=hidden]), textarea, select, button')?.focus();
}

document.addEventListener('keydown', (event) => {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isOff()) return;
  if (target instanceof Element && target.closest(WRITES) !== null) {
    // out of a field, so that the next key counts
    if (key === 'Escape' && target instanceof HTMLElement) target.blur();
    return;
  }
  if (key === '?') {
    if (help !== null) help.open = !help.open;
  } else if (key === 'j' || key === 'k') go(key === 'j' ? 1 : -1);
  else if (key === 'x' && document.activeElement?.matches('[data-row]') === true)
    document.activeElement.closest('tr, li')?.querySelector<HTMLElement>('input[type=checkbox]')?.click();
  else {
    const place = [...document.querySelectorAll<HTMLElement>('[data-key]')].find(
      (one) => one.dataset['key'] === key && one.checkVisibility(),
    );
    if (place === undefined) return;
    lead(place);
  }
  event.preventDefault();
});
