/** Completion for shells, made of what the commands declare. */
import { optionsOf } from './arguments.js';
import type { Option } from './command.js';
import { commandNames, loadCommand, spoken } from './names.js';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];
export const isShell = (text: string): text is Shell => (SHELLS as readonly string[]).includes(text);

interface Completed {
  /** `audit search` */
  readonly name: string;
  readonly summary: string;
  readonly options: readonly (readonly [string, Option])[];
  /** Words that may stand behind the name, where they are known beforehand. */
  readonly words: readonly string[];
}

async function all(): Promise<readonly Completed[]> {
  return Promise.all(
    commandNames.map(async (name) => {
      const command = await loadCommand(name);
      return {
        name: spoken(name),
        summary: command.summary,
        options: Object.entries(optionsOf(command)),
        words: name === 'completion' ? [...SHELLS] : [],
      };
    }),
  );
}

const HEAD = 'made by `yitong completion`; make it anew after an update';
const flagsOf = ({ options }: Completed): readonly string[] =>
  options.flatMap(([name, { short }]) => [`--${name}`, ...(short === undefined ? [] : [`-${short}`])]);
const firstWords = (commands: readonly Completed[]): readonly string[] => [
  ...new Set(['help', ...commands.map(({ name }) => name.split(' ')[0] ?? name)]),
];
/** First word → the second words that may follow it. */
function families(commands: readonly Completed[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { name } of commands) {
    const [first = '', second] = name.split(' ');
    if (second !== undefined) found.set(first, [...(found.get(first) ?? []), second]);
  }
  return found;
}
/** Flags that take one of a few words, over all commands. */
function choices(commands: readonly Completed[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const { options } of commands)
    for (const [name, { values, short }] of options)
      if (values !== undefined)
        for (const flag of [`--${name}`, ...(short === undefined ? [] : [`-${short}`])]) found.set(flag, values);
  return found;
}
/** Flags that take a value: behind them comes a file, or what only the user knows. */
const valued = (commands: readonly Completed[]): readonly string[] => [
  ...new Set(
    commands.flatMap(({ options }) =>
      options.flatMap(([name, { type, short }]) =>
        type === 'string' ? [`--${name}`, ...(short === undefined ? [] : [`-${short}`])] : [],
      ),
    ),
  ),
];

function bash(commands: readonly Completed[]): string {
  const family = families(commands);
  return `# bash completion of yitong; ${HEAD}
_yitong() {
  local cur prev name
  cur="\${COMP_WORDS[COMP_CWORD]}"
  prev="\${COMP_WORDS[COMP_CWORD-1]}"
  COMPREPLY=()
  local first="\${COMP_WORDS[1]}" at=1
  [ "$first" = help ] && at=2 && first="\${COMP_WORDS[2]}"
  if [ "$COMP_CWORD" -le "$at" ]; then
    COMPREPLY=($(compgen -W "${firstWords(commands).join(' ')} --help --version" -- "$cur"))
    return
  fi
  case "$prev" in
${[...choices(commands)]
  .map(([flag, values]) => `    ${flag}) COMPREPLY=($(compgen -W "${values.join(' ')}" -- "$cur")); return ;;`)
  .join('\n')}
    ${valued(commands)
      .filter((flag) => !choices(commands).has(flag))
      .join('|')}) COMPREPLY=($(compgen -f -- "$cur")); compopt -o filenames 2>/dev/null; return ;;
  esac
  name="$first"
  case "$first" in
${[...family]
  .map(
    ([first, seconds]) => `    ${first})
      if [ "$COMP_CWORD" -eq $((at + 1)) ] && [[ "$cur" != -* ]]; then
        COMPREPLY=($(compgen -W "${seconds.join(' ')}" -- "$cur"))
        return
      fi
      case "\${COMP_WORDS[at + 1]}" in ${seconds.join('|')}) name="$first \${COMP_WORDS[at + 1]}" ;; esac
      ;;`,
  )
  .join('\n')}
  esac
  if [[ "$cur" == -* ]]; then
    case "$name" in
${commands
  .map((command) => `      "${command.name}") COMPREPLY=($(compgen -W "${flagsOf(command).join(' ')}" -- "$cur")) ;;`)
  .join('\n')}
    esac
    return
  fi
  case "$name" in
${commands
  .filter(({ words }) => words.length > 0)
  .map(({ name, words }) => `    "${name}") COMPREPLY=($(compgen -W "${words.join(' ')}" -- "$cur")); return ;;`)
  .join('\n')}
  esac
  COMPREPLY=($(compgen -f -- "$cur"))
  compopt -o filenames 2>/dev/null
}
complete -F _yitong yitong
`;
}

/** In single quotes. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
/** Of `_describe`, where a colon ends the word. */
const described = (word: string, text: string): string => quoted(`${word.replaceAll(':', '\\:')}:${text}`);
/** An option by its long and its short name. */
const describedFlags = ([name, { describe, short }]: Completed['options'][number]): readonly string[] => [
  described(`--${name}`, describe),
  ...(short === undefined ? [] : [described(`-${short}`, describe)]),
];

