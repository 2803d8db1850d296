/** Sentences with where each has to lead; `-`: nowhere. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../gateway/ground/files/places.js';

export interface Utterance {
  readonly says: string;
  readonly wants: string;
}

export const ELSEWHERE = '-';

/** @param name `utterances`, by which the guide is judged, or `tuning`, by which its thresholds were chosen */
export function utterances(name: 'utterances' | 'tuning'): readonly Utterance[] {
  const file = join(packageRoot(), 'test', 'procedures', 'guide', `${name}.txt`);
  const found: Utterance[] = [];
  let wants = '';
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line.startsWith('## ')) wants = line.slice(3).trim();
    else if (line !== '' && !line.startsWith('#')) found.push({ says: line, wants });
  }
  return found;
}
