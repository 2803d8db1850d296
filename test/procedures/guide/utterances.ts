/** Sentences of `utterances.txt` with where each has to lead; `-`: nowhere. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../gateway/ground/files/places.js';

export interface Utterance {
  readonly says: string;
  readonly wants: string;
}

export const ELSEWHERE = '-';

export function utterances(): readonly Utterance[] {
  const file = join(packageRoot(), 'test', 'procedures', 'guide', 'utterances.txt');
  const found: Utterance[] = [];
  let wants = '';
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line.startsWith('## ')) wants = line.slice(3).trim();
    else if (line !== '' && !line.startsWith('#')) found.push({ says: line, wants });
  }
  return found;
}
