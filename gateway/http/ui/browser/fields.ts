/**
 * What is wrong with a field is said beside it, in the language of the page, where a browser has bubbles of its own
 * that go away; and whoever leaves a page with what they have written, without sending it, is asked first.
 */
import { hasWork } from './begun.js';

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;
const isField = (one: EventTarget | null): one is Field =>
  one instanceof HTMLInputElement || one instanceof HTMLSelectElement || one instanceof HTMLTextAreaElement;

const zh = document.documentElement.lang.startsWith('zh');
const say = (chinese: string, english: string): string => (zh ? chinese : english);

function missingIn(field: Field): string {
  if (field instanceof HTMLSelectElement || field.type === 'checkbox' || field.type === 'radio')
    return say('请选择一项。', 'Choose one.');
  return field.type === 'file' ? say('请选择文件。', 'Choose a file.') : say('请填写此项。', 'Fill this in.');
}

function wrongWith(field: Field): string {
  const { validity, value } = field;
  if (validity.valueMissing) return missingIn(field);
  if (validity.badInput) return say('请填写有效的内容。', 'This is not valid.');
  if (!(field instanceof HTMLSelectElement) && validity.tooShort)
    return say(
      `至少 ${field.minLength} 个字，现有 ${value.length} 个。`,
      `At least ${field.minLength} characters; there are ${value.length}.`,
    );
  if (!(field instanceof HTMLSelectElement) && validity.tooLong)
    return say(`最多 ${field.maxLength} 个字。`, `At most ${field.maxLength} characters.`);
  if (field instanceof HTMLInputElement && validity.rangeUnderflow)
    return say(`不得早于或者小于 ${field.min}。`, `Not before or below ${field.min}.`);
  if (field instanceof HTMLInputElement && validity.rangeOverflow)
    return say(`不得晚于或者大于 ${field.max}。`, `Not after or above ${field.max}.`);
  return say('格式不正确，请核对。', 'This is not as it should be: look it over.');
}

const frameOf = (field: Field): HTMLElement | null => field.closest<HTMLElement>('.field, fieldset, label, td');

/** What this script has said beside a field; what the gateway said stays until the form is sent again. */
const own = new WeakMap<Field, HTMLElement>();

function clear(field: Field): void {
  const said = own.get(field);
  if (said === undefined) return;
  said.remove();
  own.delete(field);
  const frame = frameOf(field);
  if (frame === null || frame.querySelector('.fault') !== null) return;
  frame.classList.remove('wrong');
  field.removeAttribute('aria-invalid');
  if (field.getAttribute('aria-describedby') === said.id) field.removeAttribute('aria-describedby');
}

let last = 0;

function tell(field: Field): void {
  const frame = frameOf(field);
  if (frame === null) return;
  clear(field);
  // one of a group has said it, or the gateway has
  if (frame.querySelector('.fault') !== null) return;
  const said = document.createElement('span');
  said.className = 'fault';
  said.id = `wrong-${++last}`;
  said.textContent = wrongWith(field);
  const head = frame.querySelector(':scope > label, :scope > legend');
  if (head === null) frame.append(said);
  else head.after(said);
  frame.classList.add('wrong');
  field.setAttribute('aria-invalid', 'true');
  field.setAttribute('aria-describedby', said.id);
  own.set(field, said);
}

document.addEventListener(
  'invalid',
  (event) => {
    const { target } = event;
    if (!isField(target) || frameOf(target) === null) return;
    event.preventDefault();
    tell(target);
    // whoever sent it goes to the first of them
    const first = target.form?.querySelector<HTMLElement>(
      'input:not([type=hidden]):invalid, select:invalid, textarea:invalid',
    );
    if (first === target) target.focus();
  },
  true,
);
document.addEventListener('change', ({ target }) => {
  if (!isField(target) || target.form?.method !== 'post' || target.form.noValidate) return;
  if (target.validity.valid) clear(target);
  // an empty field may be filled in later
  else if (target.value !== '') tell(target);
});
document.addEventListener('input', ({ target }) => {
  if (isField(target) && target.validity.valid) clear(target);
});

/** The form that was sent: it is not left, unless something is written in it afterwards, as where a file came. */
let sent: EventTarget | null = null;
document.addEventListener('submit', ({ target }) => {
  sent = target;
});
document.addEventListener('input', ({ target }) => {
  if (isField(target) && target.form === sent) sent = null;
});
addEventListener('beforeunload', (event) => {
  // those that come back where they could not be taken; a question is asked again at once
  const forms = document.querySelectorAll<HTMLFormElement>(
    'main form[method=post]:not([role=search]):has(> input[name=place])',
  );
  const left = [...forms].some((form) => form !== sent && hasWork(form));
  if (left) event.preventDefault();
});
