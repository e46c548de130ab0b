import { expect, it } from 'vitest';
import { layers, stepsOf } from '../../scripts/test-layers.mjs';

const names = (steps: readonly (readonly { readonly name: string }[])[]): string[][] => steps.map((step) => step.map(({ name }) => name));

it('each layer runs once, and nothing waits for a layer there is not', () => {
  expect(names(stepsOf(layers)).flat().sort()).toEqual(layers.map(({ name }) => name).sort());
  for (const { beside } of layers) if (beside !== undefined) expect(layers.find(({ name }) => name === beside)).toMatchObject({ name: beside });
});

it('a layer that runs beside another runs alone where only it was asked for', () => {
  for (const layer of layers) expect(names(stepsOf([layer]))).toEqual([[layer.name]]);
});
