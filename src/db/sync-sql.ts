// The statements of the one who writes to a node (sync-lead.ts). `$1` is always the node.

export const PENDING = `
  SELECT p.subject, p.tenant_id AS "tenantId", p.revision, p.attempts, n.epoch
  FROM sync_pending p JOIN pbx_nodes n ON n.id = p.node_id
  WHERE p.node_id = $1 AND (p.retry_at IS NULL OR p.retry_at <= now())
  ORDER BY p.revision LIMIT $2`;

export const ALL_PENDING = `
  SELECT subject, tenant_id AS "tenantId", revision, attempts FROM sync_pending WHERE node_id = $1`;

export const APPLIED = `
  WITH done AS (SELECT * FROM unnest($2::text[], $3::bigint[], $4::uuid[]) AS d (subject, revision, tenant_id)),
  gone AS (
    DELETE FROM sync_pending p USING done d
    WHERE p.node_id = $1 AND p.subject = d.subject AND p.revision = d.revision),
  seen AS (
    INSERT INTO sync_status AS s (node_id, subject, tenant_id, observed_revision)
    SELECT $1, subject, tenant_id, revision FROM done WHERE subject <> 'all'
    ON CONFLICT (node_id, subject) DO UPDATE
      SET observed_revision = EXCLUDED.observed_revision, applied_at = now(), tenant_id = EXCLUDED.tenant_id
      WHERE s.observed_revision <= EXCLUDED.observed_revision)
  SELECT pg_notify('patchbay_applied', $1::text)`;

// A subject that was not waiting failed in a comparison: it belongs on the list as much as any.
export const FAILED = `
  INSERT INTO sync_pending AS p (node_id, subject, tenant_id, revision, attempts, reason, message, retry_at)
  VALUES ($1, $2, (SELECT tenant_id FROM sync_status WHERE node_id = $1 AND subject = $2), nextval('sync_revision'),
          1, $3, $4, now() + interval '1 second')
  ON CONFLICT (node_id, subject) DO UPDATE
    SET attempts = p.attempts + 1, reason = EXCLUDED.reason, message = EXCLUDED.message,
        retry_at = now() + make_interval(secs => least(60, 0.5 * 2 ^ least(p.attempts + 1, 10)))`;

export const DRIFTED = `
  INSERT INTO sync_status AS s (node_id, subject, tenant_id, observed_revision, drifted_at, drift)
  SELECT $1, d.subject, d.tenant_id, 0, now(), d.fields
  FROM unnest($2::text[], $3::uuid[], $4::jsonb[]) AS d (subject, tenant_id, fields)
  ON CONFLICT (node_id, subject) DO UPDATE
    SET drifted_at = now(), drift = EXCLUDED.drift, tenant_id = coalesce(EXCLUDED.tenant_id, s.tenant_id)`;

export const CONDITION = `
  INSERT INTO node_conditions AS c (node_id, type, status, reason, message) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (node_id, type) DO UPDATE
    SET status = EXCLUDED.status, reason = EXCLUDED.reason, message = EXCLUDED.message,
        changed_at = CASE WHEN c.status = EXCLUDED.status THEN c.changed_at ELSE now() END`;

// A report that names a tenant which is not of this node, or a user who is not of the tenant, is not kept.
export const REFUSED = `
  INSERT INTO refused_calls (tenant_id, node_id, user_id, dialled, number, class, rule, reason, path)
  SELECT t.id, $1, (SELECT u.id FROM users u WHERE u.id = $3 AND u.tenant_id = t.id), $4, $5, $6, $7, $8, $9
  FROM tenants t WHERE t.id = $2 AND t.node_id = $1`;
