/** Options that belong to one subcommand, taken out of its arguments; what is left is the configuration's. */

export interface TakenOption {
  /** Undefined where the option was not given. */
  readonly value: string | undefined;
  readonly rest: readonly string[];
}

/** `--name value` or `--name=value`; a name without a value gives ''. The last of several wins. */
export function takeOption(args: readonly string[], name: string): TakenOption {
  let value: string | undefined;
  const rest: string[] = [];
  const waiting = [...args];
  for (let arg = waiting.shift(); arg !== undefined; arg = waiting.shift()) {
    if (arg === `--${name}`) value = waiting.shift() ?? '';
    else if (arg.startsWith(`--${name}=`)) value = arg.slice(name.length + 3);
    else rest.push(arg);
  }
  return { value, rest };
}

export interface TakenOperand {
  /** Undefined where the first argument is an option, or missing. */
  readonly operand: string | undefined;
  readonly rest: readonly string[];
}

/** What stands before all options: after one of them it might be that option's value. */
export function takeOperand(args: readonly string[]): TakenOperand {
  const [operand, ...rest] = args;
  return operand === undefined || operand.startsWith('--')
    ? { operand: undefined, rest: args }
    : { operand, rest };
}
