/**
 * When a report counts as genuine. One set of rules; whoever checks brings the cryptography: the browser its WebCrypto,
 * the command line Node's.
 */
import {
  type Certificate,
  DOCUMENT_SIGNING,
  readCertificate,
  type SignatureAlgorithm,
} from '../../ground/der/certificate.js';
import { attributesOf } from '../../ground/der/cms.js';
import { type Bytes, joined, Malformed, same } from '../../ground/der/der.js';
import { readSignedPdf, type SignedPdf } from './pdf-signed.js';

export interface Proof {
  sha256(data: Bytes): Promise<Bytes> | Bytes;
  /** @param publicKey SubjectPublicKeyInfo; @param signature ECDSA as DER */
  verify(publicKey: Bytes, algorithm: SignatureAlgorithm, signature: Bytes, data: Bytes): Promise<boolean> | boolean;
  issued(certificate: Certificate, issuer: Certificate): Promise<boolean> | boolean;
  /** zlib, RFC 1950; at most `limit` bytes. */
  inflate(data: Bytes, limit: number): Promise<Bytes> | Bytes;
}

/**
 * - `form`: the file is written as reports are, in one go, and its signature covers all of it.
 * - `digest`: its bytes are those that were signed.
 * - `signature`: the certificate's key signed them.
 * - `certificate`: the certificate may sign documents, was in force at the time of signing, and a trusted CA issued it.
 * - `model`: the attached model is whole; each section has its digest.
 */
export const STEPS = ['form', 'digest', 'signature', 'certificate', 'model'] as const;
export type Step = (typeof STEPS)[number];

export interface PdfCheck {
  readonly ok: boolean;
  /** Steps that were not come to are absent. */
  readonly steps: Readonly<Partial<Record<Step, boolean>>>;
  /** Why not, in English, for the first step that fails; holds nothing of the report. */
  readonly fault?: string;
  readonly signer?: { readonly name: string; readonly sha256: Bytes; readonly certificate: Bytes };
  /** ms since 1970, as the signer says: PAdES B-B has no time stamp of another. */
  readonly signedAt?: number;
  readonly code?: string;
  /** The attached model, once everything before it holds. */
  readonly model?: unknown;
}

const MODEL_LIMIT = 256 * 1_048_576;

/** Why this chain does not make the first certificate a signer of documents; undefined if it does. */
async function chainFault(
  chain: SignedPdf['parsed'],
  anchors: readonly Certificate[],
  at: number,
  proof: Proof,
): Promise<string | undefined> {
  const [signer] = chain;
  if (signer.ca || !signer.usages.digitalSignature || signer.purposes?.includes(DOCUMENT_SIGNING) !== true)
    return 'the certificate is not one for signing documents';
  const inForce = (one: Certificate): boolean => one.notBefore <= at && at < one.notAfter + 1000;
  for (const [i, certificate] of chain.entries()) {
    if (!inForce(certificate)) return 'a certificate was not in force at the time of signing';
    const mayIssue = (one: Certificate): boolean =>
      one.ca && one.usages.keyCertSign && one.pathLength >= i && same(one.subject, certificate.issuer);
    const issuer = chain[i + 1];
    if (issuer !== undefined) {
      if (!mayIssue(issuer) || !(await proof.issued(certificate, issuer)))
        return 'a certificate was not issued by the one behind it';
      continue;
    }
    for (const anchor of anchors)
      if (mayIssue(anchor) && inForce(anchor) && (await proof.issued(certificate, anchor))) return undefined;
    return 'no trusted CA issued the certificate';
  }
  return 'no trusted CA issued the certificate';
}

/**
 * True if a text is canonical JSON: keys in order, and no other way of writing it. Then a part of it is written anew by
 * JSON.stringify.
 */
function parseCanonical(text: string): unknown {
  const value = JSON.parse(text, (_, member: unknown) => {
    if (typeof member === 'object' && member !== null && !Array.isArray(member)) {
      const keys = Object.keys(member);
      if (keys.some((key, i) => i > 0 && (keys[i - 1] ?? '') >= key))
        throw new Malformed('the attached model is not canonical');
    }
    return member;
  }) as unknown;
  if (JSON.stringify(value) !== text) throw new Malformed('the attached model is not canonical');
  return value;
}

