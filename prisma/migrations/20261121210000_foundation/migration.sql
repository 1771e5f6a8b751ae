-- The first migration: tenants, people, phones, numbers, dial profiles, PBX nodes, synchronisation, audit.
--
-- Two roles of the service, neither of which can bypass row-level security:
--   patchbay_app   serves requests; sees one tenant at a time, the one named by the setting patchbay.tenant
--   patchbay_sync  reads every tenant for the reconciler; writes synchronisation state only
-- Tables belong to the role that migrates. Roles are the cluster's, so another database may have made them.

CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS pg_trgm;

DO $$
DECLARE wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['patchbay_app', 'patchbay_sync'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS', wanted);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
  END LOOP;
END $$;

GRANT USAGE ON SCHEMA public TO patchbay_app, patchbay_sync;

-- Which tenant this transaction speaks for; null when none was named, and then no tenant's row is visible.
CREATE FUNCTION current_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('patchbay.tenant', true), '')::uuid $$;

-- Whether this transaction manages the platform: tenants and nodes, never a tenant's people.
CREATE FUNCTION is_platform() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT coalesce(current_setting('patchbay.platform', true), '') = 'on' $$;

CREATE FUNCTION touch_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.version := OLD.version + 1;
  NEW.updated_at := now();
  RETURN NEW;
END $$;

------------------------------------------------------------------------------------------------
-- The platform: PBX nodes and tenants
------------------------------------------------------------------------------------------------

CREATE TABLE pbx_nodes (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name         text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  sip_host     text NOT NULL,
  sip_port     integer NOT NULL CHECK (sip_port BETWEEN 1 AND 65535),
  ami_host     text NOT NULL,
  ami_port     integer NOT NULL CHECK (ami_port BETWEEN 1 AND 65535),
  ami_user     text NOT NULL,
  ami_secret   bytea NOT NULL,
  ari_url      text NOT NULL,
  ari_user     text NOT NULL,
  ari_secret   bytea NOT NULL,
  spare_sip    integer NOT NULL DEFAULT 50 CHECK (spare_sip BETWEEN 0 AND 5000),
  spare_webrtc integer NOT NULL DEFAULT 20 CHECK (spare_webrtc BETWEEN 0 AND 5000),
  -- Counts the writers this node has had; a writer whose epoch is not the current one has been replaced.
  epoch        bigint NOT NULL DEFAULT 0,
  version      integer NOT NULL DEFAULT 1,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE tenants (
  id                    uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  slug                  text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  name                  text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  country               text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
  time_zone             text NOT NULL DEFAULT 'UTC',
  language              text NOT NULL DEFAULT 'en',
  extension_length      integer NOT NULL DEFAULT 4 CHECK (extension_length BETWEEN 2 AND 6),
  sip_domain            text NOT NULL UNIQUE CHECK (sip_domain ~ '^[a-z0-9][a-z0-9.-]{0,252}$'),
  node_id               uuid NOT NULL REFERENCES pbx_nodes (id),
  default_profile_id    uuid,
  default_number_id     uuid,
  sip_password_policy   text NOT NULL DEFAULT 'strong' CHECK (sip_password_policy IN ('strong', 'digits')),
  max_calls_abroad      integer CHECK (max_calls_abroad >= 0),
  max_abroad_per_hour   integer CHECK (max_abroad_per_hour >= 0),
  max_abroad_minutes    integer CHECK (max_abroad_minutes >= 0),
  max_call_seconds      integer CHECK (max_call_seconds > 0),
  version               integer NOT NULL DEFAULT 1,
  created_at            timestamptz NOT NULL DEFAULT now(),
  updated_at            timestamptz NOT NULL DEFAULT now()
);

------------------------------------------------------------------------------------------------
-- A tenant's numbers, profiles, caller ID groups, teams, trunks
------------------------------------------------------------------------------------------------

CREATE TABLE dial_profiles (
  id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  tenant_id  uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  -- Which built-in this is; null for the tenant's own.
  builtin    text CHECK (builtin IN ('internal', 'national', 'national-special', 'international')),
  name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  -- Written into the paths on the PBX: a new revision never overwrites the one that is in use.
  revision   integer NOT NULL DEFAULT 1,
  version    integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, id),
  UNIQUE (tenant_id, builtin)
);
CREATE UNIQUE INDEX dial_profiles_name ON dial_profiles (tenant_id, lower(name));

