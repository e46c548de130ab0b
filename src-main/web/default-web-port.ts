/** Of the page in a browser. By itself, so that the help can name it without a web server. */
export const defaultWebPort = 47880;
