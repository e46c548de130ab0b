import { sep } from 'node:path';

/** Path of a name in a folder whose path is a real one. Thousands of files are put together so, and `join` would take apart each time what is in order already. */
export const pathIn = (folder: string, name: string): string => (folder.endsWith(sep) ? folder + name : folder + sep + name);