CREATE TABLE dial_rules (
  tenant_id  uuid NOT NULL,
  profile_id uuid NOT NULL,
  position   integer NOT NULL CHECK (position >= 0),
  verdict    text NOT NULL CHECK (verdict IN ('allow', 'deny')),
  -- What the rule speaks of: a class, a zone, a country, a prefix or a combination (see docs/dialling.md).
  target     jsonb NOT NULL,
  PRIMARY KEY (profile_id, position),
  FOREIGN KEY (tenant_id, profile_id) REFERENCES dial_profiles (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE numbers (
  id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  tenant_id  uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  e164       text NOT NULL UNIQUE CHECK (e164 ~ '^\+[1-9][0-9]{4,14}$'),
  label      text CHECK (length(label) <= 100),
  -- Whose phones ring when this number is called.
  user_id    uuid,
  version    integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, id)
);

ALTER TABLE tenants
  ADD FOREIGN KEY (id, default_profile_id) REFERENCES dial_profiles (tenant_id, id) DEFERRABLE INITIALLY DEFERRED,
  ADD FOREIGN KEY (id, default_number_id) REFERENCES numbers (tenant_id, id) DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE caller_id_groups (
  id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  tenant_id  uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  version    integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, id)
);
CREATE UNIQUE INDEX caller_id_groups_name ON caller_id_groups (tenant_id, lower(name));

-- At most 50 numbers, because the group is one AstDB value of at most 1,024 bytes.
CREATE TABLE caller_id_group_numbers (
  tenant_id uuid NOT NULL,
  group_id  uuid NOT NULL,
  position  integer NOT NULL CHECK (position BETWEEN 0 AND 49),
  number_id uuid NOT NULL,
  PRIMARY KEY (group_id, position),
  UNIQUE (group_id, number_id),
  FOREIGN KEY (tenant_id, group_id) REFERENCES caller_id_groups (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, number_id) REFERENCES numbers (tenant_id, id)
);

CREATE TABLE teams (
  id                 uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  tenant_id          uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  name               text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  caller_id_group_id uuid,
  version            integer NOT NULL DEFAULT 1,
  created_at         timestamptz NOT NULL DEFAULT now(),
  updated_at         timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, id),
  FOREIGN KEY (tenant_id, caller_id_group_id) REFERENCES caller_id_groups (tenant_id, id)
);
CREATE UNIQUE INDEX teams_name ON teams (tenant_id, lower(name));

CREATE TABLE trunks (
  id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  tenant_id     uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  host          text NOT NULL CHECK (host ~ '^[A-Za-z0-9.:\[\]-]{1,253}$'),
  port          integer NOT NULL DEFAULT 5060 CHECK (port BETWEEN 1 AND 65535),
  transport     text NOT NULL DEFAULT 'udp' CHECK (transport IN ('udp', 'tcp', 'tls')),
  username      text CHECK (length(username) BETWEEN 1 AND 100),
  secret        bytea,
  number_format text NOT NULL DEFAULT 'e164+' CHECK (number_format IN ('e164+', 'e164', 'national')),
  pass_caller   boolean NOT NULL DEFAULT false,
  send_pai      boolean NOT NULL DEFAULT false,
  position      integer NOT NULL DEFAULT 0,
  version       integer NOT NULL DEFAULT 1,
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, id)
);
CREATE UNIQUE INDEX trunks_name ON trunks (tenant_id, lower(name));

------------------------------------------------------------------------------------------------
-- People
------------------------------------------------------------------------------------------------

CREATE TABLE roles (
  id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  tenant_id   uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  -- Which built-in this is; null for the tenant's own. Built-in roles are read-only.
  builtin     text CHECK (builtin IN ('organisation-administrator', 'administrator', 'supervisor', 'agent',
                                      'analyst', 'user', 'hardware-phone')),
  name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  permissions text[] NOT NULL DEFAULT '{}',
  version     integer NOT NULL DEFAULT 1,
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, id),
  UNIQUE (tenant_id, builtin)
);
CREATE UNIQUE INDEX roles_name ON roles (tenant_id, lower(name));

