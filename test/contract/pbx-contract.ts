import { describe } from 'vitest';
import { callContract } from './call-contract.ts';
import type { ContractSite } from './contract-site.ts';
import { databaseContract } from './database-contract.ts';
import { lineContract } from './line-contract.ts';
import { linkContract } from './link-contract.ts';

/**
 * What everybody who uses the port may rely on, tried on whatever `open` opens: real Asterisk, and the
 * fake that stands in for it in other suites. `site` is what was opened for the suite in progress.
 */
export function pbxContract(name: string, site: () => ContractSite): void {
  describe(`${name} keeps the contract of a PBX`, () => {
    databaseContract(site);
    lineContract(site);
    callContract(site);
    linkContract(site);
  });
}
