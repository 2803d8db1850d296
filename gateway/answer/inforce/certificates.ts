/**
 * Follows certificates and their keys while a process runs, as they stand in files: a new pair is taken once it is
 * still, belongs together and is good now; else the one in force goes on, and that is reported. The end of a
 * certificate is reported at 30 days, 7 days, a day, and when it is over.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import { YitongError } from '../../../contracts/errors.js';
import { pemBlocks } from '../../ground/identity/certificate.js';
import { wordsOf } from '../../ground/logging/words.js';
import { fingerprint } from './fingerprint.js';
import { type Looks, looks } from './looks.js';

type CertificateName = 'server' | 'documents' | 'replica';

export interface Pair {
  /** PEM: its own certificate, then its intermediates. */
  readonly cert: string;
  readonly key: string;
  /** SHA-256 of the certificate, lower-case hex. */
  readonly fingerprint: string;
  /** ms since 1970; good for notBefore ≤ now < notAfter */
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface Followed {
  readonly name: CertificateName;
  readonly cert: string;
  readonly key: string;
  /** Files whose change counts as well. */
  readonly more?: readonly string[];
  /** Puts it to use; throws where it is not fit for that. */
  take(pair: Pair): void | Promise<void>;
}

export interface CertificateAct {
  readonly action: 'certificate_in_force';
  readonly target: CertificateName;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface CertificateFigures {
  /** Seconds until it is over; negative afterwards. */
  certificateSecondsLeft(name: CertificateName, seconds: number): void;
  certificateStale(name: CertificateName, stale: boolean): void;
}

interface CertificateOptions {
  readonly certificates: readonly Followed[];
  /** ms since 1970 */
  readonly now: () => number;
  readonly log: (level: 'info' | 'warn' | 'error', message: string, detail?: object) => void;
  /** What an operator should see; called when it changes. */
  readonly onWarnings?: (warnings: readonly string[]) => void;
  readonly onAct?: (act: CertificateAct) => void;
  readonly figures?: CertificateFigures;
}

export interface FollowedCertificates extends Looks {
  /** One look at all; for tests, and for the timer of `start`. */
  look(): Promise<boolean>;
}

const DAY = 86_400_000;
/** Days before the end at which it is logged again. */
const STAGES = [0, 1, 7, 30];

/** ms after which a key beside another certificate is looked at again: one of the two may just have been put there. */
const SWAPPING = 500;

/**
 * Certificate and key are two files, which nobody can replace at once: where they do not belong together they are read
 * again for as long as they change.
 * @param files PEM
 * @throws YitongError `bad_config` if a file cannot be read, is not what it should be, or the key is another
 * certificate's
 */
export async function readPair(files: CertificateFiles): Promise<Pair> {
  for (let before = ''; ; ) {
    const read = await readOnce(files);
    if (read.pair !== undefined) return read.pair;
    if (read.texts === before)
      throw new YitongError('bad_config', 'the key is not that of the certificate', { place: { file: files.key } });
    before = read.texts;
    await sleep(SWAPPING);
  }
}

/** PEM files of the certificate, with its intermediates, and of its key. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** What stands in both files, and the pair that they are, if they belong together. */
async function readOnce({ cert, key }: CertificateFiles): Promise<{ readonly texts: string; readonly pair?: Pair }> {
  const read = async (file: string): Promise<string> =>
    readFile(file, 'utf8').catch((cause: unknown) => {
      throw new YitongError('bad_config', 'the file cannot be read', { place: { file }, cause });
    });
  const [certText, keyText] = [await read(cert), await read(key)];
  let own: X509Certificate;
  try {
    const [first] = pemBlocks(certText, 'CERTIFICATE').map((pem) => new X509Certificate(pem));
    if (first === undefined) throw new Error('no certificate');
    own = first;
  } catch (cause) {
    throw new YitongError('bad_config', 'the file holds no certificate that can be read', {
      place: { file: cert },
      cause,
    });
  }
  let fits: boolean;
  try {
    fits = own.checkPrivateKey(createPrivateKey(keyText));
  } catch (cause) {
    throw new YitongError('bad_config', 'the file holds no private key that can be read', {
      place: { file: key },
      cause,
    });
  }
  const texts = certText + keyText;
  if (!fits) return { texts };
  try {
    createSecureContext({ cert: certText, key: keyText });
  } catch (cause) {
    throw new YitongError('bad_config', 'TLS does not take the certificate', { place: { file: cert }, cause });
  }
  const pair = {
    cert: certText,
    key: keyText,
    fingerprint: own.fingerprint256.replaceAll(':', '').toLowerCase(),
    notBefore: Date.parse(own.validFrom),
    notAfter: Date.parse(own.validTo) + 1000,
  };
  return { texts, pair };
}

export async function followCertificates(options: CertificateOptions): Promise<FollowedCertificates> {
  const followed = new CertificatesOnDisk(options);
  await followed.look();
  return followed;
}

class CertificatesOnDisk implements FollowedCertificates {
  readonly #options: CertificateOptions;
  readonly #certificates: readonly CertificateOnDisk[];
  readonly #looks: Looks;
  /** As they were reported last. */
  #warnings = '';

  constructor(options: CertificateOptions) {
    this.#options = options;
    this.#certificates = options.certificates.map((files) => new CertificateOnDisk(files, options));
    this.#looks = looks(
      () => this.look(),
      (error) => options.log('error', `certificates could not be looked at: ${wordsOf(error)}`),
    );
  }

