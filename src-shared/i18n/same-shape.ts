/** The same keys with any texts: a translation with a missing or an extra key does not compile. */
export type SameShape<Messages> = { readonly [Key in keyof Messages]: Messages[Key] extends string ? string : SameShape<Messages[Key]> };

/** Every path to a text, with dots: `'error.timeout.what'`. */
export type MessageKey<Messages> = {
  [Key in keyof Messages & string]: Messages[Key] extends string ? Key : `${Key}.${MessageKey<Messages[Key]>}`;
}[keyof Messages & string];
