-- More about users: where they may come from.

-- As `cidr` writes them; text, because Prisma knows no network types. Empty: from everywhere.
ALTER TABLE users ADD COLUMN allowed_networks text[] NOT NULL DEFAULT '{}'
  CHECK (cardinality(allowed_networks) <= 20 AND allowed_networks::cidr[] IS NOT NULL);

-- Outside the networks of its user a key is not known. The old form, which asked nobody where they come from, goes, so
-- that nothing can use it by mistake.
DROP FUNCTION authenticate_api_key(text, bytea);
CREATE FUNCTION authenticate_api_key(key_id text, hash bytea, caller inet)
  RETURNS TABLE (id text, tenant_id uuid, user_id uuid, name text, scopes text[])
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN QUERY
    SELECT k.id, k.tenant_id, k.user_id, k.name, k.scopes FROM api_keys k
    LEFT JOIN users u ON u.id = k.user_id
    WHERE k.id = key_id AND k.secret_hash = hash AND k.revoked_at IS NULL
      AND (k.expires_at IS NULL OR k.expires_at > now())
      AND (k.user_id IS NULL OR (u.status = 'active'
        AND (u.allowed_networks = '{}' OR caller <<= ANY (u.allowed_networks::inet[]))));
  IF FOUND THEN
    UPDATE api_keys k SET last_used_at = now()
      WHERE k.id = key_id AND (k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute');
  END IF;
END $$;
REVOKE EXECUTE ON FUNCTION authenticate_api_key FROM PUBLIC;
GRANT EXECUTE ON FUNCTION authenticate_api_key TO patchbay_app;