const bytesOf = (base64url: string): Bytes =>
  Uint8Array.from(atob(base64url.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));

interface Section {
  readonly subject: number;
  readonly domain: number;
  readonly salt: string;
  readonly digest: string;
}
interface Model {
  readonly format: string;
  readonly subjects: readonly unknown[];
  readonly domains: readonly unknown[];
  readonly sections: readonly Section[];
}

/** A document about sharing: what was approved, with its digest. */
interface SharingModel {
  readonly format: 'yitong-sharing/1';
  readonly digest: string;
  readonly paper: unknown;
}
const isSharing = (model: { readonly format: string }): model is SharingModel => model.format === 'yitong-sharing/1';

/** Why the model does not hold; undefined if it does. */
async function modelFault(model: Model | SharingModel, proof: Proof): Promise<string | undefined> {
  if (isSharing(model)) {
    const found = await proof.sha256(new TextEncoder().encode(JSON.stringify(model.paper)));
    return same(found, bytesOf(model.digest)) ? undefined : 'what was approved does not have its digest';
  }
  if (model.format !== 'yitong-report/1') return 'the attached model has a format that is not known';
  if (model.sections.length !== model.subjects.length * model.domains.length)
    return 'the attached model lacks sections';
  for (const [i, { salt, digest, ...section }] of model.sections.entries()) {
    if (section.subject * model.domains.length + section.domain !== i) return 'a section is not in its place';
    const found = await proof.sha256(joined(bytesOf(salt), new TextEncoder().encode(JSON.stringify(section))));
    if (!same(found, bytesOf(digest))) return 'a section does not have its digest';
  }
  return undefined;
}

/** @param anchors DER of the CA certificates that are trusted */
export async function check(bytes: Bytes, anchors: readonly Bytes[], proof: Proof): Promise<PdfCheck> {
  const steps: Partial<Record<Step, boolean>> = {};
  let known: Omit<PdfCheck, 'ok' | 'steps'> = {};
  const ended = (step: Step, fault: string | undefined): PdfCheck | undefined => {
    steps[step] = fault === undefined;
    return fault === undefined ? undefined : { ok: false, steps, fault, ...known };
  };
  const why = (error: unknown): string => (error instanceof Malformed ? error.message : 'it cannot be read');
  let signed: SignedPdf;
  try {
    signed = readSignedPdf(bytes);
  } catch (error) {
    steps.form = false;
    return { ok: false, steps, fault: why(error) };
  }
  steps.form = true;
  let step: Step = 'digest';
  try {
    const { parsed, covered, algorithm, signature, signedAt, code } = signed;
    const [signer] = parsed;
    const digests: Bytes[] = [];
    for (const { raw } of parsed) digests.push(await proof.sha256(raw));
    const failed =
      ended(
        'digest',
        same(await proof.sha256(joined(...covered)), signed.messageDigest)
          ? undefined
          : 'the bytes are not those that were signed',
      ) ??
      ended(
        (step = 'signature'),
        digests.every((digest, i) => same(digest, signed.certificateDigests[i] ?? Uint8Array.of())) &&
          signer.keyAlgorithm === algorithm &&
          (await proof.verify(signer.publicKey, algorithm, signature, attributesOf(signed)))
          ? undefined
          : "the signature is not that of the certificate's key",
      );
    if (failed !== undefined) return failed;
    step = 'certificate';
    known = {
      signer: { name: signer.name, sha256: digests[0] ?? Uint8Array.of(), certificate: signer.raw },
      signedAt,
      code,
    };
    const untrusted = ended(step, await chainFault(parsed, anchors.map(readCertificate), signedAt, proof));
    if (untrusted !== undefined) return untrusted;
    step = 'model';
    const model = parseCanonical(
      new TextDecoder('utf-8', { fatal: true }).decode(await proof.inflate(signed.model, MODEL_LIMIT)),
    ) as Model | SharingModel;
    return ended(step, await modelFault(model, proof)) ?? { ok: true, steps, ...known, model };
  } catch (error) {
    steps[step] = false;
    return { ok: false, steps, fault: why(error), ...known };
  }
}