CREATE TABLE users (
  id                 uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  tenant_id          uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  username           text NOT NULL CHECK (length(username) BETWEEN 1 AND 100),
  first_name         text CHECK (length(first_name) <= 100),
  last_name          text CHECK (length(last_name) <= 100),
  alias              text CHECK (length(alias) <= 100),
  email              text NOT NULL CHECK (length(email) <= 254),
  employee_id        text CHECK (length(employee_id) <= 100),
  status             text NOT NULL DEFAULT 'active' CHECK (status IN ('pending', 'active', 'suspended')),
  time_zone          text,
  language           text,
  -- Null: the tenant's default profile.
  profile_id         uuid,
  outbound_number_id uuid,
  caller_id_name     text CHECK (length(caller_id_name) <= 100),
  withhold_number    boolean NOT NULL DEFAULT false,
  -- The local part under which the tenant's users can dial this person's SIP account.
  sip_alias          text NOT NULL CHECK (sip_alias ~ '^[a-z0-9][a-z0-9._+-]{0,63}$'),
  record_calls       boolean NOT NULL DEFAULT false,
  allow_outbound     boolean NOT NULL DEFAULT true,
  allow_transfer     boolean NOT NULL DEFAULT true,
  allow_join_outside boolean NOT NULL DEFAULT false,
  max_calls_abroad    integer CHECK (max_calls_abroad >= 0),
  max_abroad_per_hour integer CHECK (max_abroad_per_hour >= 0),
  max_abroad_minutes  integer CHECK (max_abroad_minutes >= 0),
  max_call_seconds    integer CHECK (max_call_seconds > 0),
  version            integer NOT NULL DEFAULT 1,
  created_at         timestamptz NOT NULL DEFAULT now(),
  updated_at         timestamptz NOT NULL DEFAULT now(),
  CHECK (coalesce(first_name, '') <> '' OR coalesce(last_name, '') <> ''),
  UNIQUE (tenant_id, id),
  FOREIGN KEY (tenant_id, profile_id) REFERENCES dial_profiles (tenant_id, id),
  FOREIGN KEY (tenant_id, outbound_number_id) REFERENCES numbers (tenant_id, id)
);
CREATE UNIQUE INDEX users_username ON users (tenant_id, lower(username));
CREATE UNIQUE INDEX users_email ON users (tenant_id, lower(email));
CREATE UNIQUE INDEX users_sip_alias ON users (tenant_id, sip_alias);
CREATE INDEX users_created ON users (tenant_id, created_at, id);

ALTER TABLE numbers ADD CONSTRAINT numbers_user_fkey
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE SET NULL (user_id);
CREATE INDEX numbers_user ON numbers (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE user_roles (
  tenant_id uuid NOT NULL,
  user_id   uuid NOT NULL,
  role_id   uuid NOT NULL,
  PRIMARY KEY (user_id, role_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, role_id) REFERENCES roles (tenant_id, id)
);
CREATE INDEX user_roles_role ON user_roles (role_id);

CREATE TABLE team_members (
  tenant_id uuid NOT NULL,
  team_id   uuid NOT NULL,
  user_id   uuid NOT NULL,
  capacity  text NOT NULL DEFAULT 'agent' CHECK (capacity IN ('agent', 'supervisor')),
  PRIMARY KEY (team_id, user_id, capacity),
  FOREIGN KEY (tenant_id, team_id) REFERENCES teams (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX team_members_user ON team_members (user_id);

-- A user with the organisation administrator's role is never deleted; take the role away first.
CREATE FUNCTION keep_organisation_administrator() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM tenants WHERE id = OLD.tenant_id) AND EXISTS (
       SELECT 1 FROM user_roles ur JOIN roles r ON r.id = ur.role_id
       WHERE ur.user_id = OLD.id AND r.builtin = 'organisation-administrator') THEN
    RAISE EXCEPTION 'user is organisation administrator'
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'users_keep_organisation_administrator';
  END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER users_keep_organisation_administrator BEFORE DELETE ON users
  FOR EACH ROW EXECUTE FUNCTION keep_organisation_administrator();

-- Extensions: a range is first to last, both of the tenant's length; ranges of a tenant do not overlap.
CREATE TABLE extension_ranges (
  id        uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  first     integer NOT NULL CHECK (first >= 0),
  last      integer NOT NULL CHECK (last <= 999999),
  CHECK (first <= last),
  UNIQUE (tenant_id, id, first, last),
  CONSTRAINT extension_ranges_overlap
    EXCLUDE USING gist (tenant_id WITH =, int4range(first, last, '[]') WITH &&)
);

-- An assigned extension. It carries its range's bounds so that "inside the range" is a plain check, and
-- narrowing a range around an extension that is in use fails.
CREATE TABLE extensions (
  tenant_id   uuid NOT NULL,
  number      text NOT NULL CHECK (number ~ '^[0-9]{2,6}$'),
  user_id     uuid NOT NULL,
  range_id    uuid NOT NULL,
  range_first integer NOT NULL,
  range_last  integer NOT NULL,
  assigned_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, number),
  CONSTRAINT extensions_one_per_user UNIQUE (user_id),
  CONSTRAINT extensions_in_range CHECK (number::integer BETWEEN range_first AND range_last),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, range_id, range_first, range_last)
    REFERENCES extension_ranges (tenant_id, id, first, last) ON UPDATE CASCADE
);

