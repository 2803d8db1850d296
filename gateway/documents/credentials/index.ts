/**
 * Credentials of reports (docs/credentials.md) of one face of a worker: made, published, verified and revoked with the
 * key by which documents are signed.
 */

import { X509Certificate } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { calculateJwkThumbprint } from 'jose';
import { YitongError } from '../../../contracts/errors.js';
import { present } from '../../../contracts/present.js';
import { publicAddress } from '../address.js';
import type { GatewayContext } from '../context.js';
import type { ReportModel } from '../model/model.js';
import type { StatusPlace, StatusStore } from '../model/status.js';
import { type DocumentSigner, documentSignerOf } from '../pdf/signer.js';
import { reportsOf } from '../reports/index.js';
import { issueVc } from './issue.js';
import {
  type DocumentKey,
  documentKeyOf,
  type IssuerMetadata,
  issuerMetadata,
  namesIssuer,
  publicJwk,
} from './keys.js';
import { openStatuses } from './status/lmdb.js';
import { statusesIn } from './status/state.js';
import { type StatusPublishing, statusList, statusPublisher, statusUri } from './status/token.js';
import { type Verification, type VerifyOptions, verifyPresentation } from './verify.js';

type Presentation = Pick<VerifyOptions, 'nonce' | 'audience' | 'required' | 'subjects'> & {
  readonly presentation: string;
};

interface Credentials {
  /** @throws YitongError `not_found` where no documents are signed here, `bad_config`, `address_unknown` */
  metadata(): Promise<IssuerMetadata>;
  /** Status list token. Undefined where there is no such list. @throws YitongError as `metadata` */
  list(number: number): Promise<string | undefined>;
  /**
   * A new credential, whose place in a status list the report remembers.
   * @throws YitongError as `metadata`, `report_revoked`, `bad_request` for a holder's key that is none
   */
  issue(id: string, model: ReportModel, holder?: unknown): Promise<string>;
  /** A presentation of a credential that was issued here. @throws YitongError as `metadata`, `bad_request` */
  verify(presented: Presentation): Promise<Verification>;
  /** Durable when it resolves. */
  revoke(places: readonly StatusPlace[]): Promise<void>;
  close(): Promise<void>;
}

interface Opened {
  readonly publishing: StatusPublishing;
  readonly publish: (list: number) => Promise<string | undefined>;
}

/**
 * Keys of the signers before this one, whose credentials still live; whoever takes a certificate out of `old/` disowns
 * what it signed.
 */
async function oldKeys(documents: string): Promise<readonly Pick<DocumentKey, 'jwk' | 'kid'>[]> {
  const folder = join(documents, 'old');
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.pem')).sort();
  const keys = await Promise.all(
    names.map(async (name) =>
      publicJwk(new X509Certificate(await readFile(join(folder, name))).publicKey.export({ format: 'jwk' })),
    ),
  );
  return Promise.all(
    keys.flatMap((key) =>
      key === undefined ? [] : [calculateJwkThumbprint(key.jwk).then((kid) => ({ jwk: key.jwk, kid }))],
    ),
  );
}

function openCredentials(context: GatewayContext): Credentials {
  const { settings, dataDir, state, now } = context;
  const { documents } = settings.gateway;
  let statuses: StatusStore | undefined;
  const stored = (): StatusStore =>
    (statuses ??= state === undefined ? openStatuses(join(dataDir, 'reports', 'status')) : statusesIn(state));

  async function prepare(signer: DocumentSigner): Promise<Opened> {
    const issuer = publicAddress(context);
    const own = await documentKeyOf(signer);
    const [leaf] = signer.certificates;
    // a certificate of another name would only make verifiers refuse
    const key = leaf !== undefined && namesIssuer(new X509Certificate(leaf), issuer) ? own : { ...own, x5c: [] };
    const publishing: StatusPublishing = { statuses: stored(), issuer, key, now };
    return { publishing, publish: statusPublisher(publishing) };
  }
  let preparing: { readonly signer: DocumentSigner; readonly opened: Promise<Opened> } | undefined;
  async function opened(): Promise<Opened> {
    if (documents === '') throw new YitongError('not_found', 'documents are not signed here');
    const signer = documentSignerOf(documents);
    if (preparing?.signer !== signer) preparing = { signer, opened: prepare(signer) };
    const mine = preparing;
    return mine.opened.catch((error: unknown) => {
      if (preparing === mine) preparing = undefined;
      throw error;
    });
  }
  async function metadata(): Promise<IssuerMetadata> {
    const {
      publishing: { issuer, key },
    } = await opened();
    return issuerMetadata(issuer, [key, ...(await oldKeys(documents)).filter(({ kid }) => kid !== key.kid)]);
  }

  let closing: Promise<void> | undefined;
  return {
    metadata,
    list: async (number) => (await opened()).publish(number),
    async issue(id, model, holder) {
      const {
        publishing: { issuer, key },
      } = await opened();
      const reports = await reportsOf(context);
      const expiresAt = await reports.credentialUntil(id);
      const remembering: StatusStore = {
        ...stored(),
        async allocate() {
          const place = await stored().allocate();
          await reports.remember(id, place);
          return place;
        },
      };
      const { text } = await issueVc(model, {
        issuer,
        key,
        statuses: remembering,
        expiresAt,
        ...present({ holder }),
      });
      return text;
    },
    async verify({ presentation, ...asked }) {
      const { publishing } = await opened();
      const { issuer } = publishing;
      const prefix = statusUri(issuer, 0).slice(0, -1);
      // not the copy that is published: here a revocation counts at once
      const fetchStatus = async (uri: string): Promise<string> => {
        const token = /^\d{1,9}$/.test(uri.slice(prefix.length))
          ? await statusList(Number(uri.slice(prefix.length)), publishing)
          : undefined;
        if (token === undefined) throw new YitongError('not_found', 'there is no such status list');
        return token;
      };
      return verifyPresentation(presentation, {
        ...asked,
        trust: { issuer, keys: (await metadata()).jwks.keys },
        fetchStatus,
        now: now(),
      });
    },
    async revoke(places) {
      for (const place of places) await stored().revoke(place);
    },
    // by each service that uses them
    close: () => (closing ??= Promise.resolve(statuses?.close())),
  };
}

const known = new WeakMap<object, Credentials>();

/** Opened with the first question. */
export function credentialsOf(context: GatewayContext): Credentials {
  let found = known.get(context);
  if (found === undefined) known.set(context, (found = openCredentials(context)));
  return found;
}
