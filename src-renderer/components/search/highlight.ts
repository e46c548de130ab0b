export interface TextPart {
  readonly text: string;
  readonly match: boolean;
}

/** One plain character for each character of the text, so that positions stay the same. */
const plain = (text: string): string => Array.from(text, (character) => Array.from(character.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase())[0] ?? ' ').join('');

/** A text cut where one of the words occurs in it; case and accents do not matter. */
export function highlight(text: string, words: string): TextPart[] {
  const characters = Array.from(text);
  const searched = Array.from(plain(text));
  const marks = new Array<boolean>(characters.length).fill(false);
  for (const word of plain(words).split(/\s+/).filter((each) => each !== '')) {
    const letters = Array.from(word);
    for (let at = 0; at + letters.length <= searched.length; at++) if (letters.every((letter, index) => searched[at + index] === letter)) marks.fill(true, at, at + letters.length);
  }
  const parts: { text: string; match: boolean }[] = [];
  characters.forEach((character, index) => {
    const match = marks[index] ?? false;
    const last = parts.at(-1);
    if (last && last.match === match) last.text += character;
    else parts.push({ text: character, match });
  });
  return parts;
}
