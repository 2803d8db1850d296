/** A private key that somebody mistakes for a signing request is held back before it leaves the machine. */
const IS_KEY = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/;

for (const part of document.querySelectorAll<HTMLElement>('[data-request]')) {
  const told = part.querySelector<HTMLElement>('[data-told]');
  const look = (field: HTMLInputElement | HTMLTextAreaElement, text: string): void => {
    if (!IS_KEY.test(text)) return;
    field.value = '';
    if (told !== null) told.hidden = false;
  };
  for (const area of part.querySelectorAll('textarea'))
    area.addEventListener('input', () => {
      if (area.value !== '' && told !== null) told.hidden = true;
      look(area, area.value);
    });
  for (const field of part.querySelectorAll<HTMLInputElement>('input[type=file]'))
    field.addEventListener('change', () => {
      if (told !== null) told.hidden = true;
      for (const file of field.files ?? []) void file.text().then((text) => look(field, text));
    });
}
