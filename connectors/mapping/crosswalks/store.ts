/**
 * What a crosswalk dataset ties together, in one LMDB file (`<data>/crosswalks/<dataset>.<field>.mdb`, readable by its
 * owner only): legacy identifier → subjects. Identifiers and records stand in it as keyed hashes only; subjects, which
 * are the answer, in clear.
 */
import { createHmac } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, type Env, openEnv } from '../../lmdb/env.js';
import { refuseDamaged } from '../../lmdb/file.js';

/** One record of the crosswalk's topic; without `legacy` and `subject` it ties nothing (any more). */
export interface Tie {
  readonly partition: number;
  readonly offset: number;
  readonly record: string;
  readonly legacy: string | undefined;
  readonly subject: string | undefined;
}

type Found =
  | { readonly kind: 'one'; readonly subject: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'several' };

const HASH = 32;

export class CrosswalkStore {
  private constructor(
    private readonly env: Env<unknown, string>,
    /** Hash of the identifier, then of the record → subject. */
    private readonly links: Database<string, string>,
    /** Hash of the record → hash of the identifier that it ties. */
    private readonly records: Database<string, string>,
    private readonly secret: Buffer,
  ) {}

  static open(dataDir: string, dataset: string, field: string, secret: Buffer): CrosswalkStore {
    const dir = join(dataDir, 'crosswalks');
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const path = join(dir, `${dataset}.${field}.mdb`);
    refuseDamaged(path, 'a crosswalk', 'remove it: it is made anew from the bus (docs/faults.md)');
    const env = openEnv<unknown, string>({ file: path, encoding: 'json', maxDbs: 4 });
    for (const file of [path, `${path}-lock`]) if (existsSync(file)) chmodSync(file, 0o600);
    const strings = (name: string): Database<string, string> => env.table<string, string>(name, { encoding: 'string' });
    return new CrosswalkStore(env, strings('links'), strings('records'), secret);
  }

  /** Of the topic that was read: everything is read anew where it is another one. */
  async follow(source: string): Promise<void> {
    if (this.env.root.get('source') === source) return;
    await this.env.write(() => {
      this.links.clearSync();
      this.records.clearSync();
      for (const key of [...this.env.root.getKeys({ start: 'next|', end: 'next}' })]) this.env.root.removeSync(key);
      this.env.root.putSync('source', source);
    });
  }

  /** The offset to read next. */
  next(partition: number): number {
    return Number(this.env.root.get(`next|${partition}`) ?? 0);
  }

  /** In one commit; what was applied before, also by another process, is passed over. */
  async apply(ties: readonly Tie[]): Promise<void> {
    await this.env.write(() => {
      for (const { partition, offset, record, legacy, subject } of ties) {
        if (offset < this.next(partition)) continue;
        const name = this.hash('record', record);
        const before = this.records.get(name);
        if (before !== undefined) this.links.removeSync(before + name);
        if (legacy === undefined || subject === undefined) this.records.removeSync(name);
        else {
          const link = this.hash('legacy', legacy);
          this.records.putSync(name, link);
          this.links.putSync(link + name, subject);
        }
        this.env.root.putSync(`next|${partition}`, offset + 1);
      }
    });
  }

  find(legacy: string): Found {
    const link = this.hash('legacy', legacy);
    let subject: string | undefined;
    for (const { value } of this.links.getRange({ start: link, end: `${link}~` })) {
      if (subject !== undefined && value !== subject) return { kind: 'several' };
      subject = value;
    }
    return subject === undefined ? { kind: 'none' } : { kind: 'one', subject };
  }

  async close(): Promise<void> {
    await this.env.close();
  }

  private hash(what: string, text: string): string {
    return createHmac('sha256', this.secret).update(`${what}|${text}`).digest('hex').slice(0, HASH);
  }
}