-- A line: what registers. The id is its SIP user name and is never given to another person.
CREATE TABLE lines (
  id          text PRIMARY KEY CHECK (id ~ '^(pb[a-z2-7]{10}|9[0-9]{11})$'),
  tenant_id   uuid NOT NULL,
  user_id     uuid NOT NULL,
  kind        text NOT NULL CHECK (kind IN ('softphone', 'webphone', 'desk')),
  label       text CHECK (length(label) <= 100),
  -- Sealed with AES-256-GCM; the line's id is the additional data.
  secret      bytea NOT NULL,
  -- Webphone lines end with what they were made for.
  expires_at  timestamptz,
  api_key_id  text,
  rotated_at  timestamptz NOT NULL DEFAULT now(),
  version     integer NOT NULL DEFAULT 1,
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now(),
  UNIQUE (tenant_id, id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX lines_user ON lines (user_id);
CREATE INDEX lines_expiry ON lines (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE call_forwards (
  user_id           uuid PRIMARY KEY,
  tenant_id         uuid NOT NULL,
  always            text CHECK (always ~ '^\+?[0-9*#]{2,24}$'),
  busy              text CHECK (busy ~ '^\+?[0-9*#]{2,24}$'),
  no_answer         text CHECK (no_answer ~ '^\+?[0-9*#]{2,24}$'),
  unregistered      text CHECK (unregistered ~ '^\+?[0-9*#]{2,24}$'),
  no_answer_seconds integer NOT NULL DEFAULT 20 CHECK (no_answer_seconds BETWEEN 5 AND 120),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);

------------------------------------------------------------------------------------------------
-- Deleting
------------------------------------------------------------------------------------------------

-- While a deletion decides, no call may begin from or to the user. A row of its own, because a fence is no edit
-- of the user, and because one that outlives the service's crash must be found and lifted.
CREATE TABLE fences (
  user_id   uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  since     timestamptz NOT NULL DEFAULT now(),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);

-- A deletion that waits for the end of the user's calls.
CREATE TABLE pending_deletions (
  user_id      uuid PRIMARY KEY,
  tenant_id    uuid NOT NULL,
  requested_by jsonb NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT now(),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE deleted_users (
  id         uuid PRIMARY KEY,
  tenant_id  uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  -- What the user was: names, email, extension, number. No secret.
  snapshot   jsonb NOT NULL,
  deleted_by jsonb NOT NULL,
  deleted_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX deleted_users_at ON deleted_users (tenant_id, deleted_at DESC);

------------------------------------------------------------------------------------------------
-- Access
------------------------------------------------------------------------------------------------

CREATE TABLE api_keys (
  -- The public part of the key: pbk_<id>_<secret>.
  id           text PRIMARY KEY CHECK (id ~ '^[0-9a-f]{16}$'),
  -- Null: a key of the platform.
  tenant_id    uuid REFERENCES tenants (id) ON DELETE CASCADE,
  user_id      uuid,
  name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  secret_hash  bytea NOT NULL CHECK (length(secret_hash) = 32),
  scopes       text[] NOT NULL,
  expires_at   timestamptz,
  revoked_at   timestamptz,
  last_used_at timestamptz,
  created_by   jsonb NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
ALTER TABLE lines ADD CONSTRAINT lines_api_key_fkey FOREIGN KEY (api_key_id) REFERENCES api_keys (id) ON DELETE CASCADE;

-- Before anyone is known there is no tenant to speak for; this is the one question that may be asked then.
CREATE FUNCTION authenticate_api_key(key_id text, hash bytea)
  RETURNS TABLE (id text, tenant_id uuid, user_id uuid, name text, scopes text[])
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE api_keys k SET last_used_at = now()
    WHERE k.id = key_id AND k.secret_hash = hash AND k.revoked_at IS NULL
      AND (k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute');
  RETURN QUERY
    SELECT k.id, k.tenant_id, k.user_id, k.name, k.scopes FROM api_keys k
    LEFT JOIN users u ON u.id = k.user_id
    WHERE k.id = key_id AND k.secret_hash = hash AND k.revoked_at IS NULL
      AND (k.expires_at IS NULL OR k.expires_at > now())
      AND (k.user_id IS NULL OR u.status = 'active');
END $$;

-- Answers kept for repeated requests. Id and fingerprint are keyed digests and the answer is sealed, so the rows
-- tell nothing to who reads them.
CREATE TABLE idempotency_keys (
  id           text PRIMARY KEY,
  fingerprint  text NOT NULL,
  lease        uuid NOT NULL DEFAULT gen_random_uuid(),
  lease_until  timestamptz NOT NULL,
  -- Null while the first request is under way.
  answer       text,
  keep_until   timestamptz NOT NULL
);
CREATE INDEX idempotency_keys_keep ON idempotency_keys (keep_until);

------------------------------------------------------------------------------------------------
-- Audit and refusals
------------------------------------------------------------------------------------------------

CREATE TABLE audit (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id   uuid,
  at          timestamptz NOT NULL DEFAULT now(),
  actor       jsonb NOT NULL,
  request_id  text,
  ip          text,
  action      text NOT NULL,
  object_type text NOT NULL,
  object_id   text NOT NULL,
  before      jsonb,
  after       jsonb
);
CREATE INDEX audit_tenant ON audit (tenant_id, id DESC);
CREATE INDEX audit_object ON audit (tenant_id, object_type, object_id, id DESC);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE refused_calls (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  node_id   uuid NOT NULL REFERENCES pbx_nodes (id) ON DELETE CASCADE,
  at        timestamptz NOT NULL DEFAULT now(),
  -- No foreign key: a refusal outlives the user.
  user_id   uuid,
  dialled   text NOT NULL,
  number    text,
  class     text,
  rule      text,
  reason    text NOT NULL,
  path      text NOT NULL
);
CREATE INDEX refused_calls_tenant ON refused_calls (tenant_id, id DESC);
CREATE INDEX refused_calls_user ON refused_calls (tenant_id, user_id, id DESC);

------------------------------------------------------------------------------------------------
-- Synchronisation. A subject ('user:<id>', 'tenant:<id>', 'profile:<id>', …) owns a set of entries on a node.
-- The triggers below put a subject on the list in the same transaction as the change itself, whoever makes
-- it, so that no change can be acknowledged and forgotten.
------------------------------------------------------------------------------------------------

CREATE SEQUENCE sync_revision;

CREATE TABLE sync_pending (
  node_id    uuid NOT NULL REFERENCES pbx_nodes (id) ON DELETE CASCADE,
  subject    text NOT NULL,
  tenant_id  uuid,
  revision   bigint NOT NULL,
  since      timestamptz NOT NULL DEFAULT now(),
  attempts   integer NOT NULL DEFAULT 0,
  retry_at   timestamptz,
  reason     text,
  message    text,
  PRIMARY KEY (node_id, subject)
);
CREATE INDEX sync_pending_tenant ON sync_pending (tenant_id);

CREATE TABLE sync_status (
  node_id           uuid NOT NULL REFERENCES pbx_nodes (id) ON DELETE CASCADE,
  subject           text NOT NULL,
  tenant_id         uuid,
  observed_revision bigint NOT NULL,
  applied_at        timestamptz NOT NULL DEFAULT now(),
  -- When this subject was last found different on the PBX without a change here, and in which entries.
  drifted_at        timestamptz,
  drift             jsonb,
  PRIMARY KEY (node_id, subject)
);
CREATE INDEX sync_status_tenant ON sync_status (tenant_id);

-- Conditions of a node: connected, in-sync, settled, stocked (type, status, reason, message).
CREATE TABLE node_conditions (
  node_id           uuid NOT NULL REFERENCES pbx_nodes (id) ON DELETE CASCADE,
  type              text NOT NULL,
  status            text NOT NULL CHECK (status IN ('true', 'false', 'unknown')),
  reason            text NOT NULL,
  message           text NOT NULL DEFAULT '',
  observed_revision bigint,
  changed_at        timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (node_id, type)
);

-- Lines kept ready on a node: already tracked by Asterisk, with a secret nobody knows.
CREATE TABLE spare_lines (
  id         text PRIMARY KEY CHECK (id ~ '^(pb[a-z2-7]{10}|9[0-9]{11})$'),
  node_id    uuid NOT NULL REFERENCES pbx_nodes (id) ON DELETE CASCADE,
  kind       text NOT NULL CHECK (kind IN ('sip', 'webrtc')),
  -- Null until the settle that made Asterisk track it.
  settled_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX spare_lines_ready ON spare_lines (node_id, kind) WHERE settled_at IS NOT NULL;

-- Takes up to so many spare lines out of the stock. Two transactions at once never take the same one, and one
-- that rolls back puts its lines back.
CREATE FUNCTION take_spare_lines(node uuid, line_kind text, wanted integer) RETURNS SETOF text
  LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DELETE FROM spare_lines WHERE id IN (
      SELECT id FROM spare_lines WHERE node_id = node AND kind = line_kind AND settled_at IS NOT NULL
      LIMIT wanted FOR UPDATE SKIP LOCKED)
    RETURNING id
  $$;

-- Marks subjects of the rows that a statement changed. Argument 1: an SQL expression over the row r that
-- names the subject (null: none); argument 2, optional: the row's tenant (default r.tenant_id).
CREATE FUNCTION mark_for_sync() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  subject text := TG_ARGV[0];
  tenant text := coalesce(TG_ARGV[1], 'r.tenant_id');
  source text := CASE TG_OP WHEN 'UPDATE' THEN '(SELECT * FROM changed UNION ALL SELECT * FROM previous)' ELSE 'changed' END;
BEGIN
  EXECUTE format($q$
    WITH marked AS (
      INSERT INTO sync_pending AS p (node_id, subject, tenant_id, revision)
      SELECT t.node_id, s.subject, s.tenant_id, nextval('sync_revision')
      FROM (SELECT DISTINCT %s AS subject, %s AS tenant_id FROM %s r) s
      JOIN tenants t ON t.id = s.tenant_id
      WHERE s.subject IS NOT NULL
      ORDER BY t.node_id, s.subject
      ON CONFLICT (node_id, subject) DO UPDATE
        SET revision = EXCLUDED.revision, attempts = 0, retry_at = NULL, reason = NULL, message = NULL,
            tenant_id = EXCLUDED.tenant_id
      RETURNING node_id)
    SELECT pg_notify('patchbay_sync', node_id::text) FROM (SELECT DISTINCT node_id FROM marked) n
  $q$, subject, tenant, source);
  RETURN NULL;
END $$;

-- Asks for a comparison of everything on a node ("repair now").
CREATE FUNCTION request_comparison(node uuid) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE wanted bigint := nextval('sync_revision');
BEGIN
  INSERT INTO sync_pending AS p (node_id, subject, revision) VALUES (node, 'all', wanted)
    ON CONFLICT (node_id, subject) DO UPDATE SET revision = EXCLUDED.revision, attempts = 0, retry_at = NULL;
  PERFORM pg_notify('patchbay_sync', node::text);
  RETURN wanted;
END $$;

-- The whole node is compared when a tenant comes, goes or moves.
CREATE FUNCTION mark_node_for_sync() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE node uuid;
BEGIN
  FOREACH node IN ARRAY CASE TG_OP
      WHEN 'DELETE' THEN ARRAY[OLD.node_id]
      ELSE ARRAY[OLD.node_id, NEW.node_id] END LOOP
    INSERT INTO sync_pending AS p (node_id, subject, revision) VALUES (node, 'all', nextval('sync_revision'))
      ON CONFLICT (node_id, subject) DO UPDATE SET revision = EXCLUDED.revision, attempts = 0, retry_at = NULL;
    PERFORM pg_notify('patchbay_sync', node::text);
  END LOOP;
  RETURN NULL;
END $$;
CREATE TRIGGER tenants_gone AFTER DELETE ON tenants FOR EACH ROW EXECUTE FUNCTION mark_node_for_sync();
CREATE TRIGGER tenants_moved AFTER UPDATE OF node_id ON tenants FOR EACH ROW
  WHEN (OLD.node_id IS DISTINCT FROM NEW.node_id) EXECUTE FUNCTION mark_node_for_sync();

DO $$
DECLARE
  -- table, subject, tenant column
  marks constant text[][] := ARRAY[
    ['tenants', '''tenant:'' || r.id', 'r.id'],
    ['trunks', '''tenant:'' || r.tenant_id', 'r.tenant_id'],
    ['trunks', '''trunk:'' || r.id', 'r.tenant_id'],
    ['users', '''user:'' || r.id', 'r.tenant_id'],
    ['extensions', '''user:'' || r.user_id', 'r.tenant_id'],
    ['lines', '''user:'' || r.user_id', 'r.tenant_id'],
    ['call_forwards', '''user:'' || r.user_id', 'r.tenant_id'],
    ['fences', '''user:'' || r.user_id', 'r.tenant_id'],
    ['team_members', '''user:'' || r.user_id', 'r.tenant_id'],
    ['numbers', '''number:'' || r.id', 'r.tenant_id'],
    ['dial_profiles', '''profile:'' || r.id', 'r.tenant_id'],
    ['dial_rules', '''profile:'' || r.profile_id', 'r.tenant_id'],
    ['caller_id_groups', '''callerid-group:'' || r.id', 'r.tenant_id'],
    ['caller_id_group_numbers', '''callerid-group:'' || r.group_id', 'r.tenant_id']];
  m text[];
  n integer := 0;
BEGIN
  FOREACH m SLICE 1 IN ARRAY marks LOOP
    n := n + 1;
    EXECUTE format('CREATE TRIGGER sync_%s_%s_i AFTER INSERT ON %I REFERENCING NEW TABLE AS changed
      FOR EACH STATEMENT EXECUTE FUNCTION mark_for_sync(%L, %L)', n, m[1], m[1], m[2], m[3]);
    EXECUTE format('CREATE TRIGGER sync_%s_%s_u AFTER UPDATE ON %I REFERENCING NEW TABLE AS changed OLD TABLE AS previous
      FOR EACH STATEMENT EXECUTE FUNCTION mark_for_sync(%L, %L)', n, m[1], m[1], m[2], m[3]);
    EXECUTE format('CREATE TRIGGER sync_%s_%s_d AFTER DELETE ON %I REFERENCING OLD TABLE AS changed
      FOR EACH STATEMENT EXECUTE FUNCTION mark_for_sync(%L, %L)', n, m[1], m[1], m[2], m[3]);
  END LOOP;
END $$;

-- Changes that reach beyond their own row: a user's record on the PBX holds the profile that is in force, the
-- number shown and the caller ID group of the user's team.
CREATE FUNCTION mark_users_of_tenant() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO sync_pending AS p (node_id, subject, tenant_id, revision)
    SELECT NEW.node_id, 'user:' || u.id, NEW.id, nextval('sync_revision')
    FROM users u WHERE u.tenant_id = NEW.id
      AND (OLD.country IS DISTINCT FROM NEW.country OR u.profile_id IS NULL)
    ORDER BY u.id
    ON CONFLICT (node_id, subject) DO UPDATE SET revision = EXCLUDED.revision, attempts = 0, retry_at = NULL;
  INSERT INTO sync_pending AS p (node_id, subject, tenant_id, revision)
    SELECT NEW.node_id, 'profile:' || d.id, NEW.id, nextval('sync_revision')
    FROM dial_profiles d WHERE d.tenant_id = NEW.id AND OLD.country IS DISTINCT FROM NEW.country
    ORDER BY d.id
    ON CONFLICT (node_id, subject) DO UPDATE SET revision = EXCLUDED.revision, attempts = 0, retry_at = NULL;
  PERFORM pg_notify('patchbay_sync', NEW.node_id::text);
  RETURN NULL;
END $$;
CREATE TRIGGER sync_tenants_users AFTER UPDATE OF default_profile_id, country ON tenants FOR EACH ROW
  WHEN (OLD.default_profile_id IS DISTINCT FROM NEW.default_profile_id OR OLD.country IS DISTINCT FROM NEW.country)
  EXECUTE FUNCTION mark_users_of_tenant();

CREATE FUNCTION mark_users_of_team() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO sync_pending AS p (node_id, subject, tenant_id, revision)
    SELECT t.node_id, 'user:' || m.user_id, NEW.tenant_id, nextval('sync_revision')
    FROM (SELECT DISTINCT user_id FROM team_members WHERE team_id = NEW.id) m
    JOIN tenants t ON t.id = NEW.tenant_id
    ORDER BY m.user_id
    ON CONFLICT (node_id, subject) DO UPDATE SET revision = EXCLUDED.revision, attempts = 0, retry_at = NULL;
  PERFORM pg_notify('patchbay_sync', (SELECT node_id::text FROM tenants WHERE id = NEW.tenant_id));
  RETURN NULL;
END $$;
CREATE TRIGGER sync_teams_users AFTER UPDATE OF caller_id_group_id ON teams FOR EACH ROW
  WHEN (OLD.caller_id_group_id IS DISTINCT FROM NEW.caller_id_group_id) EXECUTE FUNCTION mark_users_of_team();

------------------------------------------------------------------------------------------------
-- Versions for ETags
------------------------------------------------------------------------------------------------

DO $$
DECLARE tab text;
BEGIN
  FOREACH tab IN ARRAY ARRAY['pbx_nodes', 'tenants', 'dial_profiles', 'numbers', 'caller_id_groups', 'teams',
                             'trunks', 'roles', 'users', 'lines'] LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE ON %I FOR EACH ROW EXECUTE FUNCTION touch_version()',
                   tab || '_version', tab);
  END LOOP;
END $$;
-- The writer's epoch and a stock level are no edits of the node.
DROP TRIGGER pbx_nodes_version ON pbx_nodes;
CREATE TRIGGER pbx_nodes_version BEFORE UPDATE ON pbx_nodes FOR EACH ROW
  WHEN (OLD.epoch = NEW.epoch) EXECUTE FUNCTION touch_version();

------------------------------------------------------------------------------------------------
-- Who may see what
------------------------------------------------------------------------------------------------

DO $$
DECLARE tab text;
BEGIN
  FOREACH tab IN ARRAY ARRAY['dial_profiles', 'dial_rules', 'numbers', 'caller_id_groups', 'caller_id_group_numbers',
      'teams', 'trunks', 'roles', 'users', 'user_roles', 'team_members', 'extension_ranges', 'extensions', 'lines',
      'call_forwards', 'fences', 'pending_deletions', 'deleted_users'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tab);
    EXECUTE format('CREATE POLICY tenant ON %I TO patchbay_app USING (tenant_id = (SELECT current_tenant()))
                    WITH CHECK (tenant_id = (SELECT current_tenant()))', tab);
    EXECUTE format('CREATE POLICY sync ON %I FOR SELECT TO patchbay_sync USING (true)', tab);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO patchbay_app', tab);
    EXECUTE format('GRANT SELECT ON %I TO patchbay_sync', tab);
  END LOOP;
END $$;

ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_reads_itself ON tenants FOR SELECT TO patchbay_app
  USING (id = (SELECT current_tenant()) OR (SELECT is_platform()));
CREATE POLICY tenant_edits_itself ON tenants FOR UPDATE TO patchbay_app
  USING (id = (SELECT current_tenant()) OR (SELECT is_platform()));
CREATE POLICY platform_creates ON tenants FOR INSERT TO patchbay_app WITH CHECK ((SELECT is_platform()));
CREATE POLICY platform_deletes ON tenants FOR DELETE TO patchbay_app USING ((SELECT is_platform()));
CREATE POLICY sync ON tenants FOR SELECT TO patchbay_sync USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON tenants TO patchbay_app;
GRANT SELECT ON tenants TO patchbay_sync;

ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON api_keys TO patchbay_app
  USING (tenant_id = (SELECT current_tenant()) OR (tenant_id IS NULL AND (SELECT is_platform())))
  WITH CHECK (tenant_id = (SELECT current_tenant()) OR (tenant_id IS NULL AND (SELECT is_platform())));
GRANT SELECT, INSERT, UPDATE, DELETE ON api_keys TO patchbay_app;
REVOKE EXECUTE ON FUNCTION authenticate_api_key FROM PUBLIC;
GRANT EXECUTE ON FUNCTION authenticate_api_key TO patchbay_app;

ALTER TABLE audit ENABLE ROW LEVEL SECURITY;
CREATE POLICY reads ON audit FOR SELECT TO patchbay_app
  USING (tenant_id = (SELECT current_tenant()) OR (SELECT is_platform()));
CREATE POLICY writes ON audit FOR INSERT TO patchbay_app
  WITH CHECK (tenant_id = (SELECT current_tenant()) OR (SELECT is_platform()));
GRANT SELECT, INSERT ON audit TO patchbay_app;

ALTER TABLE refused_calls ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON refused_calls FOR SELECT TO patchbay_app USING (tenant_id = (SELECT current_tenant()));
CREATE POLICY sync ON refused_calls TO patchbay_sync USING (true) WITH CHECK (true);
GRANT SELECT ON refused_calls TO patchbay_app;
GRANT SELECT, INSERT, DELETE ON refused_calls TO patchbay_sync;

-- Nodes hold no tenant's data. Everyone reads their names and addresses; the platform edits them.
ALTER TABLE pbx_nodes ENABLE ROW LEVEL SECURITY;
CREATE POLICY reads ON pbx_nodes FOR SELECT TO patchbay_app USING (true);
CREATE POLICY platform ON pbx_nodes TO patchbay_app USING ((SELECT is_platform())) WITH CHECK ((SELECT is_platform()));
CREATE POLICY sync ON pbx_nodes TO patchbay_sync USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON pbx_nodes TO patchbay_app;
GRANT SELECT, UPDATE (epoch) ON pbx_nodes TO patchbay_sync;

DO $$
DECLARE tab text;
BEGIN
  FOREACH tab IN ARRAY ARRAY['sync_pending', 'sync_status'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tab);
    EXECUTE format('CREATE POLICY reads ON %I FOR SELECT TO patchbay_app
                    USING (tenant_id = (SELECT current_tenant()) OR (SELECT is_platform()))', tab);
    EXECUTE format('CREATE POLICY sync ON %I TO patchbay_sync USING (true) WITH CHECK (true)', tab);
    EXECUTE format('GRANT SELECT ON %I TO patchbay_app', tab);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO patchbay_sync', tab);
  END LOOP;
END $$;
GRANT USAGE ON SEQUENCE sync_revision TO patchbay_sync;
REVOKE EXECUTE ON FUNCTION request_comparison FROM PUBLIC;
GRANT EXECUTE ON FUNCTION request_comparison TO patchbay_app, patchbay_sync;

GRANT SELECT ON node_conditions TO patchbay_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON node_conditions TO patchbay_sync;
GRANT SELECT ON spare_lines TO patchbay_app;
REVOKE EXECUTE ON FUNCTION take_spare_lines FROM PUBLIC;
GRANT EXECUTE ON FUNCTION take_spare_lines TO patchbay_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON spare_lines TO patchbay_sync;

-- The reconciler ends what has run out by itself: webphone lines past their time, fences that a crash left.
GRANT DELETE ON lines, fences TO patchbay_sync;
CREATE POLICY expired ON lines FOR DELETE TO patchbay_sync USING (expires_at <= now());
CREATE POLICY forgotten ON fences FOR DELETE TO patchbay_sync USING (since < now() - interval '30 seconds');
-- It takes over the forwarding that a person set with a code on the phone.
GRANT INSERT, UPDATE ON call_forwards TO patchbay_sync;
CREATE POLICY taken_over ON call_forwards FOR INSERT TO patchbay_sync WITH CHECK (true);
CREATE POLICY taken_over_again ON call_forwards FOR UPDATE TO patchbay_sync USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO patchbay_app;
