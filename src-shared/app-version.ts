/** Version of this program, as package.json has it (a test keeps them equal). */
export const appVersion = '0.1.0';
