import { bundleNode } from '../scripts/bundle.mjs';

/** Worker threads and programs run from bundles; building them takes a fraction of a second. */
export default async function setup(): Promise<void> {
  await bundleNode();
}