function zsh(commands: readonly Completed[]): string {
  const family = families(commands);
  const summary = new Map(commands.map(({ name, summary: text }) => [name, text]));
  return `#compdef yitong
# zsh completion of yitong; ${HEAD}
_yitong() {
  local at=2 first name
  first=$words[2]
  if [[ $first == help ]]; then at=3; first=$words[3]; fi
  local -a found
  if (( CURRENT <= at )); then
    found=(${firstWords(commands)
      .map((word) =>
        described(
          word,
          summary.get(word) ??
            (word === 'help' ? 'options and examples of a command' : `${(family.get(word) ?? []).join(', ')}`),
        ),
      )
      .join(' ')})
    _describe command found
    return
  fi
  case $words[CURRENT-1] in
${[...choices(commands)]
  .map(([flag, values]) => `    (${flag}) found=(${values.map(quoted).join(' ')}); _describe value found; return ;;`)
  .join('\n')}
    (${valued(commands)
      .filter((flag) => !choices(commands).has(flag))
      .join('|')}) _files; return ;;
  esac
  name=$first
  case $first in
${[...family]
  .map(
    ([first, seconds]) => `    (${first})
      if (( CURRENT == at + 1 )) && [[ $words[CURRENT] != -* ]]; then
        found=(${seconds.map((second) => described(second, summary.get(`${first} ${second}`) ?? '')).join(' ')})
        _describe command found
        return
      fi
      case $words[at+1] in (${seconds.join('|')}) name="$first $words[at+1]" ;; esac
      ;;`,
  )
  .join('\n')}
  esac
  if [[ $words[CURRENT] == -* ]]; then
    case $name in
${commands
  .map(({ name, options }) => `      (${quoted(name)}) found=(${options.flatMap(describedFlags).join(' ')}) ;;`)
  .join('\n')}
    esac
    _describe option found
    return
  fi
  case $name in
${commands
  .filter(({ words }) => words.length > 0)
  .map(
    ({ name, words }) =>
      `    (${quoted(name)}) found=(${words.map(quoted).join(' ')}); _describe word found; return ;;`,
  )
  .join('\n')}
  esac
  _files
}
if [ "$funcstack[1]" = _yitong ]; then _yitong "$@"; else compdef _yitong yitong; fi
`;
}

function fish(commands: readonly Completed[]): string {
  const family = families(commands);
  const summary = new Map(commands.map(({ name, summary: text }) => [name, text]));
  const lines = [
    `# fish completion of yitong; ${HEAD}`,
    '# the words before the cursor that are no options',
    'function __yitong_words',
    '  for word in (commandline -opc)[2..-1]',
    '    string match -q -- "-*" $word; or echo $word',
    '  end',
    'end',
    'function __yitong_none',
    '  set -l said (__yitong_words)',
    '  test (count $said) -eq 0; or begin; test (count $said) -eq 1; and test "$said[1]" = help; end',
    'end',
    'function __yitong_first',
    '  set -l said (__yitong_words)',
    '  test "$said[1]" = help; and set -e said[1]',
    '  test (count $said) -eq 1; and test "$said[1]" = $argv[1]',
    'end',
    'function __yitong_is',
    '  set -l said (__yitong_words)',
    '  test "$said[1]" = $argv[1]; or return 1',
    '  test (count $argv) -lt 2; or test "$said[2]" = $argv[2]',
    'end',
    ...firstWords(commands).map(
      (word) =>
        `complete -c yitong -n __yitong_none -f -a ${quoted(word)} -d ` +
        quoted(
          summary.get(word) ??
            (word === 'help' ? 'options and examples of a command' : (family.get(word) ?? []).join(', ')),
        ),
    ),
    `complete -c yitong -n __yitong_none -f -l version -d 'the version of this build'`,
    ...[...family].flatMap(([first, seconds]) =>
      seconds.map(
        (second) =>
          `complete -c yitong -n '__yitong_first ${first}' -f -a ${quoted(second)} -d ` +
          `${quoted(summary.get(`${first} ${second}`) ?? '')}`,
      ),
    ),
    ...commands.flatMap(({ name, options, words }) => [
      ...(words.length === 0 ? [] : [`complete -c yitong -n '__yitong_is ${name}' -f -a ${quoted(words.join(' '))}`]),
      ...options.map(
        ([option, { type, short, describe, values }]) =>
          `complete -c yitong -n '__yitong_is ${name}' -l ${option}` +
          (short === undefined ? '' : ` -s ${short}`) +
          (type === 'string' ? (values === undefined ? ' -r' : ` -x -a ${quoted(values.join(' '))}`) : '') +
          ` -d ${quoted(describe)}`,
      ),
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

const WRITERS: Readonly<Record<Shell, (commands: readonly Completed[]) => string>> = { bash, zsh, fish };

export const scriptFor = async (shell: Shell): Promise<string> => WRITERS[shell](await all());
