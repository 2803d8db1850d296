/**
 * A bank that has nothing of ours: the reference implementation of SD-JWT in Python, by the text of
 * docs/credentials.md.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { packageRoot } from '../../../gateway/ground/files/places.js';
import { pythonForTest } from '../../support/python.js';

const RUN = `
import sys
given = json.loads(sys.stdin.read())
try:
    asked = [given[name] for name in ("presentation", "nonce", "audience", "domains")]
    verified = verify(*asked, given["published"].__getitem__, given["now"])
    json.dump(verified, sys.stdout, ensure_ascii=False)
except Exception as error:
    sys.exit(f"{type(error).__name__}: {error}")
`;

export interface Foreign {
  readonly presentation: string;
  readonly nonce: string;
  readonly audience: string;
  readonly domains: readonly string[];
  /** What its addresses give. */
  readonly published: Readonly<Record<string, string>>;
  /** Seconds since 1970. */
  readonly now: number;
}

/** Undefined where there is no such Python. @param issuer whom it trusts */
export function foreignVerifier(
  t: Test,
  issuer: string,
):
  | ((given: Foreign) => { readonly status: number | null; readonly stdout: string; readonly stderr: string })
  | undefined {
  const python = pythonForTest(t, 'sd_jwt', 'sd-jwt');
  if (python === undefined) return undefined;
  const example =
    /```python\n(.*?)```/s.exec(readFileSync(join(packageRoot(), 'docs/credentials.md'), 'utf8'))?.[1] ?? '';
  const script = join(t.testdir(), 'verify.py');
  writeFileSync(script, example.replace(/^ISSUER = .*$/m, `ISSUER = ${JSON.stringify(issuer)}`) + RUN);
  return (given) => spawnSync(python, [script], { input: JSON.stringify(given), encoding: 'utf8', timeout: 60_000 });
}
