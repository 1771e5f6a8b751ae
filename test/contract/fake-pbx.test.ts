import { beforeAll } from 'vitest';
import { FakePbx } from '../support/fake-pbx.ts';
import { type ContractSite, PASSWORD } from './contract-site.ts';
import { pbxContract } from './pbx-contract.ts';

let site: ContractSite;

beforeAll(() => {
  site = openFakeSite();
});

pbxContract('the fake', () => site);

function openFakeSite(): ContractSite {
  const fake = new FakePbx();
  const { calls, link } = fake;
  calls.extensions.set('contract/ring', (channel) => {
    const { callId } = channel;
    channel.application = { name: 'Dial', data: 'PJSIP/ringing' };
    if (fake.contacts.of('ringing').length > 0)
      calls.start({ endpoint: 'ringing', callId, state: 'Ringing' });
  });
  calls.extensions.set('contract/tell', ({ id, variables }) => {
    const fields = { Given: encodeURIComponent(variables.__GIVEN ?? '') };
    link.emit({ type: 'user-event', name: 'Contract', fields, channelId: id });
  });
  let phones = 0;
  return {
    pbx: fake,
    witness: {
      get: async (path) => fake.entries.get(path) ?? null,
      put: async (path, value) => {
        fake.entries.set(path, value);
      },
    },
    phone: async (line) => {
      const uri = `sip:${line}@127.0.0.1:${20_000 + ++phones}`;
      return { uri, register: async () => fake.register(line, uri, PASSWORD) };
    },
    restart: async () => fake.restart(),
    close: async () => {},
  };
}
