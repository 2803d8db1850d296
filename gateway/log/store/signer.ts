/**
 * Ed25519 signing keys of the log and of a replica: a PKCS#8 PEM file of mode 0600 and a vkey that the world may read.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign as signBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { YitongError } from '../../../contracts/errors.js';
import { createOnce, replaceFile } from '../../ground/files/durable.js';
import { openToOthers } from '../../ground/files/private-file.js';
import { auditLayout } from '../entries/layout.js';
import { rawPublicKey, type Signer, type Verifier, verifierOf } from '../proof/note.js';
import { readState } from './state.js';

export type { Signer, Verifier } from '../proof/note.js';

/** @param name key name as it stands in notes: a schema-less URL, no spaces, no plus */
export function signerOf(name: string, privateKey: KeyObject): Signer {
  const verifier = verifierOf(name, rawPublicKey(createPublicKey(privateKey)));
  return { ...verifier, privateKey, sign: (text) => signBytes(null, text, privateKey) };
}

/** A key that lives only in memory. */
export function ephemeralSigner(name: string): Signer {
  return signerOf(name, generateKeyPairSync('ed25519').privateKey);
}

/**
 * Reads the key of `file`, making it on the first run. Two processes that come at once get one key.
 * @throws YitongError `audit_unavailable` if the file is not such a key, or others than the owner may read it and we
 * may not close it to them
 */
export function openSigner(file: string, name: string): Signer {
  // a key that is there may stand where nothing can be written: a mounted secret
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    createOnce(file, () =>
      generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    );
  }
  const open = openToOthers(file);
  if (open !== undefined) throw new YitongError('audit_unavailable', open, { place: { file } });
  let key: KeyObject;
  try {
    key = createPrivateKey(readFileSync(file));
  } catch (cause) {
    throw new YitongError('audit_unavailable', 'the key file holds no private key', { place: { file }, cause });
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw new YitongError('audit_unavailable', 'the key is not an Ed25519 key', { place: { file } });
  return signerOf(name, key);
}

/** Writes `<vkey>\n` where readers of the log look for it. */
export function publishVkey(file: string, signer: Pick<Verifier, 'vkey'>): void {
  mkdirSync(dirname(file), { recursive: true });
  replaceFile(file, `${signer.vkey}\n`);
}

export interface AuditSigners {
  readonly log: Signer;
  readonly replica: Signer;
}

/**
 * Where the vkey of a replica stands beside the log. One that changes its key keeps the old vkey there, for old groups
 * name it.
 */
export const replicaVkeyFile = (dataDir: string, keyId: number): string =>
  join(auditLayout(dataDir).log, 'replicas', `${keyId.toString(16).padStart(8, '0')}.vkey`);

/**
 * This replica's key, made on the first run, and its vkey beside the log: all that a replica needs which does not
 * sequence.
 */
export function openReplicaSigner(dataDir: string, name: string): Signer {
  const signer = openSigner(join(auditLayout(dataDir).keys, 'replica.key'), name);
  publishVkey(replicaVkeyFile(dataDir, signer.keyId), signer);
  return signer;
}

/**
 * The log's and this replica's keys of a data folder, made on the first run, and their vkeys beside the log.
 * @throws YitongError `bad_config` if the log there has another name, as one that was restored; `audit_unavailable`
 * also where it was signed with another key: it cannot be continued with this one, and its vkey must not be overwritten
 */
export function openAuditSigners(
  dataDir: string,
  names: { readonly origin: string; readonly replica: string },
): AuditSigners {
  const { keys, log, state } = auditLayout(dataDir);
  const origin = readState(state)?.state.origin ?? names.origin;
  if (origin !== names.origin)
    throw new YitongError(
      'bad_config',
      `the log of this data folder is \`${origin}\`, and \`audit.origin\` says \`${names.origin}\``,
      { place: { file: state } },
    );
  const [file, published] = [join(keys, 'log.key'), join(log, 'vkey')];
  const before = existsSync(published) ? readFileSync(published, 'utf8').trim() : undefined;
  const gone = before !== undefined && !existsSync(file);
  const signer = gone ? undefined : openSigner(file, names.origin);
  if (signer === undefined || (before !== undefined && signer.vkey !== before)) {
    throw new YitongError(
      'audit_unavailable',
      `the log was signed ${gone ? 'with a key that is gone' : 'with another key, or under another name'}; ` +
        `docs/operating.md says what to do when the log's key is lost`,
      { place: { file } },
    );
  }
  publishVkey(published, signer);
  return { log: signer, replica: openReplicaSigner(dataDir, names.replica) };
}
