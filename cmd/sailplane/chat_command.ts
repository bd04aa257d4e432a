/** `sailplane chat`: the terminal chat over the sdk (chat.ts), loaded only when it is asked for. */
import { CHAT_USAGE } from './chat_options.js';
import type { Command } from './command.js';

export const chatCommand: Command = {
  name: 'chat',
  summary: 'chat in the terminal',
  usage: CHAT_USAGE,
  async run(args, io) {
    const { runChat } = await import('./chat.js');
    return runChat(args, io);
  },
};
