/** A CA, a signer of documents, and the programs of others that read what it signed. */
import { execFileSync, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { ReportModel } from '../../../gateway/documents/model/model.js';
import { renderPdf } from '../../../gateway/documents/pdf/index.js';
import type { Pdf } from '../../../gateway/documents/pdf/options.js';
import { type DocumentSigner, openDocumentSigner } from '../../../gateway/documents/pdf/signer.js';
import { initPki, issueDocumentSigner } from '../../../gateway/operate/pki/authority.js';
import { thisSecond } from '../../support/clock.js';
import { missingHere } from '../../support/missing.js';

export const CODE = '7KQ4-M2XD-9RTB';
export const URL_OF_CODE = `https://verify.yunzhou.example/verify/${CODE}`;
export const SIGNER = '云州市公共信用信息中心';

export interface Office {
  /** Folder of its CA. */
  readonly pki: string;
  readonly ca: X509Certificate;
  readonly caFile: string;
  readonly sign: DocumentSigner;
  /**
   * Its one clock: when the certificates were made, and what it issues is signed unless told otherwise. Whole seconds,
   * as a document has them.
   */
  readonly now: Date;
  issue(model: ReportModel, at?: Date): Promise<Pdf>;
}

/** @param now default: the real time; what a program of others judges by its own clock must have been made then */
export async function office(
  dir: string,
  { rsa = false, now = thisSecond() }: { readonly rsa?: boolean; readonly now?: Date } = {},
): Promise<Office> {
  const pki = join(dir, 'pki');
  await initPki(pki, { now });
  await issueDocumentSigner(pki, SIGNER, { rsa, now });
  const caFile = join(pki, 'ca.pem');
  const sign = openDocumentSigner(join(pki, 'documents'));
  return {
    pki,
    ca: new X509Certificate(readFileSync(caFile)),
    caFile,
    sign,
    now,
    issue: (model, at = now) => renderPdf(model, { code: CODE, url: URL_OF_CODE, sign, at }),
  };
}

/** True if the program is here; otherwise the test is skipped by name, and fails in CI. */
export function programForTest(t: Test, program: string, packageName: string): boolean {
  if (spawnSync(program, ['--version']).error === undefined) return true;
  missingHere(t, `${program}: not installed here (${packageName})`);
  return false;
}

/** Writes the document where programs find it. */
export function saved(dir: string, bytes: Uint8Array): string {
  mkdirSync(dir, { recursive: true });
  const file = join(dir, 'report.pdf');
  writeFileSync(file, bytes);
  return file;
}

export const run = (program: string, ...args: readonly string[]): string =>
  execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 28 });

/** Each page as a picture of 150 dpi; files in the pages' order. */
export function pictures(dir: string, file: string): readonly string[] {
  run('pdftoppm', '-r', '150', '-png', file, join(dir, 'page'));
  return readdirSync(dir)
    .filter((name) => name.endsWith('.png'))
    .sort()
    .map((name) => join(dir, name));
}
