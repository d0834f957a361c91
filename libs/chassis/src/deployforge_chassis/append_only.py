"""Tables whose rows are never changed or deleted, by anybody: a trigger refuses it to every role.

The grants of the runtime role say the same (see `Database.migrate`); the trigger holds also for the owner and for
set-ups with one role. Nothing here stops a superuser; what such a one changed is found when a stream is loaded.

**The door.** Re-encryption must replace the ciphertext of an event. It calls `reseal_event`, which runs as the owner
and changes the column `state` of one event, by compare-and-set of the old ciphertext. That is no way round: what it
stores must open, under the deployment's data key and at that event's place, to the very event that the stream's chain
of digests expects, or the stream is reported as damaged when it is next loaded.
"""

from collections.abc import Sequence
from typing import Final

GUARD: Final = "append_only_guard"
"""The trigger function that marks a table as append-only."""

_GUARD_FUNCTION: Final = f"""
CREATE OR REPLACE FUNCTION {GUARD}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_ARGV[0] IS NOT NULL
       AND current_setting('deployforge.door', true) = TG_TABLE_NAME || '.' || TG_ARGV[0]
       AND to_jsonb(NEW) - TG_ARGV[0] = to_jsonb(OLD) - TG_ARGV[0] THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'table % is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$
"""

RESEAL: Final = "SELECT reseal_event(%s, %s, %s, %s) AS done"
"""Replace a ciphertext: originator id, version, the old one, the new one. False when the old one is not there."""


def guard(table: str, *, door: str = "") -> Sequence[str]:
    """The statements that make a table append-only; `door` names the one column that a function may replace."""
    argument = f"'{door}'" if door else ""
    return (
        _GUARD_FUNCTION,
        f"CREATE OR REPLACE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {GUARD}({argument})",
        f"CREATE OR REPLACE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {GUARD}()",
    )


def events() -> Sequence[str]:
    """The statements that make the event store append-only, with the door for re-encryption."""
    return (
        *guard("events", door="state"),
        # The search path is fixed because the function runs as its owner. The mark is set inside and not by the
        # function's own SET clause: that one is for superusers only, and an owner need not be one.
        "CREATE OR REPLACE FUNCTION reseal_event(id uuid, version bigint, was bytea, becomes bytea) RETURNS boolean "
        "LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$ DECLARE done boolean; BEGIN "
        "PERFORM set_config('deployforge.door', 'events.state', true); UPDATE events SET state = becomes "
        "WHERE originator_id = id AND originator_version = version AND state = was; done := FOUND; "
        "PERFORM set_config('deployforge.door', '', true); RETURN done; END $$",
        "REVOKE ALL ON FUNCTION reseal_event(uuid, bigint, bytea, bytea) FROM PUBLIC",
    )


PRIVILEGES: Final = f"""
WITH role AS (SELECT oid, rolname FROM pg_roles WHERE rolname = %s),
     guarded AS (SELECT DISTINCT t.tgrelid FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
                 WHERE p.proname = '{GUARD}'),
     own AS (SELECT c.oid, c.relname, c.relkind, g.tgrelid IS NOT NULL AS fixed
             FROM pg_class c LEFT JOIN guarded g ON g.tgrelid = c.oid
             WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S'))
SELECT format('GRANT USAGE ON SCHEMA public TO %%I', role.rolname) AS statement
FROM role WHERE NOT has_schema_privilege(role.oid, 'public', 'USAGE')
UNION ALL
SELECT format('REVOKE ALL ON TABLE public.%%I FROM %%I', own.relname, role.rolname) FROM own, role
WHERE own.fixed AND has_table_privilege(role.oid, own.oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER, REFERENCES')
UNION ALL
SELECT format('GRANT SELECT, INSERT%%s ON TABLE public.%%I TO %%I',
              CASE WHEN own.fixed THEN '' ELSE ', UPDATE, DELETE' END, own.relname, role.rolname) FROM own, role
WHERE own.relkind <> 'S' AND NOT (
    has_table_privilege(role.oid, own.oid, 'SELECT') AND has_table_privilege(role.oid, own.oid, 'INSERT')
    AND (own.fixed AND NOT has_table_privilege(role.oid, own.oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER, REFERENCES')
         OR NOT own.fixed AND has_table_privilege(role.oid, own.oid, 'UPDATE')
            AND has_table_privilege(role.oid, own.oid, 'DELETE')))
UNION ALL
SELECT format('GRANT USAGE, SELECT ON SEQUENCE public.%%I TO %%I', own.relname, role.rolname) FROM own, role
WHERE own.relkind = 'S' AND NOT has_sequence_privilege(role.oid, own.oid, 'USAGE')
UNION ALL
SELECT format('GRANT EXECUTE ON FUNCTION %%s TO %%I', p.oid::regprocedure, role.rolname) FROM pg_proc p, role
WHERE p.pronamespace = 'public'::regnamespace AND p.proname = 'reseal_event'
  AND NOT has_function_privilege(role.oid, p.oid, 'EXECUTE')
"""  # noqa: S608 - own constants
"""The GRANT and REVOKE statements that a role (the parameter) still lacks: everything on rows, only reading and adding
on append-only tables. Asked for instead of simply done again: each GRANT rewrites a row of the catalogue."""
