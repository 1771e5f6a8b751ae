import { afterAll, beforeAll } from 'vitest';
import { closePhones } from '../support/phones/open-phones.ts';
import { openAsteriskSite } from './asterisk-site.ts';
import type { ContractSite } from './contract-site.ts';
import { pbxContract } from './pbx-contract.ts';

let site: ContractSite;

beforeAll(async () => {
  site = await openAsteriskSite();
});

afterAll(async () => {
  await closePhones();
  await site?.close();
});

pbxContract('Asterisk', () => site);
