-- What roles need beyond the first tables: roles that reach supervised teams only, API keys that hold no more than
-- their user does at the moment of the request, and people without sign-in.

-- What is held through such a role, and no other, counts for the users of the teams that its holder supervises.
ALTER TABLE roles ADD COLUMN teams_only boolean NOT NULL DEFAULT false;
UPDATE roles SET teams_only = true WHERE builtin = 'supervisor';

-- A permission of its own for changing roles. The first key of the platform is to hold everything, or nobody could give it.
UPDATE roles SET permissions = array_append(permissions, 'roles:write')
  WHERE builtin IN ('organisation-administrator', 'administrator') AND NOT 'roles:write' = ANY (permissions);
UPDATE api_keys SET scopes = array_append(scopes, 'roles:write')
  WHERE tenant_id IS NULL AND 'platform-keys:write' = ANY (scopes) AND NOT 'roles:write' = ANY (scopes);

------------------------------------------------------------------------------------------------
-- API keys of people
------------------------------------------------------------------------------------------------

-- A user's key holds what it was given and its user still holds; asked again with each request, so that taking a role
-- away counts at once. `teams_only` are those of the scopes that the user holds for supervised teams alone.
DROP FUNCTION authenticate_api_key(text, bytea);
CREATE FUNCTION authenticate_api_key(key_id text, hash bytea)
  RETURNS TABLE (id text, tenant_id uuid, user_id uuid, name text, scopes text[], teams_only text[])
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN QUERY
    SELECT k.id, k.tenant_id, k.user_id, k.name,
      CASE WHEN k.user_id IS NULL THEN k.scopes ELSE coalesce(held.scopes, '{}') END,
      coalesce(held.teams_only, '{}')
    FROM api_keys k
    LEFT JOIN users u ON u.id = k.user_id
    LEFT JOIN LATERAL (
      SELECT array_agg(p.name) AS scopes, array_agg(p.name) FILTER (WHERE p.teams_only) AS teams_only
      FROM (
        SELECT given.name, bool_and(r.teams_only) AS teams_only
        FROM user_roles ur JOIN roles r ON r.id = ur.role_id, unnest(r.permissions) AS given (name)
        WHERE ur.user_id = k.user_id AND given.name = ANY (k.scopes)
        GROUP BY given.name) p) held ON true
    WHERE k.id = key_id AND k.secret_hash = hash AND k.revoked_at IS NULL
      AND (k.expires_at IS NULL OR k.expires_at > now())
      AND (k.user_id IS NULL OR (u.status = 'active' AND NOT EXISTS (
        SELECT 1 FROM user_roles ur JOIN roles r ON r.id = ur.role_id
        WHERE ur.user_id = k.user_id AND r.builtin = 'hardware-phone')));
  IF FOUND THEN
    UPDATE api_keys k SET last_used_at = now()
      WHERE k.id = key_id AND (k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute');
  END IF;
END $$;
REVOKE EXECUTE ON FUNCTION authenticate_api_key FROM PUBLIC;
GRANT EXECUTE ON FUNCTION authenticate_api_key TO patchbay_app;

------------------------------------------------------------------------------------------------
-- Supervisors: a transaction that names one sees the users of supervised teams, and what is theirs, and no others.
-- Here and not in the queries, because a query that forgets would show a colleague's phones.
------------------------------------------------------------------------------------------------

CREATE FUNCTION current_supervisor() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('patchbay.supervisor', true), '')::uuid $$;

-- SECURITY DEFINER, for these are asked by policies on tables that they would otherwise ask again.
CREATE FUNCTION supervised_teams() RETURNS SETOF uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT team_id FROM team_members
    WHERE tenant_id = current_tenant() AND user_id = current_supervisor() AND capacity = 'supervisor'
  $$;
CREATE FUNCTION supervised_users() RETURNS SETOF uuid
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT DISTINCT user_id FROM team_members
    WHERE tenant_id = current_tenant() AND team_id IN (SELECT supervised_teams())
  $$;
REVOKE EXECUTE ON FUNCTION supervised_teams, supervised_users FROM PUBLIC;
GRANT EXECUTE ON FUNCTION supervised_teams, supervised_users TO patchbay_app;

DO $$
DECLARE
  -- table, condition
  limits constant text[][] := ARRAY[
    ['users', 'id IN (SELECT supervised_users())'],
    ['teams', 'id IN (SELECT supervised_teams())'],
    ['lines', 'user_id IN (SELECT supervised_users())'],
    ['retired_lines', 'user_id IN (SELECT supervised_users())'],
    ['call_forwards', 'user_id IN (SELECT supervised_users())'],
    ['fences', 'user_id IN (SELECT supervised_users())'],
    ['pending_deletions', 'user_id IN (SELECT supervised_users())'],
    ['refused_calls', 'user_id IN (SELECT supervised_users())'],
    -- Of whose team they were nothing is left.
    ['deleted_users', 'false'],
    ['sync_pending', 'subject NOT LIKE ''user:%'' OR substr(subject, 6) IN (SELECT s::text FROM supervised_users() s)'],
    ['sync_status', 'subject NOT LIKE ''user:%'' OR substr(subject, 6) IN (SELECT s::text FROM supervised_users() s)']];
  l text[];
BEGIN
  FOREACH l SLICE 1 IN ARRAY limits LOOP
    EXECUTE format('CREATE POLICY supervised ON %I AS RESTRICTIVE TO patchbay_app
                    USING ((SELECT current_supervisor()) IS NULL OR %s)', l[1], l[2]);
  END LOOP;
END $$;
