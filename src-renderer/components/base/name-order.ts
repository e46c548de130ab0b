/** Names as people sort them: “2” before “10”, and case and accents only where nothing else differs. */
export const byName = new Intl.Collator(undefined, { numeric: true });
