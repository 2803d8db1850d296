/**
 * A page of a compliance code: counts its seconds down, and is asked for anew as soon as the other side has done
 * something.
 */
const EVERY = 1500;

const again = (): void => location.reload();

for (const place of document.querySelectorAll<HTMLElement>('[data-left]')) {
  const end = performance.now() + Number(place.dataset['left']) * 1000;
  const timer = setInterval(() => {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    place.textContent = String(left);
    if (left > 0) return;
    clearInterval(timer);
    // the gateway's clock says when it is over
    setTimeout(again, 1000);
  }, 250);
}

for (const region of document.querySelectorAll<HTMLElement>('[data-follow]')) {
  const { follow = '', state } = region.dataset;
  const look = async (): Promise<void> => {
    try {
      const answer = await fetch(follow, { headers: { accept: 'application/json' } });
      const told = answer.ok ? ((await answer.json()) as { readonly state?: string }) : {};
      if (told.state !== undefined && told.state !== state) return again();
    } catch {
      // away for a moment; the countdown goes on
    }
    setTimeout(() => void look(), EVERY);
  };
  setTimeout(() => void look(), EVERY);
}

// the answer waits a minute only
document.querySelector<HTMLFormElement>('form[data-at-once]')?.requestSubmit();
