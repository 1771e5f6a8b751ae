import { describe, expect, test } from 'vitest';
import { ConfigError, readConfig } from '../../src/config.ts';

const KEY = Buffer.alloc(32, 7).toString('base64');
const PBX = {
  PATCHBAY_PBX_AMI_HOST: 'pbx.example',
  PATCHBAY_PBX_AMI_SECRET: 'ami-hidden',
  PATCHBAY_PBX_ARI_SECRET: 'ari-hidden',
};

function messageOf(env: Record<string, string>): string {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

test('nothing set means a local run that only this machine can reach', () => {
  const config = readConfig({});
  expect(config).toMatchObject({
    databaseUrl: null,
    pbx: null,
    secretKeys: null,
    http: { host: '127.0.0.1', port: 8080 },
    logLevel: 'info',
    local: { sipAddress: '127.0.0.1', sipPort: null },
  });
  expect(config.dataDir).toBe(`${config.projectRoot}/.patchbay`);
});

test('a variable that is set to nothing counts as not set', () => {
  expect(readConfig({ DATABASE_URL: '', PATCHBAY_HTTP_PORT: ' ', PATCHBAY_PBX_AMI_HOST: '' })).toMatchObject({
    databaseUrl: null,
    http: { port: 8080 },
    pbx: null,
  });
});

test('nobody can change the configuration', () => {
  const config = readConfig({ ...PBX, PATCHBAY_SECRET_KEY: KEY });
  const parts = [
    config,
    config.http,
    config.local,
    config.pbx,
    config.pbx?.ami,
    config.pbx?.ari,
    config.pbx?.sip,
    config.secretKeys,
  ];
  for (const part of parts) expect(Object.isFrozen(part)).toBe(true);
});

describe('what is wrong is named with its remedy', () => {
  test.each([
    [{ PATCHBAY_HTTP_PORT: '80a' }, /PATCHBAY_HTTP_PORT must be a port number from 0 to 65535/],
    [{ PATCHBAY_HTTP_PORT: '65536' }, /PATCHBAY_HTTP_PORT/],
    [{ PATCHBAY_PBX_AMI_PORT: '0', ...PBX }, /PATCHBAY_PBX_AMI_PORT must be a port number from 1/],
    [{ LOG_LEVEL: 'loud' }, /LOG_LEVEL must be one of fatal, error, warn/],
    [{ DATABASE_URL: 'mysql://host/db', PATCHBAY_SECRET_KEY: KEY }, /DATABASE_URL must be postgres:\/\//],
    [{ PATCHBAY_SECRET_KEY: 'short' }, /PATCHBAY_SECRET_KEY must be 32 random bytes in base64 \(openssl/],
    [{ PATCHBAY_SECRET_KEY: `${KEY},` }, /PATCHBAY_SECRET_KEY/],
    [{ PATCHBAY_PBX_AMI_HOST: 'a\r\nAction: x', ...{} }, /PATCHBAY_PBX_AMI_HOST must be/],
    [{ PATCHBAY_LOCAL_SIP_ADDRESS: 'localhost' }, /PATCHBAY_LOCAL_SIP_ADDRESS must be the IPv4 address/],
  ])('%j', (env, message) => {
    expect(messageOf(env)).toMatch(message);
  });

  test('all of it at once', () => {
    expect(messageOf({ LOG_LEVEL: 'loud', PATCHBAY_HTTP_PORT: 'x' })).toMatch(
      /LOG_LEVEL[\s\S]*PATCHBAY_HTTP_PORT/,
    );
  });
});

test('a database of one’s own needs a key of one’s own', () => {
  const DATABASE_URL = 'postgres://user:db-hidden@db.example/patchbay';
  expect(messageOf({ DATABASE_URL })).toMatch(/PATCHBAY_SECRET_KEY is needed with DATABASE_URL/);
  expect(readConfig({ DATABASE_URL, PATCHBAY_SECRET_KEY: KEY }).databaseUrl).toBe(DATABASE_URL);
});

test('keys are read in order: the first seals', () => {
  const old = Buffer.alloc(32, 9);
  const { secretKeys } = readConfig({ PATCHBAY_SECRET_KEY: `${KEY}, ${old.toString('base64')}` });
  expect(secretKeys?.map((key) => key[0])).toEqual([7, 9]);
});

test('a PBX of one’s own is complete or refused', () => {
  expect(readConfig(PBX).pbx).toEqual({
    ami: { host: 'pbx.example', port: 5038, username: 'patchbay', secret: 'ami-hidden' },
    ari: { url: 'http://pbx.example:8088/ari', username: 'patchbay', secret: 'ari-hidden' },
    sip: { host: 'pbx.example', port: 5060 },
  });
  expect(messageOf({ PATCHBAY_PBX_AMI_HOST: 'pbx.example' })).toMatch(
    /PATCHBAY_PBX_AMI_SECRET is needed[\s\S]*PATCHBAY_PBX_ARI_SECRET is needed/,
  );
});

test('no message repeats a value, which may be a secret', () => {
  const text = messageOf({
    DATABASE_URL: 'db-hidden',
    PATCHBAY_SECRET_KEY: 'key-hidden',
    PATCHBAY_PBX_AMI_SECRET: 'ami-hidden\r\nx',
    PATCHBAY_PBX_ARI_URL: 'ari-hidden',
  });
  expect(text).not.toContain('hidden');
});
