/** Whether somebody has written or chosen something in a form since its page came. */
const isTouched = (one: Element): boolean => {
  if (one instanceof HTMLTextAreaElement) return one.value !== one.defaultValue;
  if (one instanceof HTMLSelectElement) {
    const options = [...one.options];
    // where none is named the first is chosen by itself
    if (!one.multiple && !options.some((option) => option.defaultSelected)) return one.selectedIndex > 0;
    return options.some((option) => option.selected !== option.defaultSelected);
  }
  if (!(one instanceof HTMLInputElement) || one.type === 'hidden') return false;
  return one.type === 'checkbox' || one.type === 'radio'
    ? one.checked !== one.defaultChecked
    : one.value !== one.defaultValue;
};

export const isBegun = (form: HTMLFormElement): boolean => [...form.elements].some(isTouched);

/** What would have to be written or chosen again; boxes of a list are ticked again at once. */
export const hasWork = (form: HTMLFormElement): boolean =>
  form.dataset['begun'] !== undefined ||
  [...form.elements].some((one) => isTouched(one) && !(one.matches('[type=checkbox]') && one.closest('td') !== null));
