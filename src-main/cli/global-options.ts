/** Options that may stand anywhere on the line, before or after the command. */
export interface GlobalOptions {
  readonly data: string | undefined;
  readonly json: boolean;
  readonly lang: string | undefined;
}

export interface TakenOptions {
  readonly options: GlobalOptions;
  /** Everything else, in order. */
  readonly rest: readonly string[];
  /** A global option that lacks its value, or null. */
  readonly incomplete: string | null;
}

const withValue = ['data', 'lang'] as const;

/** Takes the global options out of the arguments, wherever they stand before `--`. */
export function takeGlobalOptions(argv: readonly string[]): TakenOptions {
  const values: { data?: string; lang?: string } = {};
  const rest: string[] = [];
  let json = false;
  let incomplete: string | null = null;
  for (let at = 0; at < argv.length; at++) {
    const argument = argv[at] ?? '';
    if (argument === '--') {
      rest.push(...argv.slice(at));
      break;
    }
    const name = withValue.find((option) => argument === `--${option}` || argument.startsWith(`--${option}=`));
    if (name !== undefined) {
      const value = argument.includes('=') ? argument.slice(argument.indexOf('=') + 1) : argv[++at];
      if (value === undefined || value === '') incomplete ??= `--${name}`;
      else values[name] = value;
    } else if (argument === '--json') json = true;
    else rest.push(argument);
  }
  return { options: { data: values.data, json, lang: values.lang }, rest, incomplete };
}
