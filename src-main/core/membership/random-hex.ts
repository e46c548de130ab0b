/** Lower-case hex digits from a source of numbers in [0, 1). */
export function randomHex(digits: number, random: () => number): string {
  let text = '';
  for (let count = 0; count < digits; count++) text += Math.floor(random() * 16).toString(16);
  return text;
}
