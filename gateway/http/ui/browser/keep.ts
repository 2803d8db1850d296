/** A page with several forms goes into the other language with the one that was begun. */
import { isBegun } from './begun.js';

for (const link of document.querySelectorAll<HTMLAnchorElement>('a[data-keep]')) {
  link.addEventListener('click', (event) => {
    const form = [...document.querySelectorAll<HTMLFormElement>('main form[method=post][id]')].find(isBegun);
    if (form === undefined) return;
    event.preventDefault();
    form.action = link.dataset['keep'] ?? '';
    form.noValidate = true;
    // files stay behind: a browser gives none back
    form.enctype = 'application/x-www-form-urlencoded';
    form.requestSubmit();
  });
}
