-- More about users: where they may come from.

-- As `cidr` writes them; text, because Prisma knows no network types. Empty: from everywhere.
ALTER TABLE users ADD COLUMN allowed_networks text[] NOT NULL DEFAULT '{}'
  CHECK (cardinality(allowed_networks) <= 20 AND allowed_networks::cidr[] IS NOT NULL);

-- Outside the networks of its user a key is not known. The old form, which asked nobody where they come from, goes, so
-- that nothing can use it by mistake.
DROP FUNCTION authenticate_api_key(text, bytea);
CREATE FUNCTION authenticate_api_key(key_id text, hash bytea, caller inet)
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
      AND (k.user_id IS NULL OR (u.status = 'active'
        AND (u.allowed_networks = '{}' OR caller <<= ANY (u.allowed_networks::inet[]))
        AND NOT EXISTS (
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
-- Tags and skills
------------------------------------------------------------------------------------------------

CREATE TABLE tags (
  id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  tenant_id  uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  version    integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, id)
);
CREATE UNIQUE INDEX tags_name ON tags (tenant_id, lower(name));

CREATE TABLE user_tags (
  tenant_id uuid NOT NULL,
  user_id   uuid NOT NULL,
  tag_id    uuid NOT NULL,
  PRIMARY KEY (user_id, tag_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, tag_id) REFERENCES tags (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX user_tags_tag ON user_tags (tag_id);

CREATE TABLE skills (
  id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  tenant_id  uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  -- Without the signs that divide skills and levels in a CSV cell (`billing:3;english:5`).
  name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 100 AND name !~ '[:;]'),
  version    integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, id)
);
CREATE UNIQUE INDEX skills_name ON skills (tenant_id, lower(name));

CREATE TABLE user_skills (
  tenant_id uuid NOT NULL,
  user_id   uuid NOT NULL,
  skill_id  uuid NOT NULL,
  level     integer NOT NULL CHECK (level BETWEEN 1 AND 10),
  PRIMARY KEY (user_id, skill_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, skill_id) REFERENCES skills (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX user_skills_skill ON user_skills (skill_id);

DO $$
DECLARE tab text;
BEGIN
  FOREACH tab IN ARRAY ARRAY['tags', 'skills'] LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE ON %I FOR EACH ROW EXECUTE FUNCTION touch_version()',
                   tab || '_version', tab);
  END LOOP;
  FOREACH tab IN ARRAY ARRAY['tags', 'user_tags', 'skills', 'user_skills'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tab);
    EXECUTE format('CREATE POLICY tenant ON %I TO patchbay_app USING (tenant_id = (SELECT current_tenant()))
                    WITH CHECK (tenant_id = (SELECT current_tenant()))', tab);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO patchbay_app', tab);
  END LOOP;
END $$;

------------------------------------------------------------------------------------------------
-- Attributes that a tenant defines
------------------------------------------------------------------------------------------------

CREATE TABLE attribute_definitions (
  id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  tenant_id  uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  key        text NOT NULL CHECK (key ~ '^[a-z][A-Za-z0-9]{0,39}$'),
  label      text NOT NULL CHECK (length(label) BETWEEN 1 AND 100),
  -- Fixed for good: values of another type would be left behind.
  type       text NOT NULL CHECK (type IN ('text', 'number', 'choice', 'list', 'boolean', 'date', 'secret')),
  -- What may be chosen; a list without any takes every word.
  choices    text[] NOT NULL DEFAULT '{}',
  required   boolean NOT NULL DEFAULT false,
  version    integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, id),
  CHECK (type <> 'choice' OR choices <> '{}'),
  CHECK (type IN ('choice', 'list') OR choices = '{}')
);
CREATE UNIQUE INDEX attribute_definitions_key ON attribute_definitions (tenant_id, key);
CREATE TRIGGER attribute_definitions_version BEFORE UPDATE ON attribute_definitions
  FOR EACH ROW EXECUTE FUNCTION touch_version();

CREATE TABLE user_attributes (
  tenant_id     uuid NOT NULL,
  user_id       uuid NOT NULL,
  definition_id uuid NOT NULL,
  value         jsonb,
  -- Sealed, of type "secret" alone: write-only for everyone.
  secret        bytea,
  PRIMARY KEY (user_id, definition_id),
  CHECK ((value IS NULL) <> (secret IS NULL)),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, definition_id) REFERENCES attribute_definitions (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX user_attributes_definition ON user_attributes (definition_id);

DO $$
DECLARE tab text;
BEGIN
  FOREACH tab IN ARRAY ARRAY['attribute_definitions', 'user_attributes'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tab);
    EXECUTE format('CREATE POLICY tenant ON %I TO patchbay_app USING (tenant_id = (SELECT current_tenant()))
                    WITH CHECK (tenant_id = (SELECT current_tenant()))', tab);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO patchbay_app', tab);
  END LOOP;
END $$;

-- A supervisor sees what belongs to users of supervised teams, and no others (the migration before this one).
DO $$
DECLARE tab text;
BEGIN
  FOREACH tab IN ARRAY ARRAY['user_tags', 'user_skills', 'user_attributes'] LOOP
    EXECUTE format('CREATE POLICY supervised ON %I AS RESTRICTIVE TO patchbay_app
                    USING ((SELECT current_supervisor()) IS NULL OR user_id IN (SELECT supervised_users()))', tab);
  END LOOP;
END $$;
