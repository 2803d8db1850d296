import type { Command } from './command.js';

/** What `yitong <command> --help` says. @param name of the command's file, as `contracts-check` */
export function helpOf(name: string, command: Command): string {
  const spoken = `yitong ${name.replaceAll('-', ' ')}`;
  const lines = [command.summary, '', `usage: ${spoken} ${command.usage}`.trimEnd()];
  const options = Object.entries(command.options);
  if (options.length > 0) lines.push('', 'options:');
  for (const [option, { type, describe, default: given }] of options) {
    const shown = `--${option}${type === 'string' ? ' …' : ''}`;
    lines.push(`  ${shown.padEnd(22)} ${describe}${given === undefined ? '' : ` (default: ${String(given)})`}`);
  }
  lines.push('', command.examples.length > 1 ? 'examples:' : 'example:', ...command.examples.map((example) => `  ${example}`));
  return lines.join('\n');
}
