import type { Command } from '../command.js';
import { isShell, SHELLS, scriptFor } from '../completion.js';
import { WrongUsage } from '../failure.js';
import { didYouMean } from '../near.js';

const command: Command = {
  summary: 'what makes your shell complete commands and options: bash, zsh or fish',
  zh: '输出终端的命令补全脚本',
  usage: SHELLS.join(' | '),
  takes: 1,
  examples: [
    'source <(yitong completion bash)',
    'yitong completion bash > ~/.local/share/bash-completion/completions/yitong',
    'yitong completion zsh > "${fpath[1]}/_yitong"',
    'yitong completion fish > ~/.config/fish/completions/yitong.fish',
  ],
  options: {},
  async run(call) {
    const [shell] = call.positionals;
    if (shell === undefined) throw new WrongUsage(`name the shell: ${SHELLS.join(', ')}`);
    if (!isShell(shell))
      throw new WrongUsage(
        `there is no completion for \`${shell}\`${didYouMean(shell, SHELLS)}; there is for ${SHELLS.join(', ')}`,
      );
    process.stdout.write(await scriptFor(shell));
    return 0;
  },
};
export default command;
