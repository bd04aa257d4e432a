/** Sends verification codes by handing them to a web hook of the operator, who has a mail or text service. */
import type { CodeSender } from '../../im/api/interface.js';
import { imError } from '../../im/errors.js';
import { integer, text, type OptionsOf } from '../../pkg/config/option.js';

export const CODE_WEBHOOK_OPTIONS = {
  codeWebhookUrl: text(
    '',
    'Verification codes are POSTed there as {"email","code"}; empty: outside debugging none are sent.',
  ),
  codeWebhookMs: integer(5000, 'ms', { min: 100, max: 60_000 }, 'How long the hook may take.'),
} as const;

export type CodeWebhookOptions = OptionsOf<typeof CODE_WEBHOOK_OPTIONS>;

export class WebhookCodeSender implements CodeSender {
  readonly #options: CodeWebhookOptions;

  constructor(options: CodeWebhookOptions) {
    this.#options = options;
  }

  async send(email: string, code: string): Promise<void> {
    const { codeWebhookUrl, codeWebhookMs } = this.#options;
    const answer = await fetch(codeWebhookUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email, code }),
      redirect: 'error',
      signal: AbortSignal.timeout(codeWebhookMs),
    }).catch((error: unknown) => {
      throw imError('NO_CODE_SENDER', undefined, { temporary: true, cause: error });
    });
    await answer.body?.cancel();
    if (!answer.ok)
      throw imError('NO_CODE_SENDER', `the hook answered ${answer.status}`, { temporary: true });
  }
}
