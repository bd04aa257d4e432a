/** `sailplane chat`: the terminal chat over the sdk (chat.ts), loaded only when it is asked for. */
import type { Command } from './command.js';

export const chatCommand: Command = {
  name: 'chat',
  summary: 'chat in the terminal',
  usage: `Usage: sailplane chat --account NAME [OPTIONS]

`,
  async run(args, io) {
    const { runChat } = await import('./chat.js');
    return runChat(args, io);
  },
};
