/** Where the audit log stands in a data folder. `log/` is published; everything else is access-controlled (0700). */
import { join } from 'node:path';

export interface AuditLayout {
  /** One folder a journal: `journal/<journal id>/`. */
  readonly journals: string;
  /** Copies of other replicas' journals: `mirrors/<replica>/<journal id>/`. */
  readonly mirrors: string;
  /** Who sequences the log: a folder of versions. */
  readonly epoch: string;
  /** `checkpoint`, `vkey`, `tile/…`: what the world may read. `checkpoint` is cosigned where witnesses are required. */
  readonly log: string;
  /** Subject keys, and the secret of the look-up. */
  readonly subjectKeys: string;
  /** Bodies and salts by log index. */
  readonly bodies: string;
  /** (journal, seq) → log index. */
  readonly index: string;
  /** Blocks of the search index: a copy, made again from bodies and log. */
  readonly search: string;
  /** What the watching rules found, and how far they have read. */
  readonly alerts: string;
  /** The sequencer's commit point: a folder of versions. */
  readonly state: string;
  /** What a run adds, whole, until its files are on disk. */
  readonly staged: string;
  /** A run of the log that was not committed so far, as replicas send it to each other. */
  readonly pending: string;
  /**
   * The newest checkpoint that the log's signer signed and whose tiles and bodies are all in place; cosigned by nobody
   * yet.
   */
  readonly complete: string;
  /** One sequencer at a time. */
  readonly lock: string;
  /** How far erasures that the log orders are carried out. */
  readonly erasures: string;
  /** One file for each sequencer that puts a run in its place just now, named after its process. */
  readonly writing: string;
  /** Signing keys of the log and of this replica. */
  readonly keys: string;
}

export function auditLayout(dataDir: string): AuditLayout {
  const audit = join(dataDir, 'audit');
  return {
    journals: join(dataDir, 'journal'),
    mirrors: join(dataDir, 'mirrors'),
    epoch: join(audit, 'epoch'),
    log: join(dataDir, 'log'),
    subjectKeys: join(audit, 'keys'),
    bodies: join(audit, 'bodies'),
    index: join(audit, 'index'),
    search: join(audit, 'search'),
    alerts: join(audit, 'alerts'),
    state: join(audit, 'state'),
    staged: join(audit, 'staged'),
    pending: join(audit, 'pending'),
    complete: join(audit, 'checkpoint'),
    lock: join(audit, 'sequencer.lock'),
    erasures: join(audit, 'erasures'),
    writing: join(audit, 'writing'),
    keys: join(dataDir, 'keys'),
  };
}
