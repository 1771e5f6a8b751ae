-- What operating the PBX needs beside the first tables: whose fence it is, which lines a user had, who was touched.

-- The deletion that raised the fence. Only it lifts the fence or deletes behind it; one that a crash left has no
-- holder any more and runs out (patchbay_sync, policy "forgotten").
ALTER TABLE fences ADD COLUMN holder uuid NOT NULL DEFAULT gen_random_uuid();

-- Lines that a user had. A call outlives its line's rows, so somebody whose line was revoked may still be talking on
-- it: "is this user in a call?" asks for these too. Kept for a week; no call lasts longer.
CREATE TABLE retired_lines (
  id         text PRIMARY KEY,
  tenant_id  uuid NOT NULL,
  user_id    uuid NOT NULL,
  retired_at timestamptz NOT NULL DEFAULT now(),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX retired_lines_user ON retired_lines (user_id);

-- By trigger, because lines end in several ways: revoked, run out (patchbay_sync), with the API key they were made for.
-- A line that goes with its user leaves nothing: the user's row is gone by then.
CREATE FUNCTION retire_lines() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  DELETE FROM retired_lines r USING gone g WHERE r.user_id = g.user_id AND r.retired_at < now() - interval '7 days';
  INSERT INTO retired_lines (id, tenant_id, user_id)
    SELECT g.id, g.tenant_id, g.user_id FROM gone g
    WHERE EXISTS (SELECT 1 FROM users u WHERE u.id = g.user_id)
    ON CONFLICT (id) DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER lines_retire AFTER DELETE ON lines REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION retire_lines();

ALTER TABLE retired_lines ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON retired_lines FOR SELECT TO patchbay_app USING (tenant_id = (SELECT current_tenant()));
CREATE POLICY sync ON retired_lines FOR SELECT TO patchbay_sync USING (true);
GRANT SELECT ON retired_lines TO patchbay_app, patchbay_sync;

-- Pages go on after a moment as the service knows it, and it knows milliseconds: a row of 12.3456 would otherwise come
-- again after 12.345.
ALTER TABLE pending_deletions ALTER COLUMN requested_at SET DEFAULT date_trunc('milliseconds', now());
ALTER TABLE deleted_users ALTER COLUMN deleted_at SET DEFAULT date_trunc('milliseconds', now());

-- The history of a user holds what was done to things of theirs too: lines, keys, an extension.
CREATE INDEX audit_user ON audit (tenant_id, (coalesce(after ->> 'userId', before ->> 'userId')), id DESC)
  WHERE coalesce(after ->> 'userId', before ->> 'userId') IS NOT NULL;
