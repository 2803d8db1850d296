/** Entries of the sequencer's own, put behind a log that stands still: what says how it goes on there. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { replaceFile } from '../../ground/files/durable.js';
import { auditLayout } from '../entries/layout.js';
import { signCheckpoint } from '../proof/checkpoint.js';
import { commitmentOf } from '../proof/journal.js';
import type { Signer } from '../proof/note.js';
import { type Edge, openEdge, type TileFile } from '../proof/tiles.js';
import { type BodyRecord, openBodies } from '../store/bodies.js';
import { publishVkey } from '../store/signer.js';
import { type JournalState, swapState } from '../store/state.js';
import { readPartial, writeTiles } from '../store/tile-files.js';

/** The right edge of the tree of a data folder. */
export const edgeAt = (dataDir: string, size: number): Edge =>
  openEdge(size, (path, bytes) => readPartial(auditLayout(dataDir).log, path, bytes));

interface Behind {
  readonly dataDir: string;
  /** The version of the state that it goes behind; 0 where there is none. */
  readonly version: number;
  readonly edge: Edge;
  /** How far journals are in the log then. */
  readonly journals: Readonly<Record<string, JournalState>>;
  /** How far they are in it before. */
  readonly before: Readonly<Record<string, JournalState>>;
  readonly signer: Signer;
  readonly origin: string;
  /** JSON texts. */
  readonly bodies: readonly string[];
}

/**
 * Nothing is published: that is the sequencer's, which may have to ask witnesses first. Nobody else may sequence
 * meanwhile.
 */
export async function putBehind({
  dataDir,
  version,
  edge,
  journals,
  before,
  signer,
  origin,
  bodies: texts,
}: Behind): Promise<void> {
  const layout = auditLayout(dataDir);
  const { size } = edge;
  const own = { journal: `sequencer-${randomBytes(4).toString('hex')}`, seq: texts.length };
  const records: BodyRecord[] = texts.map((body, i) => ({
    journal: own.journal,
    seq: i + 1,
    salt: randomBytes(32),
    body: Buffer.from(body),
  }));
  const files: TileFile[] = records.flatMap(({ salt, body }) => [...edge.append(commitmentOf(salt, body))]);
  files.push(...edge.partials());
  const bodies = openBodies(layout.bodies, layout.index);
  try {
    bodies.write(size, records);
  } finally {
    bodies.close();
  }
  await writeTiles(layout.log, files);
  const checkpoint = signCheckpoint({ origin, size: edge.size, root: edge.root() }, [signer]);
  swapState(layout.state, version, {
    version: 1,
    origin,
    size: edge.size,
    checkpoint,
    journals,
    before: { size, journals: before },
    staged: '0',
    own,
  });
  replaceFile(layout.complete, checkpoint, { mode: 0o600 });
  publishVkey(join(layout.log, 'vkey'), signer);
}
