// @ts-check
import ts from 'typescript';

/**
 * Data from outside is `unknown` until a schema has checked it. A cast would be a claim without proof, so `as` on an
 * `unknown` or `any` value is an error; branding a checked string is not.
 * @type {import('eslint').Rule.RuleModule}
 */
export const noUncheckedCast = {
  meta: { type: 'problem', schema: [], messages: { cast: 'cast of an unchecked value: parse it with a schema or narrow it' } },
  create(context) {
    const services = context.sourceCode.parserServices;
    return {
      /** @param {any} node */
      TSAsExpression(node) {
        const target = context.sourceCode.getText(node.typeAnnotation);
        if (target === 'unknown' || target === 'const') return;
        const type = services.getTypeAtLocation(node.expression);
        if (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) context.report({ node, messageId: 'cast' });
      },
    };
  },
};
