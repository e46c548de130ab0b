/** As people compare names: without accents and capitals. */
export const plainName = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/** Those whose name contains what somebody typed; all while it is empty. */
export function withName<Named extends { readonly name: string }>(all: readonly Named[], typed: string): readonly Named[] {
  const wanted = plainName(typed.trim());
  return wanted === '' ? all : all.filter(({ name }) => plainName(name).includes(wanted));
}
