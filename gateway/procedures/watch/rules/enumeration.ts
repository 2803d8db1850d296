/** A client goes through keys: many different subjects of which few are on record, or one close above the other. */
import { MINUTE, Recent } from '../recent.js';
import { NAMED, watchRule } from '../rule.js';

interface Run {
  direction: number;
  entries: number[];
  length: number;
  last: number;
}

export default watchRule({
  title: { zh: '枚举主体', en: 'enumeration of subjects' },
  advice: {
    zh: '该应用在短时间内查询大量主体且多数无记录，或按号码顺序逐个查询，像是在试号。建议暂停其授权并核实。',
    en:
      'The client asked about many subjects most of which have no records, or about one key after the other: it ' +
      'looks as if it tried numbers. Suspend its grants and ask.',
  },
  thresholds: {
    subjects: { default: 200, minimum: 2, describe: 'different subjects' },
    missing: { default: 0.5, minimum: 0, describe: 'share of them without any record' },
    sequence: {
      default: 20,
      minimum: 3,
      describe: 'queries one after the other, each key close above (or below) the one before',
    },
    minutes: { default: 60, minimum: 1, describe: 'within so many minutes' },
  },
  window: ({ minutes }) => minutes * MINUTE,
  start: ({ subjects, minutes }) => ({
    subjects: new Recent(minutes * MINUTE, 5 * subjects),
    runs: new Map<string, Run>(),
  }),
  see(state, access, { subjects, missing, sequence, minutes }) {
    const { client, subject, answered, found, step, time, index } = access;
    if (subject === undefined) return undefined;
    const window = minutes * MINUTE;
    const period = Math.floor(time / window) * window;
    const run = state.runs.get(client);
    if (step !== 0 && run?.direction === step && time - run.last <= window) {
      run.length++;
      run.last = time;
      run.entries.push(index);
      if (run.entries.length > NAMED) run.entries.shift();
      if (run.length === sequence)
        return {
          key: `${client} sequence`,
          period,
          client,
          facts: { sequence: run.length, minutes },
          entries: [...run.entries],
        };
    } else {
      // a run begins with the query before its first step
      const before = step === 0 || run === undefined ? [] : run.entries.slice(-1);
      state.runs.set(client, { direction: step, entries: [...before, index], length: before.length + 1, last: time });
    }
    if (!answered) return undefined;
    const many = state.subjects.crosses(
      client,
      subject,
      access,
      ({ size, flagged }) => size >= subjects && flagged >= missing * size,
      !found,
    );
    return many === undefined
      ? undefined
      : {
          key: `${client} missing`,
          period,
          client,
          facts: { subjects: many.size, missing: many.flagged, minutes },
          entries: many.entries(NAMED),
        };
  },
});
