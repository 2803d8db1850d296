/** Whether a backup is what its manifest says, byte for byte, and its log verifies; from its files alone. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { type ErrorCode, YitongError } from '../../../contracts/errors.js';
import { verifyLog } from '../../log/verify/verify.js';
import { FILES, MANIFEST, type Manifest, readManifest } from './manifest.js';
import { filesBelow } from './walk.js';

interface CheckedBackup {
  readonly manifest: Manifest;
  /** Entries of the log that were verified; 0 where there is none. */
  readonly verified: number;
}

/** Files named in a message. */
const NAMED = 5;

function fail(code: ErrorCode, what: string, paths: readonly string[]): never {
  throw new YitongError(
    code,
    `${what}: ${paths
      .slice(0, NAMED)
      .map((path) => `\`${path}\``)
      .join(', ')}${paths.length > NAMED ? ` and ${paths.length - NAMED} more` : ''}`,
  );
}

/** Hexadecimal SHA-256 of a file, read in pieces. */
async function digestOf(file: string, onBytes?: (bytes: number) => void): Promise<string> {
  const hash = createHash('sha256');
  const handle = await open(file, 'r');
  try {
    const buffer = Buffer.allocUnsafe(1 << 20);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, bytesRead));
      onBytes?.(bytesRead);
    }
  } finally {
    await handle.close();
  }
}

/**
 * Reads all of it and writes nothing.
 * @throws YitongError `backup_manifest`, `backup_format`, `backup_file_missing`, `backup_file_surplus`,
 * `backup_damaged`; `log_invalid` if the log in it does not verify
 */
export async function checkBackup(
  backup: string,
  onProgress?: (bytes: number, of: number) => void,
): Promise<CheckedBackup> {
  const manifest = readManifest(backup);
  const found = new Map(filesBelow(backup).map((file) => [file.path, file]));
  found.delete(MANIFEST);
  const wanted = new Map(manifest.files.map((file) => [`${FILES}/${file.path}`, file]));
  const missing = [...wanted.keys()].filter((path) => !found.has(path));
  if (missing.length > 0) fail('backup_file_missing', 'files of the backup are missing', missing);
  const surplus = [...found.keys()].filter((path) => !wanted.has(path));
  if (surplus.length > 0) fail('backup_file_surplus', 'the backup has files that its manifest does not know', surplus);
  const resized = [...wanted].filter(([path, file]) => found.get(path)?.bytes !== file.bytes).map(([path]) => path);
  if (resized.length > 0) fail('backup_damaged', 'files of the backup are longer or shorter than they were', resized);
  const total = manifest.files.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  const damaged: string[] = [];
  for (const [path, { sha256 }] of wanted)
    if ((await digestOf(join(backup, path), (bytes) => onProgress?.((done += bytes), total))) !== sha256)
      damaged.push(path);
  if (damaged.length > 0) fail('backup_damaged', 'files of the backup are not what they were', damaged);
  if (manifest.log === undefined) return { manifest, verified: 0 };

  const dataDir = join(backup, FILES);
  const report = await verifyLog({ logDir: join(dataDir, 'log'), dataDir });
  if (!report.ok)
    throw new YitongError('log_invalid', `the log in the backup does not verify: ${report.fault ?? 'unknown'}`);
  const { size, root, origin } = manifest.log;
  if (report.size !== size || (size > 0 && (report.root !== root || report.origin !== origin)))
    throw new YitongError('log_invalid', 'the log in the backup is another than its manifest says');
  return { manifest, verified: size };
}
