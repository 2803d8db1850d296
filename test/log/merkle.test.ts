import fc from 'fast-check';
import t from 'tap';
import { openCheckpoint, signCheckpoint } from '../../gateway/log/proof/checkpoint.js';
import {
  consistencyHolds,
  consistencyProof,
  EMPTY_ROOT,
  inclusionProof,
  leafHash,
  nodeHash,
  pathInLevels,
  rootFromInclusion,
  treeLevels,
  treeRoot,
} from '../../gateway/log/proof/merkle.js';
import { openNote, parseVkey, verifierOf } from '../../gateway/log/proof/note.js';
import { formatProof, parseProof, verifyProof } from '../../gateway/log/proof/proof.js';
import { openEdge, tilePath } from '../../gateway/log/proof/tiles.js';
import { ephemeralSigner } from '../../gateway/log/store/signer.js';
import { entry, tree } from './trees.js';

/** The definition of RFC 6962 section 2.1, word for word. */
function mth(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return EMPTY_ROOT;
  const [only] = leaves;
  if (leaves.length === 1 && only !== undefined) return only;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return nodeHash(mth(leaves.slice(0, k)), mth(leaves.slice(k)));
}

const grown = tree(600);
const { nodesAt } = grown;
const leaves = Array.from({ length: 600 }, (_, n) => leafHash(entry(n)));
const hashAt = (list: readonly Buffer[], at: number): Buffer => list[at] ?? EMPTY_ROOT;

t.test('tiles give the root of RFC 6962 at every size from 0 to 600', (t) => {
  for (let size = 0; size <= 600; size++) {
    const expected = mth(leaves.slice(0, size));
    if (!hashAt(grown.roots, size).equals(expected)) t.fail(`edge at ${size}`);
    if (size > 0 && !treeRoot(size, nodesAt(size)).equals(expected)) t.fail(`tiles at ${size}`);
    if (
      size > 0 &&
      size <= 256 &&
      !(
        treeLevels(Buffer.concat(leaves.slice(0, size)))
          .at(-1)
          ?.equals(expected) ?? false
      )
    )
      t.fail(`levels at ${size}`);
  }
  t.end();
});

t.test('an edge read back from its partial tiles grows like the one that was never closed', (t) => {
  for (const size of [1, 2, 255, 256, 257, 511, 512, 513]) {
    const edge = openEdge(size, (path) => grown.files.get(path) ?? Buffer.alloc(0));
    for (let n = size; n < 600; n++) edge.append(entry(n));
    t.ok(edge.root().equals(hashAt(grown.roots, 600)), `from ${size}`);
  }
  t.end();
});

t.test('an inclusion proof holds for its leaf, and for no other leaf, place or size', (t) => {
  const size = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constantFrom(255, 256, 257, 511, 512, 513));
  fc.assert(
    fc.property(size, fc.nat(), fc.nat(255), (size, pick, bit) => {
      const index = pick % size;
      const path = inclusionProof(index, size, nodesAt(size));
      const root = hashAt(grown.roots, size);
      const leaf = hashAt(leaves, index);
      if (rootFromInclusion(index, size, leaf, path)?.equals(root) !== true) return false;
      if (
        size <= 256 &&
        !Buffer.concat(pathInLevels(treeLevels(Buffer.concat(leaves.slice(0, size))), index)).equals(
          Buffer.concat(path),
        )
      )
        return false;
      if (rootFromInclusion(index, size, hashAt(leaves, index + 1), path)?.equals(root) === true) return false;
      if (size > 1 && rootFromInclusion((index + 1) % size, size, leaf, path)?.equals(root) === true) return false;
      if (rootFromInclusion(index, size, leaf, [...path, root]) !== undefined) return false;
      if (path.length > 0) {
        const changed = path.map((hash, i) =>
          i === bit % path.length
            ? Buffer.from(hash.map((byte, at) => (at === bit % 32 ? byte ^ (1 << (bit % 8)) : byte)))
            : hash,
        );
        if (rootFromInclusion(index, size, leaf, changed)?.equals(root) === true) return false;
      }
      return true;
    }),
    { numRuns: 300 },
  );
  t.end();
});

