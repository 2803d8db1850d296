/**
 * Follows certificates and their keys while a process runs, as they stand in files: a new pair is taken once it is
 * still, belongs together and is good now; else the one in force goes on, and that is said. Certificates that come to
 * their end are said at 30 days, 7 days, a day, and when they are over.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { YitongError } from '../../../contracts/errors.js';
import { pemBlocks } from '../../ground/identity/certificate.js';
import { wordsOf } from '../../ground/logging/words.js';
import { fingerprint } from './fingerprint.js';
import { type Looks, looks } from './looks.js';

export type CertificateName = 'server' | 'documents' | 'replica';

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

export interface CertificateOptions {
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
/** Days before the end at which it is said again. */
const STAGES = [0, 1, 7, 30];

/**
 * @param files PEM
 * @throws YitongError `bad_config` if a file cannot be read, is not what it should be, or the key is another
 * certificate's
 */
export async function readPair({ cert, key }: { readonly cert: string; readonly key: string }): Promise<Pair> {
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
  if (!fits) throw new YitongError('bad_config', 'the key is not that of the certificate', { place: { file: key } });
  try {
    createSecureContext({ cert: certText, key: keyText });
  } catch (cause) {
    throw new YitongError('bad_config', 'TLS does not take the certificate', { place: { file: cert }, cause });
  }
  return {
    cert: certText,
    key: keyText,
    fingerprint: own.fingerprint256.replaceAll(':', '').toLowerCase(),
    notBefore: Date.parse(own.validFrom),
    notAfter: Date.parse(own.validTo) + 1000,
  };
}

interface State {
  /** Of the files, as they were before they were read; undefined: to be read at the next look. */
  print: string | undefined;
  seen: string | undefined;
  pair: Pair | undefined;
  /** Why what stands on disk is not in force, and since when. */
  trouble: { readonly since: number; readonly why: string } | undefined;
  /** Days of the stage that was said. */
  said: number | undefined;
}

export async function followCertificates(options: CertificateOptions): Promise<FollowedCertificates> {
  const { certificates, now, log } = options;
  const states = new Map<CertificateName, State>(
    certificates.map(({ name }) => [
      name,
      { print: undefined, seen: undefined, pair: undefined, trouble: undefined, said: undefined },
    ]),
  );
  const stateOf = (name: CertificateName): State => states.get(name)!;
  const printOf = ({ cert, key, more = [] }: Followed): Promise<string> => fingerprint([], [cert, key, ...more]);
  let told = '';

  async function take(one: Followed, state: State): Promise<void> {
    const pair = await readPair(one);
    // a pair that is not good now helps nobody; at a start there is no other
    if (state.pair !== undefined && pair.fingerprint !== state.pair.fingerprint) {
      if (pair.notAfter <= now())
        throw new YitongError('bad_config', `the certificate ended on ${new Date(pair.notAfter).toISOString()}`, {
          place: { file: one.cert },
        });
      if (pair.notBefore > now())
        throw new YitongError(
          'bad_config',
          `the certificate is not good before ${new Date(pair.notBefore).toISOString()}`,
          { place: { file: one.cert } },
        );
    }
    const before = state.pair;
    await one.take(pair);
    state.pair = pair;
    if (before?.fingerprint === pair.fingerprint) return;
    const detail = {
      fingerprint: pair.fingerprint,
      notAfter: new Date(pair.notAfter).toISOString(),
      ...(before === undefined ? { start: true } : { before: before.fingerprint }),
    };
    log('info', 'certificate in force', { certificate: one.name, ...detail });
    options.onAct?.({ action: 'certificate_in_force', target: one.name, detail });
  }

  async function lookAt(one: Followed): Promise<boolean> {
    const state = stateOf(one.name);
    const print = await printOf(one);
    if (print === state.print) {
      state.seen = undefined;
      return false;
    }
    // certificate and key are two files: as long as one of them changes, both are waited for
    if (state.print !== undefined && print !== state.seen) {
      state.seen = print;
      return true;
    }
    state.seen = undefined;
    try {
      await take(one, state);
      if (state.trouble !== undefined) log('info', `the ${one.name} certificate on disk is taken again`);
      state.trouble = undefined;
    } catch (error) {
      const why = wordsOf(error);
      if (state.trouble?.why !== why)
        log(
          'error',
          state.pair === undefined
            ? `the ${one.name} certificate on disk is not taken: ${why}`
            : `the ${one.name} certificate on disk is not taken, so the one in force goes on: ${why}`,
        );
      state.trouble = { since: state.trouble?.since ?? now(), why };
    }
    // what was swapped while it was read is read again
    state.print = (await printOf(one)) === print ? print : undefined;
    return state.print === undefined;
  }

  /** What is to be said of its end; said once a stage. */
  function ending(name: CertificateName, state: State): readonly string[] {
    const { pair } = state;
    if (pair === undefined) return [];
    const left = pair.notAfter - now();
    options.figures?.certificateSecondsLeft(name, Math.floor(left / 1000));
    const stage = STAGES.find((days) => left <= days * DAY);
    const before = state.said;
    state.said = stage;
    if (stage === undefined) return [];
    const at = new Date(pair.notAfter).toISOString();
    const message =
      stage === 0
        ? `the ${name} certificate ended on ${at}`
        : `the ${name} certificate ends on ${at}, within ${stage === 1 ? 'a day' : `${String(stage)} days`}`;
    if (before !== stage) log(stage > 1 ? 'warn' : 'error', message);
    return [message];
  }

  function tellState(): void {
    const warnings = certificates.flatMap(({ name }) => {
      const state = stateOf(name);
      options.figures?.certificateStale(name, state.trouble !== undefined);
      const goesOn = state.pair === undefined ? 'there is none' : 'the one of before is in force';
      return [
        ...(state.trouble === undefined
          ? []
          : [
              `the ${name} certificate on disk is not taken since ` +
                `${new Date(state.trouble.since).toISOString()}; ${goesOn}: ${state.trouble.why}`,
            ]),
        ...ending(name, state),
      ];
    });
    const text = warnings.join('\n');
    if (text === told) return;
    told = text;
    options.onWarnings?.(warnings);
  }

  async function look(): Promise<boolean> {
    let soon = false;
    for (const one of certificates) if (await lookAt(one)) soon = true;
    tellState();
    return soon;
  }

  await look();
  return {
    look,
    ...looks(look, (error) => log('error', `certificates could not be looked at: ${wordsOf(error)}`)),
  };
}
