/**
 * Our log before verifiers that were not written here: the Go program in `foreign/`. Short in the tests; `node
 * dist/test/log/foreign-full.js` takes every entry and 1,000 flips.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../gateway/ground/files/places.js';
import { auditLayout } from '../../gateway/log/entries/layout.js';
import { signCheckpoint } from '../../gateway/log/proof/checkpoint.js';
import type { WitnessPolicy } from '../../gateway/log/proof/cosignature.js';
import { consistencyProof, EMPTY_ROOT, inclusionProof } from '../../gateway/log/proof/merkle.js';
import { parseNote, signatureLine } from '../../gateway/log/proof/note.js';
import { formatProof } from '../../gateway/log/proof/proof.js';
import { tilePath, tileWidth } from '../../gateway/log/proof/tiles.js';
import { ephemeralSigner } from '../../gateway/log/store/signer.js';
import { verifyLog } from '../../gateway/log/verify/verify.js';
import { fill, sequencerOf, signersOf } from './filled.js';
import { entry, tree } from './trees.js';
import { runWitness } from './witnesses.js';

/** The Go that the modules need. */
const GO = [1, 25] as const;

/** Why the program cannot be built here; undefined if it can. */
export function goMissing(): string | undefined {
  const { stdout, error } = spawnSync('go', ['version'], { encoding: 'utf8' });
  const [, major = '0', minor = '0'] = /go(\d+)\.(\d+)/.exec(error === undefined ? stdout : '') ?? [];
  if (Number(major) > GO[0] || (Number(major) === GO[0] && Number(minor) >= GO[1])) return undefined;
  return `needs Go ${GO.join('.')} or newer${error === undefined ? `; this is ${major}.${minor}` : ''}`;
}

/**
 * Builds the program into `dir`; its path.
 * @param module folder of its go.mod in the clone
 * @throws Error with what the compiler said
 */
