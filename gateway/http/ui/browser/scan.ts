/**
 * Reads a QR code by the camera, where the browser can (Barcode Detection API); what it reads goes into the field of
 * the form.
 */
interface Detector {
  detect(source: HTMLVideoElement): Promise<readonly { readonly rawValue: string }[]>;
}
type Detectors = new (options: { readonly formats: readonly string[] }) => Detector;

const BarcodeReader = (window as unknown as { readonly BarcodeDetector?: Detectors }).BarcodeDetector;
/** Left out of the types where a page has no secure address. */
const media = navigator.mediaDevices as MediaDevices | undefined;
const CODE = /(?:^|\/compliance\/)([A-Za-z0-9_-]{43})$/;

for (const region of document.querySelectorAll<HTMLElement>('[data-camera]')) {
  const [video, button, outcome] = [
    region.querySelector('video'),
    region.querySelector('button'),
    region.querySelector<HTMLElement>('[data-told]'),
  ];
  const field = region.closest('form')?.querySelector<HTMLInputElement>('input[name=code]');
  if (
    BarcodeReader === undefined ||
    media === undefined ||
    video === null ||
    button === null ||
    outcome === null ||
    field === null ||
    field === undefined
  )
    continue;
  region.hidden = false;

  const read = async (): Promise<void> => {
    const stream = await media.getUserMedia({ video: { facingMode: 'environment' }, audio: false });
    const stop = (): void => {
      for (const track of stream.getTracks()) track.stop();
      video.hidden = true;
      button.hidden = false;
    };
    try {
      video.srcObject = stream;
      video.hidden = false;
      button.hidden = true;
      await video.play();
      const detector = new BarcodeReader({ formats: ['qr_code'] });
      for (;;) {
        const code = (await detector.detect(video))
          .map(({ rawValue }) => CODE.exec(rawValue)?.[1])
          .find((one) => one !== undefined);
        if (code !== undefined) {
          field.value = code;
          outcome.textContent = outcome.dataset['found'] ?? '';
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    } finally {
      stop();
    }
  };
  button.addEventListener('click', () => {
    outcome.textContent = '';
    read().catch(() => (outcome.textContent = outcome.dataset['none'] ?? ''));
  });
}
