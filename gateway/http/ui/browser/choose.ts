/** Small help on forms that work without it: tick all or none, count, copy, and send once. */
const boxes = (name: string): readonly HTMLInputElement[] => [
  ...document.querySelectorAll<HTMLInputElement>(`input[type=checkbox][name="${name}"]`),
];

const picks: Readonly<Record<string, (box: HTMLInputElement, at: number) => boolean>> = {
  all: () => true,
  none: () => false,
  first: (_, at) => at === 0,
  group: (box) => box.dataset['group'] === 'true',
  ready: (box) => box.dataset['ready'] === 'true',
};

for (const tools of document.querySelectorAll<HTMLElement>('[data-choose]')) {
  const own = boxes(tools.dataset['choose'] ?? '');
  const shown = tools.querySelector<HTMLElement>('[data-count]');
  const count = (): void => {
    if (shown !== null) shown.textContent = `${own.filter(({ checked }) => checked).length} / ${own.length}`;
  };
  for (const hidden of tools.querySelectorAll<HTMLElement>('[hidden]')) hidden.hidden = false;
  for (const tool of tools.querySelectorAll<HTMLElement>('[data-pick]')) {
    tool.addEventListener('click', (event) => {
      event.preventDefault();
      const wanted = picks[tool.dataset['pick'] ?? ''];
      own.forEach((box, at) => {
        if (wanted !== undefined) box.checked = wanted(box, at);
      });
      count();
    });
  }
  for (const box of own) box.addEventListener('change', count);
  count();
}

const range = document.querySelector<HTMLSelectElement>('select[name=range]');
for (const day of document.querySelectorAll<HTMLInputElement>('input[type=date]')) {
  day.addEventListener('change', () => {
    if (range !== null) range.value = 'own';
  });
}

for (const button of document.querySelectorAll<HTMLButtonElement>('[data-copy]')) {
  button.hidden = false;
  button.addEventListener('click', () => {
    const text = document.getElementById(button.dataset['copy'] ?? '')?.textContent ?? '';
    void navigator.clipboard.writeText(text).then(() => {
      button.textContent = button.closest<HTMLElement>('[data-copied]')?.dataset['copied'] ?? '✓';
    });
  });
}

for (const form of document.querySelectorAll<HTMLFormElement>('form[data-once]')) {
  form.addEventListener('submit', () => {
    for (const button of form.querySelectorAll('button')) button.disabled = true;
  });
}
