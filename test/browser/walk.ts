import type { Page } from 'playwright-core';

/**
 * What a person does in the UI, step by step, by what they read on the screen. The same in a browser and in the window.
 */

/** Waits until a person is on the Nearby page, as shown there. */
export async function meet(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation').getByText('Nearby', { exact: true }).first().click();
  await page.getByRole('article', { name }).waitFor();
}

/** Shares what the next file dialog gives, with everyone on the network. `choose` answers the dialog where it is not the system's. */
export async function shareWithEveryone(page: Page, choose?: () => Promise<void>): Promise<void> {
  await page.getByRole('navigation').getByText('Shares', { exact: true }).first().click();
  await page.getByRole('button', { name: 'Share', exact: true }).click();
  if (choose) await choose();
  else await page.getByRole('menuitem', { name: 'A folder…' }).click();
  await page.getByRole('radio', { name: /^Everyone on this network/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Share', exact: true }).click();
}

/** Opens what a person shares. */
export async function browse(page: Page, person: string): Promise<void> {
  await meet(page, person);
  const card = page.getByRole('article', { name: person });
  await card.getByText(/^Shares nothing/).waitFor({ state: 'detached' });
  await card.hover();
  await card.getByRole('button', { name: 'Browse' }).click();
}

/** Chooses one entry of the listing and fetches it. */
export async function download(page: Page, entry: string): Promise<void> {
  const row = page.getByRole('row').filter({ hasText: entry });
  await row.getByRole('gridcell').first().click();
  await page.getByRole('toolbar').getByRole('button', { name: 'Download', exact: true }).click();
}

/** Waits until the list of finished transfers has it. */
export async function arrived(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation').getByText('Transfers', { exact: true }).first().click();
  await page.getByText('Finished', { exact: true }).click();
  await page.getByRole('listitem').filter({ hasText: name }).first().waitFor();
}
