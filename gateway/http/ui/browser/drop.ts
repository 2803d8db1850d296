/**
 * A PDF that is dropped or chosen on a page of verification is checked here, in the browser; nothing of it is sent
 * anywhere.
 */
import { certificatesOfPem } from '../../../ground/der/certificate.js';
import { checkPdf } from './pdf-check.js';

interface Told {
  readonly title?: Readonly<Record<string, string>>;
  readonly issuedAt?: string;
  readonly subjects?: readonly { readonly name: string }[];
}

const LIMIT = 64 * 1_048_576;

async function digest(text: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return btoa(String.fromCharCode(...hash))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

for (const region of document.querySelectorAll<HTMLElement>('[data-drop]')) {
  const input = region.querySelector<HTMLInputElement>('input[type=file]');
  const text = (name: string, value: string): void => {
    const place = region.querySelector<HTMLElement>(`[${name}]`);
    if (place !== null) place.textContent = value;
  };
  region.dataset['state'] = 'ready';

  const look = async (file: File): Promise<void> => {
    for (const step of region.querySelectorAll<HTMLElement>('[data-step]')) delete step.dataset['holds'];
    text('data-fault', '');
    text('data-about', '');
    region.dataset['state'] = 'checking';
    try {
      const answer = await fetch('/verify/ca.pem');
      if (!answer.ok || file.size > LIMIT) throw new Error('it cannot be checked');
      const found = await checkPdf(await file.arrayBuffer(), certificatesOfPem(await answer.text()));
      for (const [step, holds] of Object.entries(found.steps)) {
        const row = region.querySelector<HTMLElement>(`[data-step="${step}"]`);
        if (row !== null) row.dataset['holds'] = String(holds);
      }
      // a Chinese page says itself what does not hold: of the first step that failed
      const words = Object.entries(found.steps).flatMap(([step, holds]) =>
        holds ? [] : (region.querySelector<HTMLElement>(`[data-step="${step}"]`)?.dataset['faultWords'] ?? []),
      );
      text('data-fault', words[0] ?? found.fault ?? '');
      if (!found.ok) {
        region.dataset['state'] = 'failed';
        return;
      }
      const { title, issuedAt, subjects } = found.model as Told;
      text(
        'data-about',
        [
          title?.[document.documentElement.lang.startsWith('zh') ? 'zh' : 'en'],
          subjects?.map(({ name }) => name).join('、'),
          issuedAt?.slice(0, 10),
        ]
          .filter(Boolean)
          .join(' · '),
      );
      const wanted = region.dataset['document'];
      // the model is canonical, or the check had failed
      region.dataset['state'] =
        wanted === undefined || wanted === (await digest(JSON.stringify(found.model))) ? 'proved' : 'other';
      const code = document.querySelector<HTMLInputElement>('input[name=code]');
      if (code !== null && found.code !== undefined) code.value = found.code;
    } catch {
      region.dataset['state'] = 'error';
    }
  };

  input?.addEventListener('change', () => {
    const [file] = input.files ?? [];
    if (file !== undefined) void look(file);
  });
  region.addEventListener('dragover', (event) => {
    event.preventDefault();
    region.classList.add('over');
  });
  region.addEventListener('dragleave', () => region.classList.remove('over'));
  region.addEventListener('drop', (event) => {
    event.preventDefault();
    region.classList.remove('over');
    const [file] = event.dataTransfer?.files ?? [];
    if (file !== undefined) void look(file);
  });
}
