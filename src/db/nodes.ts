import pg from 'pg';

/** A PBX node as the reconciler needs it; the secrets still sealed. */
export interface NodeConnection {
  id: string;
  name: string;
  version: number;
  amiHost: string;
  amiPort: number;
  amiUser: string;
  amiSecret: Uint8Array;
  ariUrl: string;
  ariUser: string;
  ariSecret: Uint8Array;
  spareSip: number;
  spareWebrtc: number;
}

const NODES = `
  SELECT id, name, version, ami_host AS "amiHost", ami_port AS "amiPort", ami_user AS "amiUser",
         ami_secret AS "amiSecret", ari_url AS "ariUrl", ari_user AS "ariUser", ari_secret AS "ariSecret",
         spare_sip AS "spareSip", spare_webrtc AS "spareWebrtc"
  FROM pbx_nodes ORDER BY name`;

export async function readNodes(syncUrl: string): Promise<NodeConnection[]> {
  const client = new pg.Client({ connectionString: syncUrl, application_name: 'patchbay nodes' });
  await client.connect();
  try {
    return (await client.query<NodeConnection>(NODES)).rows;
  } finally {
    await client.end();
  }
}
