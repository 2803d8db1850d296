/**
 * Key schemes of a workspace: those that are built in, and those that it or what it extends declares in
 * `contracts/subjects/<id>.json`.
 */
import { YitongError } from '../errors.js';
import { contentFiles, readJson } from '../files.js';
import { loadKeySchemes } from '../subjects.js';
import type { KeyScheme } from '../types.js';
import { compileScheme } from './compile.js';
import { checkDeclaration, type Declaration } from './declaration.js';

const ID = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
const MAX_ID = 40;
/** Keys that are made and read again. */
const MADE = 100;

/**
 * What the vectors and the scheme's own keys show to be otherwise than declared; undefined where all is as declared.
 */
function wrongVector(scheme: KeyScheme, { kind, vectors }: Declaration): string | undefined {
  for (const [at, vector] of vectors.valid.entries()) {
    const { input, key } = typeof vector === 'string' ? { input: vector, key: vector } : vector;
    const parsed = scheme.parse(input);
    if (!parsed.ok) return `valid vector ${at + 1} is refused: it ${parsed.reason} [${parsed.code}]`;
    if (parsed.key !== key) return `valid vector ${at + 1} becomes another key than is declared`;
    const again = scheme.parse(parsed.key);
    if (!again.ok || again.changed) return `the key of valid vector ${at + 1} is not in normal form`;
  }
  for (const [at, { input, code }] of vectors.invalid.entries()) {
    const parsed = scheme.parse(input);
    if (parsed.ok) return `invalid vector ${at + 1} is accepted`;
    if (parsed.code !== code) return `invalid vector ${at + 1} is refused as \`${parsed.code}\`, not as \`${code}\``;
  }
  if (kind === 'checked' && !vectors.invalid.some(({ code }) => code === 'bad_check_digit'))
    return 'a scheme with checks shows in an invalid vector one that does not satisfy them (`bad_check_digit`)';
  for (let n = 0; n < MADE; n++) {
    const key = scheme.make(n);
    const parsed = scheme.parse(key);
    if (!parsed.ok || parsed.changed) return 'a key that is made is not in normal form';
  }
  return undefined;
}

/** A declaration whose vectors hold. @throws YitongError `bad_workspace` with the file */
export function declaredScheme(id: string, content: unknown, file: string): KeyScheme {
  const place = { file };
  const refuse = (what: string): never => {
    throw new YitongError('bad_workspace', what, { place });
  };
  const declaration = checkDeclaration(content, place);
  const scheme = compileScheme(id, declaration, refuse);
  const wrong = wrongVector(scheme, declaration);
  return wrong === undefined ? scheme : refuse(wrong);
}

/**
 * @throws YitongError `bad_workspace` naming the file: no declaration, a vector that fails, the name of a scheme that
 * is built in
 */
export async function loadSchemes(layers: readonly string[]): Promise<ReadonlyMap<string, KeyScheme>> {
  const schemes = new Map(await loadKeySchemes());
  const builtIn = new Set(schemes.keys());
  for (const { name, path } of await contentFiles(layers, 'contracts/subjects', '.json', 1)) {
    const id = name.slice(0, -'.json'.length);
    if (!ID.test(id) || id.length > MAX_ID)
      throw new YitongError(
        'bad_workspace',
        `a key scheme is named in small letters, digits and single hyphens, at most ${MAX_ID} characters`,
        { place: { file: path } },
      );
    if (builtIn.has(id))
      throw new YitongError('bad_workspace', `\`${id}\` is built in and cannot be declared anew`, {
        place: { file: path },
      });
    schemes.set(id, declaredScheme(id, await readJson(path, 'bad_workspace'), path));
  }
  return schemes;
}
