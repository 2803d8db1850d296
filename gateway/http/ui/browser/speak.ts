/** Reads a part of a page aloud, where the browser can; pressed again it is silent. */
const spoken = 'speechSynthesis' in window ? window.speechSynthesis : undefined;

for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-speak]')) {
  if (spoken === undefined) break;
  button.hidden = false;
  button.addEventListener('click', () => {
    if (spoken.speaking) {
      spoken.cancel();
      return;
    }
    const parts = [...(button.closest('[data-spoken]')?.querySelectorAll('h2, p, legend, label') ?? [])];
    const words = new SpeechSynthesisUtterance(parts.map(({ textContent }) => textContent).join('。'));
    words.lang = document.documentElement.lang;
    words.rate = 0.9;
    spoken.speak(words);
  });
}
