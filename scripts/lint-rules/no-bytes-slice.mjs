// @ts-check

/**
 * `slice` of a Uint8Array copies, but of a Buffer, which has the same type, it is a view of memory that its reader will
 * use again. `new Uint8Array(bytes.subarray(from, to))` copies both.
 * @type {import('eslint').Rule.RuleModule}
 */
export const noBytesSlice = {
  meta: { type: 'problem', schema: [], messages: { slice: '`slice` of a Buffer does not copy: write `new Uint8Array(bytes.subarray(…))`' } },
  create(context) {
    const services = context.sourceCode.parserServices;
    const checker = services.program.getTypeChecker();
    return {
      /** @param {any} node */
      'CallExpression > MemberExpression.callee[property.name="slice"]'(node) {
        const name = checker.getApparentType(services.getTypeAtLocation(node.object)).getSymbol()?.name;
        if (name === 'Uint8Array' || name === 'Buffer') context.report({ node, messageId: 'slice' });
      },
    };
  },
};