  start(interval?: number): void {
    this.#looks.start(interval);
  }

  stop(): Promise<void> {
    return this.#looks.stop();
  }

  async look(): Promise<boolean> {
    let soon = false;
    for (const certificate of this.#certificates) if (await certificate.look()) soon = true;
    this.#report();
    return soon;
  }

  #report(): void {
    const warnings = this.#certificates.flatMap((certificate) => certificate.warnings());
    const text = warnings.join('\n');
    if (text === this.#warnings) return;
    this.#warnings = text;
    this.#options.onWarnings?.(warnings);
  }
}

class CertificateOnDisk {
  readonly #files: Followed;
  readonly #options: CertificateOptions;
  /** Fingerprint of the files, as they were before they were read; undefined: to be read at the next look. */
  #loaded: string | undefined;
  /** Fingerprint of files that have changed and are not still so far. */
  #changing: string | undefined;
  #pair: Pair | undefined;
  /** Why what stands on disk is not in force, and since when. */
  #trouble: { readonly since: number; readonly why: string } | undefined;
  /** Days before the end, of the stage that was logged. */
  #stage: number | undefined;

  constructor(files: Followed, options: CertificateOptions) {
    this.#files = files;
    this.#options = options;
  }

  /** One look at its files, which never throws for what stands in them; whether the next should come soon. */
  async look(): Promise<boolean> {
    const print = await this.#fingerprint();
    if (print === this.#loaded) {
      this.#changing = undefined;
      return false;
    }
    // certificate and key are two files: as long as one of them changes, both are waited for
    if (this.#loaded !== undefined && print !== this.#changing) {
      this.#changing = print;
      return true;
    }
    this.#changing = undefined;
    await this.#load();
    // what was swapped while it was read is read again
    this.#loaded = (await this.#fingerprint()) === print ? print : undefined;
    return this.#loaded === undefined;
  }

  /** What an operator should see of it now; its figures are given on the way. */
  warnings(): readonly string[] {
    const { name } = this.#files;
    this.#options.figures?.certificateStale(name, this.#trouble !== undefined);
    return [...this.#troubleInWords(), ...this.#endInWords()];
  }

  #fingerprint(): Promise<string> {
    const { cert, key, more = [] } = this.#files;
    return fingerprint([], [cert, key, ...more]);
  }

  async #load(): Promise<void> {
    const { name } = this.#files;
    const { log, now } = this.#options;
    try {
      await this.#putInForce(await readPair(this.#files));
      if (this.#trouble !== undefined) log('info', `the ${name} certificate on disk is taken again`);
      this.#trouble = undefined;
    } catch (error) {
      const why = wordsOf(error);
      const goesOn = this.#pair === undefined ? '' : ', so the one in force goes on';
      if (this.#trouble?.why !== why) log('error', `the ${name} certificate on disk is not taken${goesOn}: ${why}`);
      this.#trouble = { since: this.#trouble?.since ?? now(), why };
    }
  }

  /** @throws YitongError `bad_config` where it is another one and not good now; whatever `take` throws */
  async #putInForce(pair: Pair): Promise<void> {
    const { name } = this.#files;
    const before = this.#pair;
    // a pair that is not good now helps nobody; at a start there is no other
    if (before !== undefined && pair.fingerprint !== before.fingerprint) this.#requireGoodNow(pair);
    await this.#files.take(pair);
    this.#pair = pair;
    if (before?.fingerprint === pair.fingerprint) return;
    const detail = {
      fingerprint: pair.fingerprint,
      notAfter: new Date(pair.notAfter).toISOString(),
      ...(before === undefined ? { start: true } : { before: before.fingerprint }),
    };
    this.#options.log('info', 'certificate in force', { certificate: name, ...detail });
    this.#options.onAct?.({ action: 'certificate_in_force', target: name, detail });
  }

  #requireGoodNow({ notBefore, notAfter }: Pair): void {
    const now = this.#options.now();
    const place = { file: this.#files.cert };
    const iso = (at: number): string => new Date(at).toISOString();
    if (notAfter <= now) throw new YitongError('bad_config', `the certificate ended on ${iso(notAfter)}`, { place });
    if (notBefore > now)
      throw new YitongError('bad_config', `the certificate is not good before ${iso(notBefore)}`, { place });
  }

  #troubleInWords(): readonly string[] {
    if (this.#trouble === undefined) return [];
    const { since, why } = this.#trouble;
    const goesOn = this.#pair === undefined ? 'there is none' : 'the one of before is in force';
    return [
      `the ${this.#files.name} certificate on disk is not taken since ${new Date(since).toISOString()}; ` +
        `${goesOn}: ${why}`,
    ];
  }

  /** That it ends, where it ends soon; logged once a stage. */
  #endInWords(): readonly string[] {
    if (this.#pair === undefined) return [];
    const { name } = this.#files;
    const { notAfter } = this.#pair;
    const left = notAfter - this.#options.now();
    this.#options.figures?.certificateSecondsLeft(name, Math.floor(left / 1000));
    const stage = STAGES.find((days) => left <= days * DAY);
    const before = this.#stage;
    this.#stage = stage;
    if (stage === undefined) return [];
    const at = new Date(notAfter).toISOString();
    const message =
      stage === 0
        ? `the ${name} certificate ended on ${at}`
        : `the ${name} certificate ends on ${at}, within ${stage === 1 ? 'a day' : `${String(stage)} days`}`;
    if (before !== stage) this.#options.log(stage > 1 ? 'warn' : 'error', message);
    return [message];
  }
}
