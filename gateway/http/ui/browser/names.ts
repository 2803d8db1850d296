/**
 * A field that takes a company by its key or its name: while a name is typed it offers those that fit (WAI-ARIA
 * combobox with a listbox). Without it the form asks on a page of its own. What is chosen puts the key into the field,
 * and the name below it.
 */
interface Choice {
  readonly key: string;
  readonly name: string;
  readonly tell: string;
}
interface Answer {
  readonly kind: 'found' | 'short' | 'unavailable';
  readonly choices: readonly Choice[];
  readonly more: boolean;
}

/** ms that somebody may pause while typing. */
const PAUSE = 300;
const NAME = /\p{Script=Han}.*\p{Script=Han}/su;

/** Makes the field a combobox: the list of what fits, and the name of what is chosen. */
function combobox(input: HTMLInputElement, id: string): { readonly list: HTMLElement; readonly told: HTMLElement } {
  const list = document.createElement('ul');
  list.id = id;
  list.className = 'options';
  list.hidden = true;
  list.setAttribute('role', 'listbox');
  list.setAttribute('aria-label', input.dataset['listLabel'] ?? '');
  const told = document.createElement('span');
  told.className = 'soft told-name';
  told.setAttribute('role', 'status');
  const box = document.createElement('span');
  box.className = 'combo';
  input.before(box);
  box.append(input, list);
  box.after(told);
  input.setAttribute('role', 'combobox');
  input.setAttribute('aria-autocomplete', 'list');
  input.setAttribute('aria-controls', id);
  input.setAttribute('aria-expanded', 'false');
  return { list, told };
}

/** One company of the list. */
function optionOf({ name, key, tell }: Choice, id: string, choose: () => void): HTMLElement {
  const option = document.createElement('li');
  option.id = id;
  option.setAttribute('role', 'option');
  option.setAttribute('aria-selected', 'false');
  for (const [text, css] of [
    [name, ''],
    [key, 'code soft'],
    [tell, 'soft'],
  ] as const) {
    const part = document.createElement('span');
    part.className = css;
    part.textContent = text;
    option.append(part);
  }
  // before the field loses the focus
  option.addEventListener('pointerdown', (event) => {
    event.preventDefault();
    choose();
  });
  return option;
}

/** What is said where no list is shown, or not all of it. */
const wordsFor = ({ kind, more, choices }: Answer, words: DOMStringMap): string =>
  choices.length === 0 ? (kind === 'found' ? (words['none'] ?? '') : '') : more ? (words['more'] ?? '') : '';

function offer(input: HTMLInputElement, at: number): void {
  const id = `names-${String(at)}`;
  const { list, told } = combobox(input, id);

  let choices: readonly Choice[] = [];
  let active = -1;
  let timer: number | undefined;
  let asking: AbortController | undefined;

  const close = (): void => {
    list.hidden = true;
    active = -1;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  };
  const mark = (to: number): void => {
    active = to;
    [...list.children].forEach((option, i) => option.setAttribute('aria-selected', String(i === to)));
    const option = list.children[to];
    if (option === undefined) input.removeAttribute('aria-activedescendant');
    else {
      input.setAttribute('aria-activedescendant', option.id);
      option.scrollIntoView({ block: 'nearest' });
    }
  };
  const choose = (to: number): void => {
    const choice = choices[to];
    if (choice === undefined) return;
    input.value = choice.key;
    told.textContent = choice.name;
    close();
  };
  const show = (answer: Answer): void => {
    choices = answer.choices;
    list.replaceChildren(...choices.map((choice, i) => optionOf(choice, `${id}-${String(i)}`, () => choose(i))));
    active = -1;
    input.removeAttribute('aria-activedescendant');
    list.hidden = choices.length === 0;
    input.setAttribute('aria-expanded', String(choices.length > 0));
    told.textContent = wordsFor(answer, input.dataset);
  };
  const ask = async (): Promise<void> => {
    asking?.abort();
    const mine = (asking = new AbortController());
    try {
      const answer = await fetch('/console/names', {
        method: 'POST',
        headers: { 'x-csrf': input.form?.querySelector<HTMLInputElement>('input[name=csrf]')?.value ?? '' },
        body: new URLSearchParams({ name: input.value }),
        signal: mine.signal,
      });
      if (!answer.ok || asking !== mine) return;
      show((await answer.json()) as Answer);
    } catch {
      // the form itself asks
    }
  };
  input.addEventListener('input', () => {
    window.clearTimeout(timer);
    told.textContent = '';
    if (NAME.test(input.value)) timer = window.setTimeout(() => void ask(), PAUSE);
    else {
      asking?.abort();
      close();
    }
  });
  input.addEventListener('keydown', (event) => {
    const { key, isComposing } = event;
    if (list.hidden || isComposing) return;
    const last = choices.length - 1;
    if (key === 'ArrowDown') mark(active >= last ? 0 : active + 1);
    else if (key === 'ArrowUp') mark(active <= 0 ? last : active - 1);
    else if (key === 'Enter' && active >= 0) choose(active);
    else if (key === 'Escape') close();
    else return;
    event.preventDefault();
  });
  input.addEventListener('blur', close);
}

document.querySelectorAll<HTMLInputElement>('input[data-names]').forEach(offer);
