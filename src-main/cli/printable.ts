/**
 * Control characters (C0, DEL, C1), line separators and bidirectional marks: what could move the cursor, hide text or
 * turn it round when a name from somebody else is printed.
 */
const dangerous = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;

const escaped = (character: string): string => {
  const code = character.charCodeAt(0);
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
};

/** Text for a terminal, with what could do harm shown as an escape. */
export const printable = (text: string): string => text.replace(dangerous, escaped);

/** Text of several lines for a terminal, as a log has it. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');

/** One line of JSON that is safe to look at, too: the same characters as JSON escapes. */
export const jsonLine = (value: unknown): string => JSON.stringify(value).replace(dangerous, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
