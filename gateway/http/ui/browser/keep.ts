/** A page with several forms goes into the other language with the one that was begun. */
const begun = (form: HTMLFormElement): boolean =>
  [...form.elements].some((one) => {
    if (one instanceof HTMLTextAreaElement) return one.value !== one.defaultValue;
    if (one instanceof HTMLSelectElement)
      return [...one.options].some((option) => option.selected !== option.defaultSelected);
    if (!(one instanceof HTMLInputElement) || one.type === 'hidden') return false;
    return one.type === 'checkbox' || one.type === 'radio'
      ? one.checked !== one.defaultChecked
      : one.value !== one.defaultValue;
  });

for (const link of document.querySelectorAll<HTMLAnchorElement>('a[data-keep]')) {
  link.addEventListener('click', (event) => {
    const form = [...document.querySelectorAll<HTMLFormElement>('main form[method=post][id]')].find(begun);
    if (form === undefined) return;
    event.preventDefault();
    form.action = link.dataset['keep'] ?? '';
    form.noValidate = true;
    // files stay behind: a browser gives none back
    form.enctype = 'application/x-www-form-urlencoded';
    form.requestSubmit();
  });
}