t.test('a consistency proof holds between two sizes of one log, and for no other roots', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 300 }), (one, other) => {
      const [first, second] = one < other ? [one, other] : [other, one];
      const proof = consistencyProof(first, second, nodesAt(second));
      const firstRoot = hashAt(grown.roots, first);
      const secondRoot = hashAt(grown.roots, second);
      if (!consistencyHolds(first, second, firstRoot, secondRoot, proof)) return false;
      if (first === second || first === 0) return true;
      return (
        !consistencyHolds(first, second, hashAt(grown.roots, first - 1), secondRoot, proof) &&
        !consistencyHolds(first, second, firstRoot, firstRoot, proof) &&
        !consistencyHolds(first, second, firstRoot, secondRoot, proof.slice(1))
      );
    }),
    { numRuns: 400 },
  );
  for (const [first, second] of [
    [255, 256],
    [256, 257],
    [255, 257],
    [256, 512],
    [257, 513],
    [1, 300],
    [128, 256],
    [511, 512],
  ] as const) {
    t.ok(
      consistencyHolds(
        first,
        second,
        hashAt(grown.roots, first),
        hashAt(grown.roots, second),
        consistencyProof(first, second, nodesAt(second)),
      ),
      `${first} → ${second}`,
    );
  }
  t.end();
});

t.test('paths are written as the specification writes them', (t) => {
  t.equal(tilePath(0, 1234067), 'tile/0/x001/x234/067');
  t.equal(tilePath('entries', 0, 5), 'tile/entries/000.p/5');
  t.equal(tilePath(2, 999), 'tile/2/999');
  t.equal(tilePath(1, 1000, 255), 'tile/1/x001/000.p/255');
  t.end();
});

t.test('notes of the specification and of others are read, changed ones are refused', (t) => {
  // from the documentation of golang.org/x/mod/sumdb/note
  const known = parseVkey('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW');
  const note =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
  t.match(openNote(Buffer.from(note), [known]).text, /^If you think/);
  for (const changed of [
    note.replace('think', 'thunk'),
    note.replace('x08go', 'x08gp'),
    note.replace('— ', '- '),
    note.slice(0, -1),
    note.replace('\n\n', '\n'),
  ]) {
    t.throws(() => openNote(Buffer.from(changed), [known]), { code: 'log_invalid' });
  }
  t.throws(() => openNote(Buffer.from(note), []), { code: 'log_invalid' });
  t.throws(() => verifierOf('a b', Buffer.alloc(32)), { code: 'log_invalid' });
  t.throws(() => parseVkey(known.vkey.replace('c74f20a3', 'c74f20a4')), { code: 'log_invalid' });
  t.end();
});

t.test('a receipt proves inclusion offline', (t) => {
  const signer = ephemeralSigner('log.test/yitong');
  const size = 300;
  const checkpoint = signCheckpoint({ origin: signer.name, size, root: hashAt(grown.roots, size) }, [signer]);
  t.same(openCheckpoint(Buffer.from(checkpoint), signer.name, [signer]).size, size);
  const text = formatProof({
    index: 257,
    path: inclusionProof(257, size, nodesAt(size)),
    checkpoint,
    extra: Buffer.from('x'),
  });
  t.equal(verifyProof(text, entry(257), signer.name, [signer]).index, 257);
  t.same(parseProof(text).extra, Buffer.from('x'));
  t.equal(formatProof(parseProof(text)), text);
  t.throws(() => verifyProof(text, entry(256), signer.name, [signer]), { code: 'log_invalid' });
  t.throws(() => verifyProof(text.replace('index 257', 'index 256'), entry(257), signer.name, [signer]), {
    code: 'log_invalid',
  });
  t.throws(() => verifyProof(text, entry(257), 'log.test/other', [signer]), { code: 'log_invalid' });
  t.throws(() => verifyProof(text, entry(257), signer.name, [ephemeralSigner('log.test/yitong')]), {
    code: 'log_invalid',
  });
  t.end();
});