export function buildForeign(dir: string, module = 'test/log/foreign'): string {
  const binary = join(dir, 'foreign');
  const { status, stderr } = spawnSync('go', ['build', '-mod=readonly', '-o', binary, '.'], {
    cwd: join(packageRoot(), module),
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return binary;
}

/** Runs a command of it over JSON lines; the JSON lines that it answers. @throws Error with what it says is wrong */
export async function runForeign(
  binary: string,
  args: readonly string[],
  lines: Iterable<unknown>,
): Promise<unknown[]> {
  const child = spawn(binary, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (part: Buffer) => (stderr += part.toString()));
  child.stdin.on('error', () => undefined); // it ended before it read all: its exit says why
  const answers: unknown[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => answers.push(JSON.parse(line)));
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  for (const line of lines)
    if (!child.stdin.write(`${JSON.stringify(line)}\n`))
      await Promise.race([new Promise((resolve) => child.stdin.once('drain', resolve)), ended]);
  child.stdin.end();
  if ((await ended) !== 0) throw new Error(stderr);
  return answers;
}

const at = (list: readonly Buffer[], n: number): Buffer => list[n] ?? EMPTY_ROOT;
const base64 = (bytes: Buffer | string): string => Buffer.from(bytes).toString('base64');

/**
 * Proofs of ours at each size from 1 to `upTo`: inclusion of every `every`-th entry and of the first and last,
 * consistency from every `every`-th size and from the two sizes next to it.
 */
export async function foreignCases(binary: string, upTo: number, every: number): Promise<unknown> {
  const log = ephemeralSigner('log.test/cases');
  const grown = tree(upTo);
  function* cases(): Generator<unknown> {
    for (let size = 1; size <= upTo; size++) {
      const checkpoint = signCheckpoint({ origin: log.name, size, root: at(grown.roots, size) }, [log]);
      const node = grown.nodesAt(size);
      const indexes = new Set([0, size - 1]);
      for (let i = size % every; i < size; i += every) indexes.add(i);
      const olds = new Set([1, Math.max(1, size - 1), size]);
      for (let old = 1 + (size % every); old <= size; old += every) olds.add(old);
      yield {
        checkpoint: base64(checkpoint),
        receipts: [...indexes].map((index) => ({
          entry: base64(entry(index)),
          proof: base64(formatProof({ index, path: inclusionProof(index, size, node), checkpoint })),
        })),
        grown: [...olds].map((old) => ({
          old,
          root: base64(at(grown.roots, old)),
          proof: consistencyProof(old, size, node).map(base64),
        })),
      };
    }
  }
  return (await runForeign(binary, ['cases', log.vkey], cases()))[0];
}

export interface PublishedLog {
  readonly data: string;
  readonly logDir: string;
  readonly vkey: string;
  readonly policy: WitnessPolicy;
  readonly size: number;
}

/** A log of `size` entries that went through journal and sequencer, cosigned by two witnesses. */
export async function publishLog(dir: string, size: number): Promise<PublishedLog> {
  const data = join(dir, `log-${size}`);
  for (let done = 0; done < size; done += 10_000) await fill(data, Math.min(10_000, size - done), 'w1', done);
  const { log } = signersOf(data);
  const witnesses = await Promise.all(
    ['w1', 'w2'].map((name) => runWitness(join(dir, `witnesses-${size}`), name, log)),
  );
  // one run, so that each tile that stands there is one that the checkpoint asks for
  const sequencer = sequencerOf(data, {
    batch: size,
    witnesses: { witnesses: witnesses.map(({ address }) => address), required: 2 },
  });
  await sequencer.runOnce();
  await sequencer.stop(30_000);
  for (const one of witnesses) await one.stop();
  return {
    data,
    logDir: auditLayout(data).log,
    vkey: log.vkey,
    policy: { witnesses: witnesses.map(({ cosigner }) => cosigner), required: 2 },
    size,
  };
}

interface Replacement {
  readonly path: string;
  readonly bytes: string;
}

/** One flipped bit each, in turn in a tile, a bundle, the checkpoint's text, and a decoded signature line of it. */
export function flips(log: PublishedLog, count: number): Replacement[] {
  let seed = 20_261_124;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const flip = (bytes: Buffer): Buffer => {
    const changed = Buffer.from(bytes);
    const place = random(changed.length);
    changed[place] = (changed[place] ?? 0) ^ (1 << random(8));
    return changed;
  };
  const note = parseNote(readFileSync(join(log.logDir, 'checkpoint')));
  const tiles: string[] = [];
  const bundles: string[] = [];
  for (let level = 0; tileWidth(level, 0, log.size) > 0; level++) {
    for (let index = 0, width = tileWidth(level, 0, log.size); width > 0; width = tileWidth(level, ++index, log.size)) {
      tiles.push(tilePath(level, index, width));
      if (level === 0) bundles.push(tilePath('entries', index, width));
    }
  }
  const whole = (text: Buffer, lines: readonly string[]): string =>
    base64(Buffer.concat([text, Buffer.from(`\n${lines.join('')}`)]));
  return Array.from({ length: count }, (_, n): Replacement => {
    const pick = (list: readonly string[]): string => list[random(list.length)] ?? '';
    if (n % 4 < 2) {
      const path = pick(n % 4 === 0 ? tiles : bundles);
      return { path, bytes: base64(flip(readFileSync(join(log.logDir, path)))) };
    }
    const lines = note.signatures.map(signatureLine);
    if (n % 4 === 2) return { path: 'checkpoint', bytes: whole(flip(Buffer.from(note.text)), lines) };
    const which = random(note.signatures.length);
    lines[which] =
      lines[which]?.replace(
        /(— \S+ )(\S+)/,
        (_all, name: string, signature: string) => name + flip(Buffer.from(signature, 'base64')).toString('base64'),
      ) ?? '';
    return { path: 'checkpoint', bytes: whole(Buffer.from(note.text), lines) };
  });
}

/** How many of the replacements the two find: the Go program, and `verifyLog` from the published files. */
export async function foreignLog(
  binary: string,
  log: PublishedLog,
  proofs: number,
  replaced: readonly Replacement[],
): Promise<{ readonly theirs: unknown; readonly ours: number }> {
  const theirs = (
    await runForeign(
      binary,
      ['log', log.logDir, String(proofs), log.vkey, '2', ...log.policy.witnesses.map(({ vkey }) => vkey)],
      replaced,
    )
  )[0];
  let ours = 0;
  for (const { path, bytes } of replaced) {
    const file = join(log.logDir, path);
    const kept = readFileSync(file);
    writeFileSync(file, Buffer.from(bytes, 'base64'));
    if (!(await verifyLog({ logDir: log.logDir, vkey: log.vkey, witnesses: log.policy })).ok) ours++;
    writeFileSync(file, kept);
  }
  return { theirs, ours };
}
