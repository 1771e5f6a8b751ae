import { type Command, InvalidArgumentError, Option } from 'commander';
import type { TenantAnswer, TenantDetailAnswer } from '../answers/people.ts';
import { address } from '../client.ts';
import {
  idempotencyKey,
  type Limited,
  type Repeatable,
  wholeNumber,
  withIdempotencyKey,
  withLimit,
} from '../options.ts';
import { type Act, readAll } from '../session.ts';
import type { Cell, Column } from '../table.ts';

interface NewTenant extends Repeatable {
  slug: string;
  name: string;
  country: string;
  timeZone?: string;
  language?: string;
  extensionLength?: number;
  range?: { first: string; last: string }[];
  sipDomain?: string;
  node?: string;
  digitsOnly?: true;
}

const COLUMNS: Column<TenantAnswer>[] = [
  { title: 'Slug', value: (tenant) => tenant.slug, whole: true },
  { title: 'Name', value: (tenant) => tenant.name },
  { title: 'Country', value: (tenant) => tenant.country },
  { title: 'Time zone', value: (tenant) => tenant.timeZone },
  { title: 'SIP domain', value: (tenant) => tenant.sipDomain },
];

export function tenantCommands(program: Command, act: Act): void {
  const tenants = program.command('tenants').description('Tenants: organisations, each with its own space');

  withLimit(tenants.command('list').description('List tenants')).action(
    act(async (session, { limit }: Limited) => {
      const body = await readAll<TenantAnswer>(session, '/tenants', {}, limit);
      session.output.table(body, body.items, COLUMNS, 'There are no tenants.');
    }),
  );

  tenants
    .command('show')
    .description('Show a tenant and its settings')
    .argument('[tenant]', 'slug or id; the one of --tenant when left out')
    .action(
      act(async ({ client, output, tenant }, slug: string | undefined) => {
        const path = slug === undefined ? tenant() : address`/tenants/${slug}`;
        const { body } = await client.get<TenantDetailAnswer>(path);
        output.facts(body, facts(body));
      }),
    );

  addCreate(tenants, act);
}

function addCreate(tenants: Command, act: Act): void {
  const create = tenants
    .command('create')
    .description('Create a tenant, with built-in roles and dial profiles')
    .requiredOption('--slug <slug>', 'its name in addresses: a-z, 0-9 and dash')
    .requiredOption('--name <name>', 'its name for people')
    .requiredOption('--country <code>', 'ISO 3166, like FR: decides numbers and emergency calls')
    .option('--time-zone <zone>', 'IANA, like Europe/Paris')
    .option('--language <tag>', 'BCP 47, like fr')
    .addOption(new Option('--extension-length <digits>', '2 to 6').argParser(wholeNumber(2, 6)))
    .option('--range <first-last>', 'extensions to give out, like 1000-1999; may be repeated', ranges)
    .option('--sip-domain <domain>', 'what stands after the @ of SIP accounts')
    .option('--node <id>', 'its PBX; may be left out while there is only one')
    .option(
      '--digits-only',
      'SIP passwords of digits, for phones that can type nothing else (not recommended)',
    );
  withIdempotencyKey(create).action(
    act(async ({ client, output }, options: NewTenant) => {
      const { body } = await client.send<TenantDetailAnswer>('POST', '/tenants', {
        body: {
          slug: options.slug,
          name: options.name,
          country: options.country,
          timeZone: options.timeZone,
          language: options.language,
          extensionLength: options.extensionLength,
          extensionRanges: options.range,
          sipDomain: options.sipDomain,
          nodeId: options.node,
          sipPasswordPolicy: options.digitsOnly && 'digits',
        },
        idempotencyKey: idempotencyKey(options),
      });
      output.facts(body, facts(body));
    }),
  );
}

function facts(tenant: TenantDetailAnswer): [string, Cell][] {
  return [
    ['Slug', tenant.slug],
    ['Id', tenant.id],
    ['Name', tenant.name],
    ['Country', tenant.country],
    ['Time zone', tenant.timeZone],
    ['Language', tenant.language],
    ['Extensions', tenant.extensionRanges.map(({ first, last }) => `${first}-${last}`).join(', ')],
    ['SIP domain', tenant.sipDomain],
    ['SIP passwords', tenant.sipPasswordPolicy],
    ['Default number', tenant.defaultNumber],
    ['Active users', tenant.activeUsers],
    ['Version', tenant.version],
  ];
}

function ranges(text: string, before: { first: string; last: string }[] = []) {
  const match = /^(\d{2,6})-(\d{2,6})$/.exec(text);
  if (match === null) throw new InvalidArgumentError('Give first and last extension, like 1000-1999.');
  return [...before, { first: match[1]!, last: match[2]! }];
}
