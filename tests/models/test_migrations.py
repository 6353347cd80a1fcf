"""Migrations over real rows, up and down, on both databases (architecture.md, habit 13)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from models import migrations
from models.audit import AuditRow
from models.database import Database, metadata
from models.throttle import Throttle
from models.types import utc_now

FOLDER = Path(migrations.__file__).parent
SCRIPTS = ScriptDirectory(str(FOLDER))
REVISIONS = [script.revision for script in SCRIPTS.walk_revisions()]  # the newest first
OURS = "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"


@pytest.fixture
def staged(staged_url: str) -> Iterator[Database]:
    """The cast's rows, in the newest schema."""
    database = Database(staged_url)
    yield database
    database.dispose()


def tables(database: Database) -> set[str]:
    """But for what SQLite keeps of words to search by (docs/decisions/0025)."""
    return {name for name in sa.inspect(database.engine).get_table_names() if not name.startswith(("alembic", "words_"))}


def counts(database: Database) -> dict[str, int]:
    with database.read() as connection:
        return {name: connection.execute(sa.text(f'SELECT count(*) FROM "{name}"')).scalar_one() for name in sorted(tables(database))}


def look(database: Database, statement: str) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(sa.text(statement)).scalars())


def test_there_is_one_line_of_revisions_each_with_a_way_back():
    assert SCRIPTS.get_heads() == [REVISIONS[0]] and SCRIPTS.get_bases() == [REVISIONS[-1]]
    for revision in REVISIONS:
        text = Path(SCRIPTS.get_revision(revision).path).read_text("utf-8")
        body = text.partition("def downgrade")[2]
        assert "op." in body and "raise" not in body, revision


def test_the_schema_is_what_the_tables_in_code_ask_for(database: Database):
    migrations.check(database)
    assert tables(database) == {*metadata().tables}


def test_a_table_that_is_not_migrated_is_noticed(database: Database):
    with database.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE throttle ADD COLUMN forgotten INTEGER"))
    with pytest.raises(CommandError, match="forgotten"):
        migrations.check(database)


def test_a_second_upgrade_changes_nothing(staged: Database):
    before = counts(staged)
    migrations.upgrade(staged)
    assert counts(staged) == before and before["reading"] > 100


@pytest.mark.parametrize("number", range(len(REVISIONS)), ids=REVISIONS)
def test_each_step_goes_down_and_up_over_rows(staged: Database, number: int):
    """What a step back does not drop keeps its rows; then the schema is the newest again."""
    below = REVISIONS[number + 1] if number + 1 < len(REVISIONS) else "base"
    migrations.downgrade(staged, REVISIONS[number])
    before = counts(staged)
    migrations.downgrade(staged, below)
    left = counts(staged)
    assert left == {name: before[name] for name in left}
    migrations.upgrade(staged)
    migrations.check(staged)
    assert {name: count for name, count in counts(staged).items() if name in left} == left


def test_all_the_way_down_nothing_of_ours_is_left(staged: Database):
    migrations.downgrade(staged, "base")
    assert tables(staged) == set()
    if staged.is_sqlite:
        assert look(staged, "SELECT name FROM sqlite_master WHERE name NOT LIKE '%alembic%'") == []
    else:
        assert look(staged, OURS) == []
        assert look(staged, "SELECT sequence_name FROM information_schema.sequences") == []
    migrations.upgrade(staged)
    migrations.check(staged)


@pytest.mark.parametrize("again", [False, True], ids=["first", "after down and up"])
@pytest.mark.parametrize("act", [sa.update(AuditRow).values(action="forged"), sa.delete(AuditRow)], ids=["update", "delete"])
def test_the_database_itself_refuses_to_change_the_audit(database: Database, act: sa.Executable, again: bool):
    """decisions.md 29: rows are only ever added."""
    if again:
        migrations.downgrade(database, "base")
        migrations.upgrade(database)
    with database.write() as session:
        session.add(AuditRow(action="login", source="web"))
    with pytest.raises(sa.exc.DBAPIError, match="audit rows are never changed"), database.write() as session:
        session.execute(act)
    with database.read() as connection:
        assert connection.execute(sa.select(AuditRow.action)).scalars().all() == ["login"]


def test_the_audit_cannot_be_emptied_at_once(database: Database):
    with database.write() as session:
        session.add(AuditRow(action="login", source="web"))
    statement = sa.delete(AuditRow) if database.is_sqlite else sa.text("TRUNCATE audit CASCADE")
    with pytest.raises(sa.exc.DBAPIError, match="audit rows are never changed"), database.write() as session:
        session.execute(statement)


def test_references_are_enforced_after_a_migration(staged: Database):
    migrations.upgrade(staged)
    with pytest.raises(sa.exc.IntegrityError), staged.write() as session:
        session.execute(sa.text("DELETE FROM premises"))


def test_a_unit_of_work_that_fails_leaves_nothing(database: Database):
    with pytest.raises(ZeroDivisionError), database.write() as session:
        session.add(Throttle(key="x", last_failed_at=utc_now()))
        session.flush()
        raise ZeroDivisionError
    assert counts(database)["throttle"] == 0
