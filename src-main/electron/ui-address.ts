export const uiScheme = 'distrishare-app';
export const uiOrigin = `${uiScheme}://ui`;
/** The page at a route such as `/transfers`. */
export const uiUrl = (route = '/'): string => `${uiOrigin}/index.html#${route}`;
export const isUiUrl = (url: string): boolean => url.startsWith(`${uiOrigin}/`);
