import { connectToAsterisk } from '../../src/pbx/asterisk-adapter.ts';
import type { Pbx } from '../../src/pbx/port.ts';
import { AmiWitness } from '../support/ami-witness.ts';
import { phone } from '../support/phones/ua-phone.ts';
import { startPrivateAsterisk } from '../support/private-asterisk.ts';
import { type ContractSite, PASSWORD } from './contract-site.ts';

/** The extensions that ContractSite promises; each is a list of applications. */
const DIALPLAN: Record<string, string[]> = {
  answer: ['Answer()', 'Echo()'],
  ring: ['Answer()', 'Dial(PJSIP/ringing,30)'],
  tell: ['Answer()', 'UserEvent(Contract,Given: \u0024{URIENCODE(\u0024{GIVEN})})', 'Echo()'],
};

/** An Asterisk of the suite's own, because the contract restarts it. */
export async function openAsteriskSite(): Promise<ContractSite> {
  const asterisk = await startPrivateAsterisk();
  const { ami, ari, sip } = asterisk;
  for (const [extension, applications] of Object.entries(DIALPLAN)) {
    for (const [i, application] of applications.entries()) {
      await asterisk.command(`dialplan add extension "${extension},${i + 1},${application}" into contract`);
    }
  }
  const pbx: Pbx = connectToAsterisk({
    ami,
    ari: { baseUrl: ari.url, username: ari.username, password: ari.secret },
    onDefect: (error) => {
      throw error;
    },
  });
  await pbx.link.whenConnected(10_000);
  const witness = await AmiWitness.connect(ami);
  return {
    pbx,
    witness,
    phone: async (line) => {
      const device = await phone({ server: sip, user: line, password: PASSWORD });
      return { uri: device.contact, register: async () => (await device.register()).status === 200 };
    },
    restart: async () => {
      witness.close();
      await asterisk.restart();
    },
    close: async () => {
      witness.close();
      await pbx.link.close();
      await asterisk.stop();
    },
  };
}
